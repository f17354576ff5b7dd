package spec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/pathtemplate"
	"github.com/capstan-run/capstan/internal/suggest"
)

// part is a mapping of the framework dialect while it is decoded. Its methods
// take the newest name of a key and find older spellings too; null counts as
// not written. A nil part has no keys.
type part struct {
	*object
	frame *frame
	kind  kind
	key   *yaml.Node // that names it, nil in a list
}

// part returns n as a mapping, nil when it was not written or is none.
func (f *frame) part(n *yaml.Node, k kind) *part {
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		f.report(n, "wrong-type", "%s must be a mapping of keys to values, found %s", k, describe(n)).Hint = fmt.Sprintf("write the keys of %s, each on a line of its own", k)
		return nil
	}
	return &part{object: &object{decoder: f.decoder, node: n, what: string(k)}, frame: f, kind: k}
}

// get returns the value of a key in any of its spellings.
func (p *part) get(name string) *yaml.Node {
	if p == nil {
		return nil
	}
	found := p.object.get(name)
	for _, s := range older(p.kind, name) {
		v := value(p.node, s.was)
		if v == nil {
			continue
		}
		p.asked = append(p.asked, s.was)
		if found != nil && !isNull(found) {
			continue
		}
		found = v
		if s.loose {
			p.frame.loosely(key(p.node, s.was), fmt.Sprintf("%q in %s is read as %q", s.was, p.kind, name), fmt.Sprintf("write %s", name))
		}
	}
	if found == nil || isNull(found) {
		return nil
	}
	return found
}

// need is get for a key without which the mapping has no meaning.
func (p *part) need(name string) *yaml.Node {
	v := p.get(name)
	if v == nil && p != nil {
		p.absent = append(p.absent, name)
	}
	return v
}

// spans returns the parts of the file that the mapping takes.
func (p *part) spans() []Span { return p.frame.decoder.spans(p.key, p.node) }

// around is spans without the values of some keys.
func (p *part) around(without ...string) []Span {
	out := p.frame.decoder.spans(p.key)
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		if k := p.node.Content[i]; !slices.Contains(without, k.Value) {
			out = append(out, p.frame.decoder.spans(k, p.node.Content[i+1])...)
		}
	}
	return out
}

func (p *part) text(name string) Str {
	if p == nil {
		return Str{}
	}
	return p.frame.words(p.get(name), name)
}

func (p *part) needText(name string) Str {
	p.need(name)
	return p.text(name)
}

// served is needText for the address of something that is served: requests are
// held against it.
func (p *part) served(name string) Str {
	s := p.needText(name)
	_, err := pathtemplate.Parse(s.Value, "")
	if err != nil {
		d := p.frame.report(p.get(name), "bad-value", "%s %q cannot be served: %v", name, shorten(s.Value), err)
		if errors.Is(err, pathtemplate.ErrAdjacent) {
			d.Hint = "write {a}/{b} or {a}-{b}"
		}
	}
	return s
}

// list returns the items of a list; one item without its list counts.
func (p *part) list(name string) []*yaml.Node {
	n := p.get(name)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		return n.Content
	case n.Kind == yaml.ScalarNode && n.Value == "":
		return nil
	}
	p.frame.loosely(n, fmt.Sprintf("%s is read as a list of one", name), "write it as a list")
	return []*yaml.Node{n}
}

func (p *part) named(name string) []entryNode {
	if p == nil {
		return nil
	}
	return p.frame.named(p.get(name), name)
}

// flag is true or false, nil when not written.
func (p *part) flag(name string) *bool {
	n := p.get(name)
	if n == nil {
		return nil
	}
	b := p.frame.truth(n, name)
	return &b
}

// truth takes the words true and false in quotes too.
func (f *frame) truth(n *yaml.Node, what string) bool {
	if n.Kind == yaml.ScalarNode && isText(n) {
		switch strings.ToLower(n.Value) {
		case "true", "false":
			f.loosely(n, what+" in quotes is read as true or false", "write it without quotes")
			return strings.EqualFold(n.Value, "true")
		}
	}
	before := len(f.diags)
	b := f.boolean(n, what)
	if len(f.diags) > before && f.diags[before].Hint == "" {
		f.diags[before].Hint = "write true or false"
	}
	return b
}

// number is a whole number that is not negative, fallback when not written.
func (p *part) number(name string, fallback int) int {
	n := p.get(name)
	if n == nil {
		return fallback
	}
	i, err := strconv.Atoi(strings.TrimSpace(n.Value))
	if n.Kind != yaml.ScalarNode || err != nil || i < 0 {
		p.report(n, "wrong-type", "%s must be a whole number, found %s", name, describe(n)).Hint = "write digits only, without quotes"
		return fallback
	}
	return i
}

// words is text of any scalar; null and empty text are not written.
func (f *frame) words(n *yaml.Node, what string) Str {
	switch {
	case n == nil, n.Kind == yaml.ScalarNode && (n.Value == "" || isNull(n)):
		return Str{}
	case n.Kind != yaml.ScalarNode:
		f.report(n, "wrong-type", "%s must be text, found %s", what, describe(n)).Hint = "write one text, in quotes if it holds { or :"
		return Str{}
	}
	s, _ := f.cursor(n).scalar(n)
	return s
}

// done reports what is missing and the keys that nothing reads. Strict files
// are held to their schema elsewhere.
func (p *part) done() {
	if p == nil {
		return
	}
	p.reportAbsent()
	if p.strict {
		return
	}
	for _, k := range p.unasked() {
		if !p.frame.first("key " + p.what + " " + k.Value) {
			continue
		}
		r := p.report(k, "unknown-key", "unknown key %q in %s is ignored", k.Value, p.what)
		r.Severity = diag.Warning
		r.Hint = "accepted keys: " + strings.Join(p.asked, ", ")
		if near := suggest.Closest(k.Value, p.asked); near != "" {
			r.Hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
}

// first reports whether this is said for the first time of this file.
func (f *frame) first(what string) bool {
	again := f.said[what]
	f.said[what] = true
	return !again
}

// loosely warns, once a file, of a form that no schema has and that means one
// thing all the same.
func (f *frame) loosely(n *yaml.Node, message, hint string) {
	if f.strict || !f.first(message) {
		return
	}
	r := f.report(n, "lenient-form", "%s", message)
	r.Severity, r.Hint = diag.Warning, hint
}

// looselyAt is loosely for a text that was decoded, once a file for all texts
// of one kind.
func (f *frame) looselyAt(s Str, message, hint string) {
	kind, _, _ := strings.Cut(message, " ")
	if f.strict || !f.first("text "+kind) {
		return
	}
	pos, end := s.Whole()
	f.diags.Add(diag.Diagnostic{Code: "lenient-form", Severity: diag.Warning, Pos: pos, EndColumn: end, Message: message, Hint: hint})
}
