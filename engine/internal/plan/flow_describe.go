package plan

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Whole is the name of an answer that is no object, where answers have names.
const Whole = "result"

// Described is a named part of a flow's answer, as a plan prints it.
type Described struct {
	Name   string // dotted where it lies deeper
	Source string // where it comes from, in the file's words
	Type   eval.Type
}

// DescribeAnswer lists what the flow answers with: the fields of an object, or
// the whole under the name [Whole]; nil for a plan that is no flow's.
func (p *Plan) DescribeAnswer() []Described {
	a := p.Answer
	if a == nil {
		return nil
	}
	last := ""
	if n := len(p.Steps); n > 0 {
		last = p.Steps[n-1].ID
	}
	switch {
	case a.Mappings != nil:
		return a.mapped()
	case a.Object != nil:
		return a.Object.parts(last)
	case len(a.Alternatives) == 1 && a.Alternatives[0].fields != nil && a.Alternatives[0].text == nil:
		return a.Alternatives[0].parts(last)
	case len(a.Alternatives) > 0:
		out := Described{Name: Whole, Type: a.Alternatives[0].t}
		var from []string
		for _, s := range a.Alternatives {
			from = append(from, s.source(last))
			if !out.Type.Accepts(s.t) {
				out.Type = eval.Any()
			}
		}
		out.Source = strings.Join(slices.Compact(from), " or ")
		return []Described{out}
	case last == "":
		return nil
	}
	return []Described{{Name: Whole, Source: last, Type: p.Steps[len(p.Steps)-1].Result}}
}

func (a *Answer) mapped() []Described {
	var out []Described
	for _, m := range a.Mappings {
		d := Described{Name: strings.Join(m.Target, ".")}
		switch {
		case m.from != nil:
			d.Source, d.Type = m.from.name(), m.from.t
		case m.text != nil:
			d.Source, d.Type = sourceOf(m.text), m.text.typ()
		}
		out = append(out, d)
	}
	return out
}

// parts lists the fields of an object that is made of what the step called in
// gave.
func (s *Shaped) parts(in string) []Described {
	if s.at != nil {
		in = s.source(in)
	}
	var out []Described
	for _, f := range s.fields {
		out = append(out, Described{Name: f.name, Source: f.source(in), Type: f.t})
	}
	return out
}

// source says where the value is found, in being where it is looked for.
func (s *Shaped) source(in string) string {
	switch {
	case s.text != nil:
		return sourceOf(s.text)
	case s.at != nil && in == "":
		return s.at.Source()
	case s.at != nil:
		return in + strings.TrimPrefix(strings.TrimSpace(s.at.Source()), "$")
	case s.byName != "" && in != "":
		return in + "." + s.byName
	case s.items != nil && s.items.text != nil:
		return sourceOf(s.items.text)
	case s.fields != nil:
		var parts []string
		for _, f := range s.fields {
			if from := f.source(in); from != "" && !slices.Contains(parts, from) {
				parts = append(parts, from)
			}
		}
		return strings.Join(parts, ", ")
	}
	return in
}

func sourceOf(v Value) string {
	from, source := describe(v)
	if source != "" {
		return source
	}
	return from
}

// Texts lists what a template of a body reads, by the names that plans use.
func (b *FlowBody) Texts() []string {
	var out []string
	for _, r := range b.reads {
		if name := refText(r); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Sent lists what a step that calls nothing works on: the lookup's value, or the
// values that a script is given or a mock answers with.
func (s *Step) Sent() []Described {
	switch {
	case s.Lookup != nil:
		return []Described{{Name: s.Lookup.Match, Source: sourceOf(s.Lookup.Value)}}
	case s.Mock != nil:
		return s.Mock.parts("")
	case s.Script != nil:
		var out []Described
		for i, name := range s.Script.With.keys {
			out = append(out, Described{Name: name, Source: sourceOf(s.Script.With.values[i])})
		}
		return out
	}
	return nil
}
