package skill

import (
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/matching"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

// maxExampleDepth bounds examples of schemas that are cyclic.
const maxExampleDepth = 6

// example returns a value that fits a schema: the documented one where it fits,
// else one made of the required parts and no more.
func example(s *operations.Schema, name string) any {
	return new(exampler).value(s, name, 0)
}

// maxExampleValues bounds how many values one example is made of: a schema may
// require itself in several places.
const maxExampleValues = 1000

type exampler struct{ made int }

func (e *exampler) value(s *operations.Schema, name string, depth int) any {
	if e.made++; s == nil || depth > maxExampleDepth || e.made > maxExampleValues {
		return exampleText(name)
	}
	if one, ok := s.OneValue(); ok {
		return one
	}
	s = s.Flatten()
	documented := []any{s.Example}
	if s.HasDefault {
		documented = append(documented, s.Default)
	}
	whole := !s.Is("object") || len(s.Required) == 0
	for _, v := range documented {
		if whole && v != nil && len(check.Value(s, v)) == 0 {
			return v
		}
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	for _, alternatives := range [][]*operations.Schema{s.OneOf, s.AnyOf} {
		if one := firstReal(alternatives); one != nil {
			return merge(e.ofType(s, name, depth), e.value(one, name, depth+1))
		}
	}
	return e.ofType(s, name, depth)
}

// firstReal returns the first alternative that is not just null.
func firstReal(alternatives []*operations.Schema) *operations.Schema {
	for _, s := range alternatives {
		if s != nil && !(len(s.Types) == 1 && s.Types[0] == "null") {
			return s
		}
	}
	return nil
}

// merge adds the value of an alternative to that of its schema.
func merge(base, more any) any {
	object, ok := base.(map[string]any)
	added, both := more.(map[string]any)
	if !ok || !both {
		return more
	}
	for k, v := range object {
		if _, there := added[k]; !there {
			added[k] = v
		}
	}
	return added
}

func (e *exampler) ofType(s *operations.Schema, name string, depth int) any {
	switch {
	case s.Is("object") || len(s.Properties) > 0 || len(s.Required) > 0:
		out := map[string]any{}
		for _, required := range s.Required {
			out[required] = e.value(s.Property(required), required, depth+1)
		}
		return out
	case s.Is("array"):
		list := []any{}
		n := 1
		if s.MinItems != nil {
			n = max(1, min(*s.MinItems, 10))
		}
		for range n {
			list = append(list, e.value(s.Items, name, depth+1))
		}
		return list
	case s.Is("string"):
		return exampleString(s, name)
	case s.Is("integer"):
		return int(exampleNumber(s))
	case s.Is("number"):
		return exampleNumber(s)
	case s.Is("boolean"):
		return true
	}
	return exampleText(name)
}

// byFormat are texts of the formats of JSON Schema.
var byFormat = map[string]string{
	"email": "ada@example.com", "uri": "https://example.com", "url": "https://example.com", "hostname": "example.com",
	"date-time": "2026-01-31T09:00:00Z", "date": "2026-01-31", "uuid": "0b6f5a2e-6c0e-4f5a-9d0e-3f1c2b7a9e10", "ipv4": "192.0.2.1",
}

func exampleString(s *operations.Schema, name string) string {
	text, ok := byFormat[s.Format]
	if !ok {
		text = exampleText(name)
	}
	if pattern, err := regexp.Compile(s.Pattern); !ok && err == nil && !pattern.MatchString(text) {
		if made, ok := matching.Text(s.Pattern, "a1A"); ok && pattern.MatchString(made) {
			text = made
		}
	}
	runes := []rune(text)
	if s.MinLength != nil && *s.MinLength <= longestExample {
		for len(runes) < *s.MinLength {
			runes = append(runes, 'x')
		}
	}
	if s.MaxLength != nil && len(runes) > max(0, *s.MaxLength) {
		runes = runes[:max(0, *s.MaxLength)]
	}
	return string(runes)
}

// longestExample bounds the texts that a document can ask for, in characters.
const longestExample = 1000

func exampleNumber(s *operations.Schema) float64 {
	switch {
	case s.Minimum != nil && *s.Minimum > 1:
		return *s.Minimum
	case s.ExclusiveMinimum != nil && *s.ExclusiveMinimum >= 1:
		return *s.ExclusiveMinimum + 1
	case s.Maximum != nil && *s.Maximum < 1:
		return *s.Maximum
	case s.ExclusiveMaximum != nil && *s.ExclusiveMaximum <= 1:
		return *s.ExclusiveMaximum - 1
	}
	return 1
}

// exampleBody returns a body that fits: the required properties, and for an operation
// that changes something but requires nothing, the first thing it can change.
// ok is false when nothing needs to be sent.
func exampleBody(op *operations.Operation) (body any, ok bool) {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil, false
	}
	media := op.Body.JSON()
	if media == nil {
		media = &op.Body.Media[0]
	}
	object, isObject := example(media.Schema, "").(map[string]any)
	whole, _ := media.Example.(map[string]any)
	switch {
	case !isObject && len(op.BodyFields()) == 0:
		return example(media.Schema, "body"), op.Body.Required
	case !isObject:
		object = map[string]any{}
	}
	for name := range object {
		if v, there := whole[name]; there {
			object[name] = v
		}
	}
	if len(check.Value(media.Schema, object)) > 0 && whole != nil && len(check.Value(media.Schema, whole)) == 0 {
		object = whole
	}
	changes := op.Method == "PATCH" || op.Method == "PUT" || op.Body.Required
	if fields := op.BodyFields(); len(object) == 0 && changes && len(fields) > 0 {
		first := fields[max(0, slices.IndexFunc(fields, func(f operations.BodyField) bool { return f.Schema != nil && f.Schema.Example != nil }))]
		object[first.Name] = example(first.Schema, first.Name)
	}
	return object, len(object) > 0 || op.Body.Required
}

// byName are texts for names with a known part.
var byName = []struct{ part, text string }{
	{"email", "ada@example.com"}, {"domain", "example.com"}, {"url", "https://example.com"}, {"link", "https://example.com"},
	{"date", "2026-01-31"}, {"time", "2026-01-31T09:00:00Z"}, {"phone", "+15005550006"}, {"_id", "id_123"},
	{"organization", "Example Inc"}, {"company", "Example Inc"}, {"name", "Example"},
}

// exampleText makes up a text by the name of its place.
func exampleText(name string) string {
	lower := strings.ToLower(name)
	for _, known := range byName {
		if strings.Contains(lower, known.part) {
			return known.text
		}
	}
	return "example"
}
