package check

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/operations"
	"github.com/santhosh-tekuri/jsonschema/v6"
	keyword "github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violations turns the validator's tree of errors into a list in the order of
// paths. Alternatives (anyOf, oneOf) become one violation that names how the
// nearest of them differs.
func violations(err error) []operations.Violation {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []operations.Violation{{Message: "the value cannot be checked: it is not JSON"}}
	}
	out := leaves(invalid, nil)
	slices.SortFunc(out, func(a, b operations.Violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(out)
}

func leaves(e *jsonschema.ValidationError, out []operations.Violation) []operations.Violation {
	path := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *keyword.AnyOf, *keyword.OneOf:
		return append(out, alternatives(e, path))
	case *keyword.Required:
		for _, name := range k.Missing {
			out = append(out, operations.Violation{Path: path, Message: fmt.Sprintf("property %q is missing", name)})
		}
		return out
	case *keyword.AdditionalProperties:
		for _, name := range k.Properties {
			out = append(out, operations.Violation{Path: path, Message: fmt.Sprintf("property %q is not documented", name)})
		}
		return out
	}
	if k, ok := e.ErrorKind.(*keyword.PropertyNames); ok {
		// jsonschema v6.0.3 gives a wrong place here: it keeps a slice that it
		// writes to later.
		return append(out, operations.Violation{Message: fmt.Sprintf("%q is no name that a property may have", k.Property)})
	}
	if len(e.Causes) == 0 && isRounded(e.ErrorKind) {
		return out
	}
	if len(e.Causes) == 0 {
		return append(out, operations.Violation{Path: path, Message: explain(e.ErrorKind)})
	}
	for _, cause := range e.Causes {
		out = leaves(cause, out)
	}
	return out
}

// alternatives reports a value that fits none, or more than one, of a list of
// schemas.
func alternatives(e *jsonschema.ValidationError, path string) operations.Violation {
	if k, ok := e.ErrorKind.(*keyword.OneOf); ok && len(k.Subschemas) > 0 {
		return operations.Violation{Path: path, Message: fmt.Sprintf("fits %d of the documented shapes where only one may fit", len(k.Subschemas))}
	}
	var nearest []operations.Violation
	for _, cause := range e.Causes {
		if found := leaves(cause, nil); nearest == nil || len(found) < len(nearest) {
			nearest = found
		}
	}
	message := fmt.Sprintf("fits none of the %d documented shapes", len(e.Causes))
	if len(nearest) > 0 {
		at := strings.TrimPrefix(nearest[0].Path, path)
		message += "; the nearest: " + operations.Violation{Path: at, Message: nearest[0].Message}.String()
	}
	return operations.Violation{Path: path, Message: message}
}

// explain words the wish of a keyword and the value that was there.
func explain(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *keyword.Type:
		return fmt.Sprintf("is %s where %s is documented", article(k.Got), strings.Join(k.Want, " or "))
	case *keyword.Const:
		return fmt.Sprintf("is %s where only %s is documented", show(k.Got), show(k.Want))
	case *keyword.Enum:
		return fmt.Sprintf("is %s, which is none of the documented values (%s)", show(k.Got), showAll(k.Want))
	case *keyword.Pattern:
		return fmt.Sprintf("%s does not match the pattern %s", show(k.Got), k.Want)
	case *keyword.MinLength:
		return fmt.Sprintf("has %d characters, at least %d are documented", k.Got, k.Want)
	case *keyword.MaxLength:
		return fmt.Sprintf("has %d characters, at most %d are documented", k.Got, k.Want)
	case *keyword.MinItems:
		return fmt.Sprintf("has %d items, at least %d are documented", k.Got, k.Want)
	case *keyword.MaxItems:
		return fmt.Sprintf("has %d items, at most %d are documented", k.Got, k.Want)
	case *keyword.Minimum:
		return fmt.Sprintf("is %s, at least %s is documented", decimal(k.Got), decimal(k.Want))
	case *keyword.Maximum:
		return fmt.Sprintf("is %s, at most %s is documented", decimal(k.Got), decimal(k.Want))
	case *keyword.ExclusiveMinimum:
		return fmt.Sprintf("is %s, more than %s is documented", decimal(k.Got), decimal(k.Want))
	case *keyword.ExclusiveMaximum:
		return fmt.Sprintf("is %s, less than %s is documented", decimal(k.Got), decimal(k.Want))
	case *keyword.Not:
		return `fits the shape that is documented under "not"`
	case *keyword.UniqueItems:
		return fmt.Sprintf("items %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	case *keyword.FalseSchema:
		return "is documented never to be there"
	}
	if path := k.KeywordPath(); len(path) > 0 {
		return fmt.Sprintf("does not satisfy the documented %q", path[len(path)-1])
	}
	return "does not fit its documented schema"
}

// isRounded reports whether a value breaks a bound or a choice only because the
// document's number was rounded when it was read.
func isRounded(k jsonschema.ErrorKind) bool {
	same := func(got, want *big.Rat) bool {
		bound, _ := want.Float64()
		value, _ := got.Float64()
		return math.Abs(bound) >= 1<<53 && bound == value
	}
	switch k := k.(type) {
	case *keyword.Minimum:
		return same(k.Got, k.Want)
	case *keyword.Maximum:
		return same(k.Got, k.Want)
	case *keyword.ExclusiveMinimum:
		return same(k.Got, k.Want)
	case *keyword.ExclusiveMaximum:
		return same(k.Got, k.Want)
	case *keyword.Const:
		return mayBe(k.Want, k.Got)
	case *keyword.Enum:
		return slices.ContainsFunc(k.Want, func(want any) bool { return mayBe(want, k.Got) })
	}
	return false
}

// decimal writes a number with all its digits, unless they are very many.
func decimal(r *big.Rat) string {
	const most = 100
	if places, exact := r.FloatPrec(); exact && places <= most && r.Num().BitLen() < 3*most {
		return r.FloatString(places)
	}
	return new(big.Float).SetRat(r).Text('g', 20)
}

func article(typeName string) string {
	switch typeName {
	case "null":
		return "null"
	case "array", "object", "integer":
		return "an " + typeName
	}
	return "a " + typeName
}

// show prints a value within a message, shortened.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	const most = 60
	if utf8.RuneCount(b) > most {
		return string([]rune(string(b))[:most]) + "..."
	}
	return string(b)
}

func showAll(list []any) string {
	const most = 8
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == most {
			fmt.Fprintf(&b, "and %d more", len(list)-most)
			break
		}
		b.WriteString(show(v))
	}
	return b.String()
}

func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
