package composition

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// inputs decodes the inputs, of those with one name the first.
func (d reader) inputs(n *node.Node) []*spec.Input {
	inputs := node.DecodeEach(d.Items(n, "inputs", "name", "type"), d.input)
	seen := d.Names("input")
	return slices.DeleteFunc(inputs, func(in *spec.Input) bool { return !in.Name.IsSet() || seen.Repeats(in.Name) })
}

// input decodes an input, which is text where it names no type.
func (d reader) input(n *node.Node) *spec.Input {
	read := new(input)
	if !inputKeys().Read(d.Decoder, n, read) {
		return nil
	}
	in := &read.Input
	in.Pos = d.Pos(n)
	in.Default = d.fallback(read.fallback, in)
	if items := node.Key(n, "items"); items != nil && in.Type.IsSet() && in.Type.Value != "array" && in.Type.Value != anyType {
		d.Report(items, "misplaced-key", "items belongs to type array, but the type is %s", in.Type.Value)
	}
	in.Required = in.Required && in.Default == nil
	in.Filled = in.Required
	if !in.Type.IsSet() {
		in.Type = spec.At(in.Pos, "string")
	}
	for _, t := range []*spec.Str{&in.Type, &in.Items} {
		if t.Value == anyType {
			*t = spec.Str{}
		}
	}
	return in
}

// choice decodes the values that an input is limited to.
func (d reader) choice(n *node.Node, what string, in *spec.Input) {
	for _, item := range d.List(n, what) {
		v := d.Value(item)
		in.Enum = append(in.Enum, v)
		d.fitting(item, v, in, "a value of enum")
	}
}

// typeNames are the types that inputs may have.
var typeNames = []string{"string", "integer", "number", "boolean", "array", "object"}

// anyType stands for a type that was refused: it has been reported, and
// whatever depends on it is not to be reported as well.
const anyType = "any"

// inputType is one of typeNames. Any other is taken for the one that is most like it.
func (d reader) inputType(n *node.Node, name string) spec.Str {
	if n == nil {
		return spec.Str{}
	}
	meant := node.OtherTypeName(n.Value)
	if meant != "" {
		d.Report(n, "bad-value", "%s cannot be %q", name, n.Value).Hint = fmt.Sprintf("write %q", meant)
	} else {
		if s := d.OneOf(n, name, typeNames...); s.IsSet() {
			return s
		}
		meant = suggest.Closest(n.Value, typeNames)
	}
	if meant == "" {
		meant = anyType
	}
	return spec.Str{Value: meant, Pos: d.Pos(n)}
}

// fallback decodes a default, nil when there is none that can be used.
func (d reader) fallback(n *node.Node, in *spec.Input) *spec.Value {
	if n == nil {
		return nil
	}
	v := d.Value(n)
	if !d.fitting(n, v, in, "the default") || !d.chosen(n, v, in.Enum) {
		return nil
	}
	return &v
}

// fitting checks that a value is of the input's type. A null default
// means "none"; a number that cannot be kept is reported already.
func (d reader) fitting(n *node.Node, v spec.Value, in *spec.Input, what string) bool {
	typ, items := in.Type.Value, in.Items.Value
	if typ == "" || isNothing(v) {
		return true
	}
	if v.Kind == spec.Sequence && typ == "array" {
		ok := true
		for i, item := range v.Items {
			if items != "" && !fits(item, items) {
				d.misfit(n.Content[i], items, "an item of "+what)
				ok = false
			}
		}
		return ok
	}
	if fits(v, typ) {
		return true
	}
	if typ == "array" && in.Items.IsSet() {
		typ = "array of " + items
	}
	d.misfit(n, typ, what)
	return false
}

// fits reports whether v is of a type; lists may hold anything.
func fits(v spec.Value, typ string) bool {
	switch typ {
	case anyType:
		return true
	case "array":
		return v.Kind == spec.Sequence
	case "object":
		return v.Kind == spec.Mapping
	}
	switch v := v.Scalar.(type) {
	case string:
		return typ == "string"
	case bool:
		return typ == "boolean"
	case int64:
		return typ == "integer" || typ == "number"
	case float64:
		return typ == "number"
	case json.Number:
		return typ == "number" || typ == "integer" && !strings.ContainsAny(string(v), ".eE")
	}
	return false
}

func isNothing(v spec.Value) bool { return v.Kind == spec.Scalar && v.Scalar == nil }

// misfit reports a value of another type than the one wanted.
func (d reader) misfit(n *node.Node, want, what string) {
	r := d.Report(n, "wrong-type", "%s does not fit type %s, found %s", what, want, node.Describe(n))
	if n.Kind != node.ScalarNode {
		return
	}
	switch plain := (&node.Node{Kind: node.ScalarNode, Value: n.Value}).ShortTag(); {
	case want == "string" && !node.IsNull(n):
		r.Hint = fmt.Sprintf("put it in quotes: %q", n.Value)
		r.Replace(n.Value, strconv.Quote(n.Value), n.Style == 0)
	case !node.IsText(n):
	case want == "boolean" && plain == "!!bool", want == "integer" && plain == "!!int", want == "number" && (plain == "!!int" || plain == "!!float"):
		r.Hint = "write it without quotes: " + n.Value
	}
}

// chosen checks that a default is among the values of enum.
func (d reader) chosen(n *node.Node, v spec.Value, enum []spec.Value) bool {
	if len(enum) == 0 || isNothing(v) || slices.ContainsFunc(enum, func(e spec.Value) bool { return equal(e, v) }) {
		return true
	}
	var choice []string
	for _, e := range enum {
		if e.Kind == spec.Scalar {
			choice = append(choice, e.Str.Value)
		}
	}
	if v.Kind != spec.Scalar || len(choice) == 0 {
		d.Report(n, "bad-value", "the default is none of the values of enum")
		return false
	}
	shown := v.Str.Value
	if _, text := v.Scalar.(string); text {
		shown = fmt.Sprintf("%q", shown)
	}
	suggest.Explain(d.Report(n, "bad-value", "the default cannot be %s", shown), v.Str.Value, "write one of ", choice)
	return false
}

// equal compares values as JSON does, where 1 and 1.0 are one number.
func equal(a, b spec.Value) bool {
	return jsonvalue.Equal(a.Go(), b.Go())
}
