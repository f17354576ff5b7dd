package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// doc is a mapping of a case.
type doc = map[string]any

// absent stands for a value that is not there.
type absent struct{}

// compare returns an error unless got is as want has it: a value, or a mapping of one
// key that stands for a test. With subset, got may hold more keys.
func compare(want, got any, subset bool, at string) error {
	if test, ok := want.(doc); ok && len(test) == 1 {
		for name, arg := range test {
			if strings.HasPrefix(name, "$") {
				return match(name, arg, got, subset, at)
			}
		}
	}
	if got == any(absent{}) {
		return fmt.Errorf("%s is missing, want %s", at, show(want))
	}
	switch want := want.(type) {
	case doc:
		return compareKeys(want, got, subset, at)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s is %s, want %s", at, show(got), show(want))
		}
		for i := range want {
			if err := compare(want[i], list[i], subset, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if !jsonvalue.Equal(want, got) {
		return fmt.Errorf("%s is %s, want %s", at, show(got), show(want))
	}
	return nil
}

func compareKeys(want doc, got any, subset bool, at string) error {
	object, ok := got.(doc)
	if !ok {
		return fmt.Errorf("%s is %s, want %s", at, show(got), show(want))
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		v, there := object[name]
		if !there {
			v = absent{}
		}
		if err := compare(want[name], v, subset, at+"."+name); err != nil {
			return err
		}
	}
	for name := range object {
		if _, known := want[name]; !known && !subset {
			return fmt.Errorf("%s has an unwanted %q: %s", at, name, show(got))
		}
	}
	return nil
}

// match applies a test: {$regex: ...}, {$any: true}, {$absent: true}, {$oneOf: [...]},
// {$contains: [...]} or {$json: ...}.
func match(test string, arg, got any, subset bool, at string) error {
	if there := got != any(absent{}); test == "$absent" || !there {
		if test == "$absent" && !there {
			return nil
		}
		return fmt.Errorf("%s is %s, want %s %s", at, show(got), test, show(arg))
	}
	switch test {
	case "$any":
		return nil
	case "$regex":
		text, ok := got.(string)
		if !ok {
			text = jsonvalue.Compact(got)
		}
		return matches(fmt.Sprint(arg), text, at)
	case "$oneOf":
		if !slices.ContainsFunc(arg.([]any), func(v any) bool { return compare(v, got, subset, at) == nil }) {
			return fmt.Errorf("%s is %s, want one of %s", at, show(got), show(arg))
		}
		return nil
	case "$json":
		inner, err := decoded(fmt.Sprint(got))
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		return compare(arg, inner, subset, at+"(json)")
	case "$contains":
		list, _ := got.([]any)
		for _, item := range arg.([]any) {
			if !slices.ContainsFunc(list, func(v any) bool { return compare(item, v, true, at) == nil }) {
				return fmt.Errorf("%s has no item like %s: %s", at, show(item), show(got))
			}
		}
		return nil
	}
	return fmt.Errorf("the case has an unknown test %s", test)
}

func matches(pattern, text, at string) error {
	re, err := regexp.Compile("(?s)" + pattern)
	if err == nil && !re.MatchString(text) {
		err = fmt.Errorf("%s is %s, want something like /%s/", at, show(text), pattern)
	}
	return err
}

func decoded(text string) (any, error) {
	v, err := jsonvalue.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("no JSON: %s", show(text))
	}
	return v, nil
}

func show(v any) string {
	text, ok := v.(string)
	if !ok {
		text = fmt.Sprint(v)
		if data, err := json.Marshal(v); err == nil {
			text = string(data)
		}
	}
	return strings.ReplaceAll(text[:min(len(text), 400)], "\n", `\n`)
}

// list returns the items of a list, or the one value that stands in its place.
func list(v any) []any {
	if items, ok := v.([]any); ok {
		return items
	}
	return []any{v}
}
