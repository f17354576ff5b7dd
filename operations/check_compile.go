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

// compileSchema makes a validator of a schema in the index, reading only the
// components that it reaches. It returns nil when the schema does not compile,
// or is not worth it: the caller then checks by structure.
func (s *Set) compileSchema(n *node) *jsonschema.Schema {
	if s.size(n) > maxCompiled {
		return nil
	}
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

// size counts the values of a schema and of the components it reaches.
func (s *Set) size(n *node) int {
	reached := map[string]*node{}
	s.reach(n, reached)
	total := n.count()
	for _, component := range reached {
		total += component.count()
	}
	return total
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
