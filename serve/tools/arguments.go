package tools

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// arguments reads those of a call and collects everything that is wrong.
type arguments struct {
	values map[string]any
	known  []string
	errs   []string
}

func (a *arguments) bad(format string, args ...any) {
	a.errs = append(a.errs, fmt.Sprintf(format, args...))
}

func (a *arguments) any(name string) (any, bool) {
	a.known = append(a.known, name)
	v, ok := a.values[name]
	return v, ok
}

func (a *arguments) text(name string, required bool) string {
	v, ok := a.any(name)
	text, isText := v.(string)
	switch {
	case ok && v != nil && !isText:
		a.bad("%s is a text", name)
	case required && text == "":
		a.bad("%s is missing", name)
	}
	return text
}

func (a *arguments) object(name string) map[string]any {
	v, _ := a.any(name)
	object, ok := v.(map[string]any)
	if !ok && v != nil {
		a.bad("%s is an object", name)
	}
	return object
}

func (a *arguments) number(name string, or, least, most int) int {
	v, ok := a.any(name)
	if !ok || v == nil {
		return or
	}
	n, isInt := jsonvalue.Canonical(v).(int)
	if !isInt || n < least || n > most {
		a.bad("%s is a whole number from %d to %d", name, least, most)
	}
	return n
}

// texts reads an object of texts.
func (a *arguments) texts(name string) map[string]string {
	v, ok := a.any(name)
	if !ok || v == nil {
		return nil
	}
	given, isObject := v.(map[string]any)
	out := map[string]string{}
	for key, value := range given {
		text, isText := value.(string)
		isObject = isObject && isText
		out[key] = text
	}
	if !isObject {
		a.bad("%s is an object of texts, by name", name)
	}
	return out
}

func (a *arguments) time(name string) time.Time {
	text := a.text(name, false)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		a.bad("%s is a time, such as 2026-05-22T10:00:00Z", name)
	}
	return t
}

func (a *arguments) flag(name string) *bool {
	v, ok := a.any(name)
	if !ok || v == nil {
		return nil
	}
	b, isBool := v.(bool)
	if !isBool {
		a.bad("%s is true or false", name)
	}
	return &b
}

// done returns all faults, unknown names included: a misspelt one would do
// something else than was meant.
func (a *arguments) done() error {
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		if !slices.Contains(a.known, name) {
			a.bad("there is no argument %q; known are: %s", name, strings.Join(a.known, ", "))
		}
	}
	if len(a.errs) > 0 {
		return errors.New(strings.Join(a.errs, "\n"))
	}
	return nil
}
