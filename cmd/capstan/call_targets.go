package main

import (
	"github.com/capstan-run/capstan/operations"
)

// target is one value an operation takes: a parameter, or a property of its
// body.
type target struct {
	param    *operations.Param // nil for a property
	in       operations.In
	name     string
	required bool
	schema   *operations.Schema
}

// qualified names the value by its place: "path.id".
func (t target) qualified() string { return string(t.in) + "." + t.name }

func (t target) kind() string {
	if t.in == operations.InBody {
		return "body property"
	}
	return string(t.in) + " parameter"
}

// targets lists what an operation takes, in the document's order.
func targets(op *operations.Operation) []target {
	var all []target
	for _, p := range op.Params {
		all = append(all, target{param: p, in: p.In, name: p.Name, required: p.Required, schema: p.Schema})
	}
	media := bodyMedia(op)
	if media == nil {
		return all
	}
	var body properties
	body.collect(media.Schema, op.Body.Required, 0)
	return append(all, body.found...)
}

// bodyMedia is the form in which a body is sent: JSON where it may be, else the
// first documented one; nil when the operation takes no body.
func bodyMedia(op *operations.Operation) *operations.Media {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil
	}
	if json := op.Body.JSON(); json != nil {
		return json
	}
	return &op.Body.Media[0]
}

// properties are those of an object schema, each once.
type properties struct{ found []target }

// collect adds the properties of s, of the schemas it is made of, and of its
// alternatives, of which none is required: which one is meant shows in the whole
// body. Depth guards against cyclic schemas.
func (p *properties) collect(s *operations.Schema, must bool, depth int) {
	if s == nil || depth > 8 {
		return
	}
	for _, prop := range s.Properties {
		if prop.Schema == nil || !prop.Schema.ReadOnly {
			p.at(prop.Name, prop.Schema)
		}
	}
	for _, part := range s.AllOf {
		p.collect(part, must, depth+1)
	}
	for _, alternatives := range [][]*operations.Schema{s.OneOf, s.AnyOf} {
		for _, one := range alternatives {
			p.collect(one, false, depth+1)
		}
	}
	for _, name := range s.Required {
		for i := range p.found {
			p.found[i].required = p.found[i].required || must && p.found[i].name == name
		}
	}
}

func (p *properties) at(name string, schema *operations.Schema) {
	for _, t := range p.found {
		if t.name == name {
			return
		}
	}
	p.found = append(p.found, target{in: operations.InBody, name: name, schema: schema})
}

// find returns the targets that a name of the command line may mean: the plain
// name, or one qualified by its place.
func find(all []target, name string) []target {
	var found []target
	for _, t := range all {
		if t.name == name || t.qualified() == name {
			found = append(found, t)
		}
	}
	return found
}
