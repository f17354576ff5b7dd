package spec

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// Span is a part of one file, from the start of From to the end of To.
type Span struct{ From, To diag.Pos }

// Has reports whether a place lies in the span.
func (s Span) Has(p diag.Pos) bool {
	return p.File == s.From.File && s.From.Compare(p) <= 0 && p.Compare(s.To) <= 0
}

// Lost is a part that could not be read, with the namespace that calls, refs and
// variables would have found it under, "" for none.
type Lost struct {
	Namespace string
	Spans     []Span
	// Binds reports that it would have been binds, of unknown names.
	Binds bool
}

// Blame is the problems of a file by the parts they belong to.
type Blame struct {
	// File are those of no other part. With an error among them nothing in the file
	// may run or be served.
	File diag.List
	// Units have those of their own places, and of the operation, the API or the bind
	// that they use. A unit with an error must not run.
	Units map[*Unit]diag.List
	// Exposures have those of their places that are of no unit. One with an error must
	// not be served.
	Exposures map[*Exposure]diag.List
}

// Problems assigns the problems of loading the file. Those of parts that nothing
// uses belong to nothing, and keep no unit from running.
func (f *File) Problems(list diag.List) Blame {
	b := Blame{Units: map[*Unit]diag.List{}, Exposures: map[*Exposure]diag.List{}}
	pieces := f.pieces(list)
	for _, d := range list {
		parts := 0 // that are no exposure
		var exposures []*Exposure
		for _, p := range pieces.at(d.Pos) {
			if p.part {
				parts++
			} else {
				exposures = append(exposures, p.exposures...)
			}
			for _, x := range p.guarded {
				assign(b.Exposures, x, d)
			}
			for _, u := range p.units {
				assign(b.Units, u, d)
			}
		}
		switch {
		case parts > 0:
		case len(exposures) == 0:
			b.File.Add(d)
		default:
			for _, x := range exposures {
				assign(b.Exposures, x, d)
			}
		}
	}
	return b
}

// assign gives a problem to its owner, once: places are looked at in order.
func assign[T comparable](of map[T]diag.List, owner T, d diag.Diagnostic) {
	if last := len(of[owner]) - 1; last < 0 || !d.Same(of[owner][last]) {
		of[owner] = append(of[owner], d)
	}
}

// piece is a span with the parts that a problem in it belongs to.
type piece struct {
	Span
	units     []*Unit
	exposures []*Exposure
	guarded   []*Exposure // whose callers need a credential that is made of it
	part      bool        // is, or belongs to, something else than an exposure
	around    int         // index of the smallest piece around it, -1 for none
}

// pieces are sorted by their start, those around others first. Each is within
// another one or apart from it.
type pieces []piece

// at returns the pieces that hold a place.
func (ps pieces) at(p diag.Pos) []piece {
	i, _ := slices.BinarySearchFunc(ps, p, func(x piece, p diag.Pos) int { return cmp.Or(x.From.Compare(p), -1) })
	var out []piece
	for i--; i >= 0; i = ps[i].around {
		if ps[i].Has(p) {
			out = append(out, ps[i])
		}
	}
	return out
}

// pieces returns the pieces of the file that are units, are used by units, or are
// exposures.
func (f *File) pieces(list diag.List) pieces {
	users := map[Span]*piece{}
	at := func(s Span) *piece {
		if users[s] == nil {
			users[s] = &piece{Span: s, around: -1}
		}
		return users[s]
	}
	add := func(spans []Span, units ...*Unit) {
		for _, s := range spans {
			p := at(s)
			p.units, p.part = append(p.units, units...), true
		}
	}
	addNaming := func(spans []Span, so func(text []byte) bool) {
		add(spans, f.naming(users, so)...)
		for _, x := range f.Exposures {
			if x.Auth != nil && so(x.Auth.text()) {
				for _, s := range spans {
					at(s).guarded = append(at(s).guarded, x)
				}
			}
		}
	}
	byName := f.users()
	for _, u := range f.Units {
		add(u.Spans, u)
	}
	for _, a := range f.APIs {
		add(a.Spans, byName[[2]string{a.Namespace.Value}]...)
		for _, op := range a.Operations {
			add(op.Spans, byName[[2]string{a.Namespace.Value, op.Name.Value}]...)
		}
	}
	for _, lost := range f.Lost {
		if lost.Binds {
			addNaming(lost.Spans, func(text []byte) bool { return f.unbound(text, lost.Namespace) })
			continue
		}
		add(lost.Spans, byName[[2]string{lost.Namespace}]...)
	}
	for _, b := range f.Binds {
		wrong := func(d diag.Diagnostic) bool {
			return slices.ContainsFunc(b.Spans, func(s Span) bool { return s.Has(d.Pos) })
		}
		if len(b.Keys) > 0 && slices.ContainsFunc(list, wrong) { // without keys it may be any that a text names
			addNaming(b.Spans, func(text []byte) bool {
				return slices.ContainsFunc(b.Keys, func(k BindKey) bool { return bytes.Contains(text, []byte(k.Name.Value)) })
			})
		}
	}
	for _, x := range f.Exposures {
		for _, s := range x.Spans {
			at(s).exposures = append(at(s).exposures, x)
		}
	}
	return nested(users)
}

// users returns the units by what they call or refer to: a namespace, and an operation
// of it.
func (f *File) users() map[[2]string][]*Unit {
	out := map[[2]string][]*Unit{}
	for _, u := range f.Units {
		if dot := strings.LastIndexByte(u.Ref.Value, '.'); dot > 0 {
			namespace := [2]string{u.Ref.Value[:dot]}
			out[namespace] = append(out[namespace], u)
		}
		for _, s := range u.Steps {
			if op, ok := s.Action.(*Operation); ok {
				for _, name := range [][2]string{{op.API.Value}, {op.API.Value, op.Operation.Value}} {
					out[name] = append(out[name], u)
				}
			}
		}
	}
	return out
}

// nested sorts pieces and finds for each the one around it.
func nested(users map[Span]*piece) pieces {
	var out pieces
	for p := range maps.Values(users) {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b piece) int { return cmp.Or(a.From.Compare(b.From), b.To.Compare(a.To)) })
	for i := range out {
		j := i - 1
		for j >= 0 && !out[j].Has(out[i].From) {
			j = out[j].around
		}
		out[i].around = j
	}
	return out
}

// naming returns the units with text that is so, or with an API or operation that they
// use and that has such text.
func (f *File) naming(users map[Span]*piece, so func(text []byte) bool) []*Unit {
	var out []*Unit
	lines := map[string][][]byte{}
	for s, p := range users {
		if lines[s.From.File] == nil {
			lines[s.From.File] = bytes.SplitAfter(f.Texts[s.From.File], []byte("\n"))
		}
		all := lines[s.From.File]
		from, to := max(s.From.Line-1, 0), min(s.To.Line, len(all))
		if so(bytes.Join(all[min(from, to):to], nil)) {
			out = append(out, p.units...)
		}
	}
	return out
}

// variable matches a variable, with the namespace before it. The names of binds are in
// upper case.
var variable = lazyregexp.New(`\{\{\s*(?:([\w-]+)\.)?([A-Z][A-Z0-9_]*)?`)

// unbound reports whether a text names a variable of a namespace, or one of no namespace
// that no bind of the file has.
func (f *File) unbound(text []byte, namespace string) bool {
	for _, m := range variable.FindAllSubmatch(text, -1) {
		before, name := string(m[1]), string(m[2])
		declares := func(b *Bind) bool {
			return slices.ContainsFunc(b.Keys, func(k BindKey) bool { return k.Name.Value == name })
		}
		if before != "" && before == namespace || before == "" && name != "" && !slices.ContainsFunc(f.Binds, declares) {
			return true
		}
	}
	return false
}
