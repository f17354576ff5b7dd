package check

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/capstan-run/capstan/operations"
)

// maxCompiled bounds how many values a schema that is compiled may have with all
// that it reaches. Compiling takes five microseconds for each, half of them to
// check the schema itself, before the first answer is looked at. WorkOS's event,
// a choice of some 150 shapes, has 10,000; no other response has 1,000.
const maxCompiled = 4_000

// RefScheme starts every reference of a schema that [Full] compiles:
// "index:/Organization" names a component.
const RefScheme = "index:/"

// Full returns the comparison of values with the whole of a JSON Schema 2020-12,
// for [operations.Media]. The schema and the components that it refers to, by
// name, are read and compiled when the comparison is first used. A schema that
// is too large or does not compile, and a value that would take too long to check,
// are not compared.
func Full(read func() (schema any, components map[string]any)) func(v any) (found []operations.Violation, compared bool) {
	compiled := sync.OnceValue(func() *validator { return compile(read()) })
	return func(v any) ([]operations.Violation, bool) {
		c := compiled()
		if c == nil || !c.work.allows(v) {
			return nil, false
		}
		if at, ok := unwieldy(v, nil); ok {
			return []operations.Violation{{Path: pointer(at), Message: "is a number too long to be checked"}}, true
		}
		if err := c.schema.Validate(v); err != nil {
			return violations(err), true
		}
		return nil, true
	}
}

// validator is a schema, compiled.
type validator struct {
	schema *jsonschema.Schema
	work   *work // nil when every value is cheap to check
}

// compile returns nil for a schema that does not compile, or is not worth it.
func compile(schema any, named map[string]any) *validator {
	all := components(named)
	size := countValues(schema)
	for _, component := range all {
		size += countValues(component)
	}
	if size > maxCompiled {
		return nil
	}
	const location = "index:///response"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(all)
	c.UseRegexpEngine(compilePattern)
	if err := c.AddResource(location, all.ofAnswers(schema)); err != nil {
		return nil
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil
	}
	return &validator{compiled, all.work(schema)}
}

// components are the schemas that one schema reaches, by name.
type components map[string]any

// Load gives the compiler the schema that a reference names.
func (all components) Load(location string) (any, error) {
	name := RefName(RefScheme + strings.TrimLeft(strings.TrimPrefix(location, "index:"), "/"))
	schema, ok := all[name]
	if !ok {
		return nil, fmt.Errorf("the index has no schema %q", name)
	}
	return all.ofAnswers(schema), nil
}

// target returns the component that a schema refers to.
func (all components) target(schema map[string]any) (name string, to any, ok bool) {
	ref, _ := schema["$ref"].(string)
	if ref == "" {
		return "", nil, false
	}
	name = RefName(ref)
	to, ok = all[name]
	return name, to, ok
}

// RefName returns the name in a reference.
func RefName(ref string) string {
	name, err := url.PathUnescape(strings.TrimPrefix(ref, RefScheme))
	if err != nil {
		return ""
	}
	return name
}

// compilePattern compiles a pattern for the validator. Patterns are ECMA-262
// regular expressions; one that Go's syntax does not have (look-around,
// back-references) matches everything, as no claim can be checked.
func compilePattern(pattern string) (jsonschema.Regexp, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return anyText(pattern), nil
	}
	return re, nil
}

type anyText string

func (anyText) MatchString(string) bool { return true }
func (p anyText) String() string        { return string(p) }
