package plan

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// wholeBody is the name in `with` that stands for a body that is no object.
const wholeBody = "body"

// target is a place that a value can be sent to: a parameter, a property of the
// body or the body itself.
type target struct {
	name     string
	in       operations.In
	param    *operations.Param // nil in the body
	schema   *operations.Schema
	required bool
	must     bool        // an empty value is an error
	whole    bool        // the whole body
	own      *spec.Param // as a file declares it that describes the operation
}

func (t target) key() string { return string(t.in) + " " + t.name }

// targets lists everything that op takes: a body that is no object, then
// parameters, then the properties of the body.
func targets(op *operations.Operation) []target {
	var out []target
	fields := op.BodyFields()
	if op.Body != nil && len(fields) == 0 {
		out = append(out, target{name: wholeBody, in: operations.InBody, schema: bodySchema(op), whole: true})
	}
	for _, p := range op.Params {
		required := p.Required || p.In == operations.InPath
		out = append(out, target{name: p.Name, in: p.In, param: p, schema: p.Schema, required: required, must: required})
	}
	for _, f := range fields {
		out = append(out, target{name: f.Name, in: operations.InBody, schema: f.Schema, required: f.Required, must: f.Required})
	}
	return out
}

// targetsOf is targets with the declarations of a file that describes the
// operation, own, where it does.
func targetsOf(op *operations.Operation, own *spec.ConsumedOperation) []target {
	out := targets(op)
	for i := range out {
		if own != nil {
			out[i].own = declared(own, string(out[i].in), out[i].name)
		}
	}
	return out
}

// declaredTargets lists everything that an operation takes which the file
// describes. A body that it writes out is no target.
func declaredTargets(op *operations.Operation, own *spec.ConsumedOperation) []target {
	var out []target
	for _, p := range op.Params {
		t := target{name: p.Name, in: p.In, param: p, schema: p.Schema, own: declared(own, string(p.In), p.Name)}
		t.must = p.In == operations.InPath || op.Effect() != operations.Read && op.InTemplate(p)
		t.required = p.Required || t.must
		out = append(out, t)
	}
	if own.Body != nil {
		return out
	}
	whole, inBody := consumed.Whole(own), false
	for _, p := range own.Params {
		if p.In.Value == string(operations.InBody) { // of those in a form the spec stage made a text
			inBody = true
			out = append(out, target{name: p.Name.Value, in: operations.InBody, required: p.Required, whole: p == whole, own: p})
		}
	}
	if !inBody && op.Body != nil {
		out = append(out, target{name: wholeBody, in: operations.InBody, whole: true})
	}
	return out
}

// declared returns the parameter of a place and name, or nil.
func declared(own *spec.ConsumedOperation, in, name string) *spec.Param {
	i := slices.IndexFunc(own.Params, func(p *spec.Param) bool { return p.In.Value == in && p.Name.Value == name })
	if i < 0 {
		return nil
	}
	return own.Params[i]
}

// bodySchema returns the schema of the body that Capstan sends: the first
// documented media type, JSON preferred.
func bodySchema(op *operations.Operation) *operations.Schema {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil
	}
	if m := op.Body.JSON(); m != nil {
		return m.Schema
	}
	return op.Body.Media[0].Schema
}

// targetNames lists the names that can be bound, for suggestions.
func targetNames(ts []target) []string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = t.name
	}
	return out
}

// The functions below report parameters that belong in a path that has no place
// for them. Without them the request goes to everything that stands there: DELETE
// /books/{id} becomes DELETE /books. So the step is refused, whether it gives a
// value or not.

// pathVariable matches a variable of a path, in any of its spellings.
var pathVariable = lazyregexp.New(`\$?\{\{?\s*([^{}\s]+)\s*\}?\}`)

const codePlaceless = "path-parameter-without-place"

// placeless checks a documented operation; at is where the file names it.
func (b *builder) placeless(op *operations.Operation, at spec.Str) {
	for _, p := range op.Unplaced() {
		b.errorAt(at, codePlaceless, "correct the path in the OpenAPI document: "+pathWith(op.Path, p.Name, "{%s}"),
			"%s takes %q in the path, and %s has no place for it", op.ID, p.Name, op.Path)
	}
}

// placeless checks an operation that the file describes. A parameter that the
// whole API declares need not be in every path, unless the call gives it a value.
func (bb *binding) placeless() {
	if bb.own == nil {
		return
	}
	for _, p := range bb.own.Params {
		name := p.Name.Value
		if p.In.Value != string(operations.InPath) || slices.ContainsFunc(bb.targets, func(t target) bool {
			return t.name == name && t.param != nil && bb.a.Op.InTemplate(t.param)
		}) {
			continue
		}
		_, given := bb.local[name]
		bb.spent[name] = true
		if shared := slices.Contains(bb.api.Params, p); shared && !given && p.Value == nil && bb.input(name) == nil {
			continue
		}
		bb.errorAt(p.Name, codePlaceless, "write path: "+pathWith(bb.own.Path.Value, name, "{{%s}}"),
			"%s takes %q in the path, and %s has no place for it", bb.a.At.Value, name, bb.own.Path.Value)
	}
}

// pathWith is a path with a place for a variable: that of a variable of nearly
// the same name, else a segment of its own.
func pathWith(path, name, form string) string {
	variable := strings.Replace(form, "%s", name, 1)
	for _, written := range pathVariable.FindAllStringSubmatch(path, -1) {
		if canon(written[1]) == canon(name) {
			return strings.ReplaceAll(path, written[0], variable)
		}
	}
	before, query, found := strings.Cut(path, "?")
	if found {
		query = "?" + query
	}
	return strings.TrimRight(before, "/") + "/" + variable + query
}
