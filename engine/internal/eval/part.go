package eval

import (
	"encoding/json"
	"strings"
)

// Part is the part of a value that is read. Nil is the least part: scalars, of a list
// how long it is, and of an object that it is one. A Part is immutable.
type Part struct {
	whole  bool             // all of it
	object bool             // all of it where it is an object
	items  *Part            // of each item where it is a list
	fields map[string]*Part // where it is an object
}

// Whole is all of a value.
func Whole() *Part { return everything }

var everything = &Part{whole: true}

// OfItems is the part of a list of whose items p is read. A value that turns out to be
// an object is read whole.
func OfItems(p *Part) *Part { return &Part{items: p, object: true} }

// OfList is the part of a list of whose items p is read, and nothing of an object.
func OfList(p *Part) *Part { return &Part{items: p} }

// OfField is the part of an object of whose field p is read.
func OfField(name string, p *Part) *Part { return &Part{fields: map[string]*Part{name: p}} }

// OfPath is the part of an object that is all of what a path of fields leads to.
func OfPath(path []string) *Part {
	p := everything
	for i := len(path) - 1; i >= 0; i-- {
		p = OfField(path[i], p)
	}
	return p
}

// Items is the part of each item of a list of which p is read.
func (p *Part) Items() *Part {
	if p == nil || p.whole {
		return p
	}
	return p.items
}

// Field is the part of a field of an object of which p is read.
func (p *Part) Field(name string) *Part {
	switch {
	case p == nil:
		return nil
	case p.whole || p.object:
		return everything
	}
	return p.fields[name]
}

// Without is p without a field.
func (p *Part) Without(name string) *Part {
	if p == nil || p.whole || p.object {
		return p
	}
	out := &Part{items: p.items, fields: make(map[string]*Part, len(p.fields))}
	for field, part := range p.fields {
		if field != name {
			out.fields[field] = part
		}
	}
	return out
}

// And is the part that has all of p and of q.
func (p *Part) And(q *Part) *Part {
	switch {
	case p == nil || q == p:
		return q
	case q == nil:
		return p
	case p.whole || q.whole:
		return everything
	}
	out := &Part{object: p.object || q.object, items: p.items.And(q.items), fields: make(map[string]*Part, len(p.fields)+len(q.fields))}
	for name, part := range p.fields {
		out.fields[name] = part.And(q.fields[name])
	}
	for name, part := range q.fields {
		if _, both := p.fields[name]; !both {
			out.fields[name] = part
		}
	}
	return out
}

// IsWhole reports whether p is all of a value.
func (p *Part) IsWhole() bool { return p != nil && p.whole }

// Of returns the part of v, which shares no memory with texts of v that are left out.
// A value that is of another kind than p was made for keeps what any of its kind
// keeps.
func (p *Part) Of(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Clone(v)
	case json.Number:
		return json.Number(strings.Clone(string(v)))
	case []any:
		if p.IsWhole() {
			return v
		}
		return p.ofItems(v)
	case map[string]any:
		return p.ofFields(v)
	}
	return v
}

func (p *Part) ofItems(list []any) []any {
	out, part := make([]any, len(list)), p.Items()
	var empty map[string]any // one for all items of which nothing is read
	for i, item := range list {
		if _, isObject := item.(map[string]any); !isObject || part != nil {
			out[i] = part.Of(item)
			continue
		}
		if empty == nil {
			empty = map[string]any{}
		}
		out[i] = empty
	}
	return out
}

func (p *Part) ofFields(object map[string]any) map[string]any {
	if p != nil && (p.whole || p.object) {
		out := make(map[string]any, len(object))
		for name, v := range object {
			out[strings.Clone(name)] = everything.Of(v)
		}
		return out
	}
	out := map[string]any{}
	if p == nil {
		return out
	}
	for name, part := range p.fields {
		if v, ok := object[name]; ok {
			out[name] = part.Of(v)
		}
	}
	return out
}

// Parts are the parts of the results of steps, and of variables, that are read. A step
// or variable that is not read is not in it.
type Parts struct {
	Steps, Vars map[string]*Part
}

// Add adds what a reference reads, which is all of the place that it leads to.
func (to *Parts) Add(r Ref) {
	if !r.Headers {
		to.add(r.Step, r.Name, OfPath(r.Path))
	}
}

// AddStep adds a part of the result of a step.
func (to *Parts) AddStep(id string, p *Part) { to.add(true, id, p) }

func (to *Parts) add(step bool, name string, p *Part) {
	of := &to.Vars
	if step {
		of = &to.Steps
	}
	if *of == nil {
		*of = map[string]*Part{}
	}
	(*of)[name] = (*of)[name].And(p)
}
