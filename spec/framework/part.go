package framework

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/pathtemplate"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// part is a mapping of the framework dialect while it is decoded. Its methods
// take the newest name of a key and find older spellings too; null counts as
// not written. A nil part has no keys.
type part struct {
	*node.Object
	frame *frame
	kind  form.Kind
	key   *node.Node // that names it, nil in a list
}

// part returns n as a mapping, nil when it was not written or is none.
func (f *frame) part(n *node.Node, k form.Kind) *part {
	if n == nil || node.IsNull(n) {
		return nil
	}
	if n.Kind != node.MappingNode {
		f.Report(n, "wrong-type", "%s must be a mapping of keys to values, found %s", k, node.Describe(n)).Hint = fmt.Sprintf("write the keys of %s, each on a line of its own", k)
		return nil
	}
	p := &part{Object: f.Known(n, string(k)), frame: f, kind: k}
	if f.Tree.Forms != nil {
		p.Order = form.Order(f.exactKind(n, k))
	}
	p.accept(k)
	return p
}

// get returns the value of a key in any of its spellings; nil for a key that the
// tables lack.
func (p *part) get(name string) *node.Node {
	if p == nil {
		return nil
	}
	return p.spelt(p.kind, name)
}

// spelt is get with the spellings of a kind.
func (p *part) spelt(k form.Kind, name string) *node.Node {
	if !slices.Contains(p.Asked, name) {
		return nil
	}
	found := node.Value(p.Node, name)
	for _, s := range form.Older(k, name) {
		v := node.Value(p.Node, s.Was)
		if v == nil {
			continue
		}
		if found != nil && !node.IsNull(found) {
			continue
		}
		found = v
		if s.Loose {
			p.frame.loosely(node.Key(p.Node, s.Was), fmt.Sprintf("%q in %s is read as %q", s.Was, p.kind, name), fmt.Sprintf("write %s", name)).Replace(s.Was, name, true)
		}
	}
	if found == nil || node.IsNull(found) {
		return nil
	}
	return found
}

// need is get for a key without which the mapping has no meaning.
func (p *part) need(name string) *node.Node {
	v := p.get(name)
	if v == nil && p != nil {
		p.Absent = append(p.Absent, name)
	}
	return v
}

// spans returns the parts of the file that the mapping takes.
func (p *part) spans() []spec.Span { return p.frame.Decoder.Spans(p.key, p.Node) }

// around is spans without the values of some keys.
func (p *part) around(without ...string) []spec.Span {
	out := p.frame.Decoder.Spans(p.key)
	for k, v := range node.Entries(p.Node) {
		if !slices.Contains(without, k.Value) {
			out = append(out, p.frame.Decoder.Spans(k, v)...)
		}
	}
	return out
}

func (p *part) text(name string) spec.Str {
	if p == nil {
		return spec.Str{}
	}
	return p.frame.words(p.get(name), name)
}

func (p *part) needText(name string) spec.Str {
	p.need(name)
	return p.text(name)
}

// served is needText for the address of something that is served: requests are
// held against it.
func (p *part) served(name string) spec.Str {
	s := p.needText(name)
	_, err := pathtemplate.Parse(s.Value, "")
	if err != nil {
		d := p.frame.Report(p.get(name), "bad-value", "%s %q cannot be served: %v", name, node.Shorten(s.Value), err)
		if errors.Is(err, pathtemplate.ErrAdjacent) {
			d.Hint = "write {a}/{b} or {a}-{b}"
		}
	}
	return s
}

// list returns the items of a list; one item without its list counts.
func (p *part) list(name string) []*node.Node {
	n := p.get(name)
	switch {
	case n == nil:
		return nil
	case n.Kind == node.SequenceNode:
		return n.Content
	case n.Kind == node.ScalarNode && n.Value == "":
		return nil
	}
	p.frame.loosely(n, fmt.Sprintf("%s is read as a list of one", name), "write it as a list")
	return []*node.Node{n}
}

// texts returns the items of a list of texts.
func (p *part) texts(name, what string) []spec.Str {
	var out []spec.Str
	for _, n := range p.list(name) {
		if s := p.frame.words(n, what); s.IsSet() {
			out = append(out, s)
		}
	}
	return out
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
func (f *frame) truth(n *node.Node, what string) bool {
	if n.Kind == node.ScalarNode && node.IsText(n) {
		switch strings.ToLower(n.Value) {
		case "true", "false":
			f.loosely(n, what+" in quotes is read as true or false", "write it without quotes")
			return strings.EqualFold(n.Value, "true")
		}
	}
	before := len(f.Diags)
	b := f.Boolean(n, what)
	if len(f.Diags) > before && f.Diags[before].Hint == "" {
		f.Diags[before].Hint = "write true or false"
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
	if n.Kind != node.ScalarNode || err != nil || i < 0 {
		p.Report(n, "wrong-type", "%s must be a whole number, found %s", name, node.Describe(n)).Hint = "write digits only, without quotes"
		return fallback
	}
	return i
}

// words is text of any scalar; null and empty text are not written.
func (f *frame) words(n *node.Node, what string) spec.Str {
	switch {
	case n == nil, n.Kind == node.ScalarNode && (n.Value == "" || node.IsNull(n)):
		return spec.Str{}
	case n.Kind != node.ScalarNode:
		f.Report(n, "wrong-type", "%s must be text, found %s", what, node.Describe(n)).Hint = "write one text, in quotes if it holds { or :"
		return spec.Str{}
	}
	s, _ := f.Cursor(n).Scalar(n)
	return s
}

// done reports missing keys and those that nothing reads. Strict files
// are held to their schema elsewhere.
func (p *part) done() {
	if p == nil {
		return
	}
	p.ReportAbsent()
	if p.Strict {
		return
	}
	p.ReportCut(diag.Warning)
	for _, k := range p.Unasked() {
		if !p.frame.first("key " + p.What + " " + k.Value) {
			continue
		}
		r := p.Report(k, "unknown-key", "unknown key %q in %s is ignored", k.Value, p.What)
		r.Severity = diag.Warning
		if suggest.Explain(r, k.Value, "", p.Asked); r.Hint == "" {
			r.Hint = "accepted keys: " + strings.Join(p.Asked, ", ")
		}
	}
}

// first reports whether this is reported for the first time in this file.
func (f *frame) first(what string) bool {
	again := f.said[what]
	f.said[what] = true
	return !again
}

// powerless warns of a key that has a meaning, and no effect here: in strict files too.
func (f *frame) powerless(key *node.Node, message, hint string) {
	r := f.Report(key, "no-effect", "%s", message)
	r.Severity, r.Hint = diag.Warning, hint
}

// loosely warns, once a file, of a form that no schema has and that means one
// thing all the same.
// The result may be completed; of a repetition it is none of the file's.
func (f *frame) loosely(n *node.Node, message, hint string) *diag.Diagnostic {
	if f.Strict || !f.first(message) {
		return &diag.Diagnostic{}
	}
	r := f.Report(n, "lenient-form", "%s", message)
	r.Severity, r.Hint = diag.Warning, hint
	return r
}

// accept makes the keys of a kind those that the mapping may have.
func (p *part) accept(k form.Kind) {
	if p.Asked == nil {
		p.Asked = form.Accepted(k)
	} else {
		p.Allow(form.Accepted(k)...)
	}
	for key := range node.Entries(p.Node) {
		if !slices.Contains(p.Asked, key.Value) && form.IsOlder(k, key.Value) {
			p.Allow(key.Value)
		}
	}
}
