package operations

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compileSchema makes a validator of a schema in the index, reading only the
// components that it reaches. It returns nil when the schema does not compile:
// the caller then checks by structure.
func (s *Set) compileSchema(n *node) *jsonschema.Schema {
	const location = "index:///response"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(componentLoader{s})
	c.UseRegexpEngine(compilePattern)
	if err := c.AddResource(location, schemaValue(n)); err != nil {
		return nil
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil
	}
	return compiled
}

// componentLoader gives the compiler the schemas that references name.
type componentLoader struct{ set *Set }

func (l componentLoader) Load(url string) (any, error) {
	name := refName(refScheme + strings.TrimLeft(strings.TrimPrefix(url, "index:"), "/"))
	c := l.set.components[name]
	if c == nil {
		return nil, fmt.Errorf("the index has no schema %q", name)
	}
	return schemaValue(l.set.reader.at(c.place)), nil
}

// schemaValue returns a schema as plain data.
func schemaValue(n *node) any {
	if n == nil {
		return true
	}
	return n.value()
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
