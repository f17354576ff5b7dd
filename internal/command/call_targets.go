package command

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

// targets lists the values that an operation takes, in the document's order.
func targets(op *operations.Operation) []target {
	var all []target
	for _, p := range op.Params {
		all = append(all, target{param: p, in: p.In, name: p.Name, required: p.Required, schema: p.Schema})
	}
	for _, f := range op.BodyFields() {
		all = append(all, target{in: operations.InBody, name: f.Name, required: f.Required && op.Body.Required, schema: f.Schema})
	}
	return all
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
