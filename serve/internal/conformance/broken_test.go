package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Each expectation of the project's cases counts: with another value in its place, the
// case fails.
func TestEveryExpectationCounts(t *testing.T) {
	for _, file := range cases(t, "testdata") {
		for i, at := range expectations(read(t, file), -1) {
			t.Run(named(file)+at, func(t *testing.T) {
				c := read(t, file)
				expectations(c, i)
				if newPlay(t, c).play() == nil {
					t.Errorf("nothing fails with another value at %s of %s", at, file)
				}
			})
		}
	}
}

// expectations lists the places of the values that a case expects, and puts another
// value in the place of one.
func expectations(c doc, broken int) []string {
	w := &walk{broken: broken}
	for i, call := range list(c["calls"]) {
		call := mapping(call)
		for _, key := range []string{"expect", "upstream"} {
			if v, ok := call[key]; ok {
				call[key] = w.value(fmt.Sprintf("/%d/%s", i+1, key), v)
			}
		}
	}
	return w.places
}

type walk struct {
	places []string
	broken int
}

// value visits the values below v, and returns what stands in its place.
func (w *walk) value(at string, v any) any {
	switch v := v.(type) {
	case doc:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name != "$absent" { // its value means nothing
				v[name] = w.value(at+"/"+name, v[name])
			}
		}
		if len(v) > 0 {
			return v
		}
	case []any:
		for i := range v {
			v[i] = w.value(fmt.Sprintf("%s/%d", at, i), v[i])
		}
		if len(v) > 0 {
			return v
		}
	}
	w.places = append(w.places, at)
	if len(w.places)-1 != w.broken {
		return v
	}
	return another(at, v)
}

// another is a value that a case which expects v must not accept.
func another(at string, v any) any {
	switch {
	case strings.Contains(at, "/no_headers"):
		return "User-Agent"
	case strings.HasSuffix(at, "/upstream"):
		return []any{"GET /elsewhere"}
	case strings.HasSuffix(at, "/status"):
		return 599
	}
	switch v := v.(type) {
	case bool:
		if strings.HasSuffix(at, "/fails") {
			return "never said"
		}
		return !v
	case doc:
		return doc{"never": "sent"}
	case []any:
		return []any{"never sent"}
	}
	return "never said"
}
