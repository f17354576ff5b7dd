package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// This file reports parameters that belong in a path that has no place for them.
// Without them the request goes to all that stands there: DELETE /books/{id}
// becomes DELETE /books. So the step is refused, whether it gives a value or not.

// pathVariable matches a variable of a path, in any of its spellings.
var pathVariable = regexp.MustCompile(`\$?\{\{?\s*([^{}\s]+)\s*\}?\}`)

const codePlaceless = "path-parameter-without-place"

// placeless checks the operation of a composition's step or probe; at is where
// the file names it.
func (b *builder) placeless(op *operations.Operation, at spec.Str) {
	for _, p := range op.Unplaced() {
		b.errorAt(at, codePlaceless, "correct the path in the OpenAPI document: "+pathWith(op.Path, p.Name, "{%s}"),
			"%s takes %q in the path, and %s has no place for it", op.ID, p.Name, op.Path)
	}
}

// placeless checks the consumed operation. A parameter that the whole API
// declares need not be in every path, unless the call gives it a value.
func (c *flowCall) placeless() {
	api := c.Framework.Consumed(c.a.API)
	for _, p := range c.op.Params {
		name := p.Name.Value
		if p.In.Value != string(operations.InPath) || c.hasPlace(name) {
			continue
		}
		_, given := c.with[name]
		c.spent[name] = true
		if shared := slices.Contains(api.Params, p); shared && !given && p.Value == nil && c.input(name) == nil {
			continue
		}
		c.errorAt(p.Name, codePlaceless, "write path: "+pathWith(c.op.Path.Value, name, "{{%s}}"),
			"%s takes %q in the path, and %s has no place for it", c.step.Call.Value, name, c.op.Path.Value)
	}
}

func (c *flowCall) hasPlace(name string) bool {
	return slices.ContainsFunc(c.a.Op.Params, func(p *operations.Param) bool { return p.Name == name && c.a.Op.InTemplate(p) })
}

// pathWith is a path with a place for a variable: that of a variable of nearly
// the same name, else a segment of its own.
func pathWith(path, name, form string) string {
	variable := fmt.Sprintf(form, name)
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
