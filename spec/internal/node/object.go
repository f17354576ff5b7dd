package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
)

// Object is a mapping while it is decoded. It remembers which keys were asked
// for: those are the accepted ones. Call done (or reportAbsent) at the end.
type Object struct {
	*Decoder
	Node   *Node
	What   string // "an input", for messages
	Asked  []string
	Absent []string // needed and not written
	Order  []string // of the keys in a text that is laid out, where it is not that of Asked
	cut    []*Node  // keys that are parts of a text
}

// Object returns n as a mapping, nil when it is none.
func (d *Decoder) Object(n *Node, what string) *Object {
	if n == nil {
		return nil
	}
	if n.Kind != MappingNode {
		d.Report(n, "wrong-type", "%s must be a mapping of keys to values, found %s", what, Describe(n))
		return nil
	}
	return d.Known(n, what)
}

// Known is Object for a node that is a mapping.
func (d *Decoder) Known(n *Node, what string) *Object {
	o := &Object{Decoder: d, Node: n, What: what}
	d.Tree.Forms.add(o)
	return o
}

// Get returns the value of an accepted key, nil when it was not written.
func (o *Object) Get(name string) *Node {
	if !slices.Contains(o.Asked, name) {
		o.Asked = append(o.Asked, name)
	}
	return Value(o.Node, name)
}

// Like returns the value of an accepted key, or else of a misspelling of it, so that
// the absence of the value causes no further problem.
func (o *Object) Like(name string) *Node {
	if v := o.Get(name); v != nil {
		return v
	}
	for k, v := range Entries(o.Node) {
		if suggest.Meant(k.Value, []string{name}) != "" {
			return v
		}
	}
	return nil
}

// Need is get for a key that must be written; its absence will be reported on
// the mapping.
func (o *Object) Need(name string) *Node {
	v := o.Get(name)
	if v == nil {
		o.Absent = append(o.Absent, name)
	}
	return v
}

// ReportAbsent reports the needed keys that were not written.
func (o *Object) ReportAbsent() {
	for _, name := range o.Absent {
		r := o.Report(o.Node, "missing-key", "%s has no %q", o.What, name)
		r.Hint = fmt.Sprintf("add %s: ...", name)
		if near := o.Misspelt(name); near != nil {
			r.Hint = fmt.Sprintf("did you mean %q to be %q?", near.Value, name)
		}
	}
}

// Misspelt returns the key that was probably meant to be name, or nil.
func (o *Object) Misspelt(name string) *Node {
	for _, k := range o.Unasked() {
		if suggest.Closest(k.Value, o.Asked) == name {
			return k
		}
	}
	return nil
}

// Allow accepts keys that describe the file and that nothing reads.
func (o *Object) Allow(names ...string) { o.Asked = append(o.Asked, names...) }

// Unasked returns the keys that are neither accepted nor extensions (x-...).
func (o *Object) Unasked() []*Node {
	known := make(map[string]bool, len(o.Asked))
	for _, name := range o.Asked {
		known[name] = true
	}
	var left []*Node
	for k := range Entries(o.Node) {
		if !known[k.Value] && !strings.HasPrefix(k.Value, "x-") && !o.IsCut(k) {
			left = append(left, k)
		}
	}
	return left
}

// IsCut reports whether a key was reported as a part of a text.
func (o *Object) IsCut(k *Node) bool { return slices.Contains(o.cut, k) }

// Done reports the keys that are needed and those that are not accepted; a
// misspelt one is only the latter.
func (o *Object) Done() {
	o.Absent = slices.DeleteFunc(o.Absent, func(name string) bool { return o.Misspelt(name) != nil })
	o.ReportAbsent()
	o.ReportCut(diag.Error)
	accepted := "accepted keys: " + strings.Join(o.Asked, ", ")
	for _, k := range o.Unasked() {
		r := o.Report(k, "unknown-key", "unknown key %q in %s", k.Value, o.What)
		if suggest.Explain(r, k.Value, "", o.Asked); r.Hint != "" {
			r.Notes = []string{accepted}
		} else {
			r.Hint = accepted
		}
	}
}
