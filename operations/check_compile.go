package operations

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxCompiled bounds how many values a schema that is compiled may have with all
// that it reaches. Compiling takes five microseconds for each, half of them to
// check the schema itself, before the first answer is looked at. WorkOS's event,
// a choice of some 150 shapes, has 10,000; no other response has 1,000.
const maxCompiled = 4_000

// validator is a schema of the index, compiled.
type validator struct {
	schema *jsonschema.Schema
	work   *work // nil when every value is cheap to check
}

// compileSchema makes a validator of a response's schema in the index, reading
// only the components that it reaches. It returns nil when the schema does not
// compile, or is not worth it: the caller then checks by structure.
func (s *Set) compileSchema(n *node) *validator {
	components := components{}
	s.reach(n, components)
	if components.size(n) > maxCompiled {
		return nil
	}
	const location = "index:///response"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(components)
	c.UseRegexpEngine(compilePattern)
	if err := c.AddResource(location, components.answerValue(n)); err != nil {
		return nil
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil
	}
	return &validator{compiled, components.work(n)}
}

// components are the schemas that one schema reaches, by name.
type components map[string]*node

// size counts the values of a schema and of the components it reaches.
func (all components) size(n *node) int {
	total := n.count()
	for _, component := range all {
		total += component.count()
	}
	return total
}

// Load gives the compiler the schema that a reference names.
func (all components) Load(url string) (any, error) {
	name := refName(refScheme + strings.TrimLeft(strings.TrimPrefix(url, "index:"), "/"))
	n := all[name]
	if n == nil {
		return nil, fmt.Errorf("the index has no schema %q", name)
	}
	return all.answerValue(n), nil
}

// target returns the component that a schema refers to, or nil.
func (all components) target(n *node) *node {
	ref := n.get("$ref").text()
	if ref == "" {
		return nil
	}
	return all[refName(ref)]
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
