package consumed

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
)

// Implied returns outputs for an operation whose own name no place of its answer, so
// that a mock has one: the thing that its path leads to. The thing has an id, the
// variables of its path, and the fields that requests to the same collection write. A
// GET of a collection has a list of such things, under the collection's name unless
// the answer is a list itself. Nothing is implied of an answer with a known place.
func Implied(c *spec.API, op *spec.ConsumedOperation, outputs []*spec.Shape) []*spec.Shape {
	if !isJSON(op) || methodOf(op) == "HEAD" || slices.ContainsFunc(outputs, placed) {
		return nil
	}
	coll, one := collection(op)
	at := "$"
	switch {
	case slices.ContainsFunc(outputs, func(o *spec.Shape) bool { return jsonType(o.Type) == "array" }):
		at = "$[*]"
	case methodOf(op) == "GET" && !one && isPlural(coll):
		at = "$['" + coll[len(coll)-1] + "'][*]"
	}
	out := []*spec.Shape{{Type: spec.Str{Value: "string"}, Value: spec.Str{Value: at + ".id"}}}
	for _, f := range fieldsAt(c, coll) {
		out = append(out, &spec.Shape{Type: f.Type, Items: itemsOf(f), Value: spec.Str{Value: at + "['" + f.Name.Value + "']"}})
	}
	return out
}

func isJSON(op *spec.ConsumedOperation) bool {
	return slices.Equal(answerMedia(op.OutputFormat.Value), []string{jsonMedia})
}

// placed reports whether an output names a place within the answer, or wants no
// object or list.
func placed(o *spec.Shape) bool {
	path := strings.TrimSuffix(strings.TrimSpace(pathOf(o)), ".")
	if o.Const != nil || path != "" && path != "$" || len(o.Properties) > 0 {
		return true
	}
	switch jsonType(o.Type) {
	case "", "object":
		return path == "" && o.Name.IsSet()
	case "array":
		return o.Items != nil && (placed(o.Items) || jsonType(o.Items.Type) != "object" && o.Items.Type.IsSet())
	}
	return true
}

// collection returns the path that things are in, and whether the operation's path
// names one of them.
func collection(op *spec.ConsumedOperation) (segments []string, one bool) {
	segments = Segments(op.Path.Value)
	if n := len(segments); n > 0 && isVariable(segments[n-1]) {
		return segments[:n-1], true
	}
	return segments, false
}

func isPlural(coll []string) bool {
	n := len(coll)
	return n > 0 && words.Singular(coll[n-1]) != coll[n-1]
}

// fieldsAt lists the fields that a thing of a collection has by the requests of the
// file: the variables of the path to it, and the parameters of bodies that are sent
// there.
func fieldsAt(c *spec.API, coll []string) []*spec.Param {
	var out []*spec.Param
	add := func(p *spec.Param) {
		if !slices.ContainsFunc(out, func(have *spec.Param) bool { return have.Name.Value == p.Name.Value }) && !strings.Contains(p.Name.Value, "'") {
			out = append(out, p)
		}
	}
	for _, op := range c.Operations {
		at, _ := collection(op)
		if !slices.EqualFunc(at, coll, alike) {
			continue
		}
		for _, segment := range Segments(op.Path.Value) {
			if isVariable(segment) {
				p := &spec.Param{}
				p.Name.Value, p.Type.Value = strings.Trim(segment, "{}"), "string"
				add(p)
			}
		}
		if _, fields := inBody(op); Whole(op) == nil {
			for _, p := range fields {
				add(p)
			}
		}
	}
	return out
}

// itemsOf returns the shape of the items of a parameter that is a list, else nil.
func itemsOf(p *spec.Param) *spec.Shape {
	if jsonType(p.Type) != "array" {
		return nil
	}
	return &spec.Shape{Type: p.Items}
}
