package eval

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Signatures and arguments of functions: a signature is checked before a run,
// but arguments may be of any kind at run time.

func signatures(funcs ...any) []reflect.Type {
	types := make([]reflect.Type, len(funcs))
	for i, f := range funcs {
		types[i] = reflect.TypeOf(f)
	}
	return types
}

func oneOf(name, want string, kind reflect.Kind) func([]reflect.Type) (reflect.Type, error) {
	result := reflect.TypeFor[[]any]()
	return func(args []reflect.Type) (reflect.Type, error) {
		if len(args) != 1 {
			return result, fmt.Errorf("%s takes one argument, not %d", name, len(args))
		}
		if is, ok := takes(args[0], kind); !ok {
			return result, fmt.Errorf("%s takes an %s, not %s", name, want, is)
		}
		return result, nil
	}
}

func manyArrays(args []reflect.Type) (reflect.Type, error) {
	result := reflect.TypeFor[[]any]()
	if len(args) == 0 {
		return result, fmt.Errorf("concat takes one or more arrays")
	}
	for _, arg := range args {
		if is, ok := takes(arg, reflect.Slice); !ok {
			return result, fmt.Errorf("concat takes arrays, not %s", is)
		}
	}
	return result, nil
}

// takes reports whether an argument may be of a kind, and the type that it has
// if not. The type of nil is nil.
func takes(arg reflect.Type, kind reflect.Kind) (is string, ok bool) {
	if arg == nil {
		return "null", false
	}
	return userWords(arg.String()), arg.Kind() == kind || arg.Kind() == reflect.Interface
}

// ofOne is the body of a function of one value.
func ofOne(f func(v any) (any, error)) func(*meter, []any) (any, error) {
	return func(_ *meter, args []any) (any, error) { return f(args[0]) }
}

// ofItems is the body of a function of one array.
func ofItems(name string, f func(m *meter, items []any) (any, error)) func(*meter, []any) (any, error) {
	return func(m *meter, args []any) (any, error) {
		items, err := itemsOf(name, args[0])
		if err != nil {
			return nil, err
		}
		return f(m, items)
	}
}

// itemsOf returns the items of any of the arrays that expr makes. The result
// must not be written to.
func itemsOf(name string, v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case []string:
		return boxed(v), nil
	case []int:
		return boxed(v), nil
	case []float64:
		return boxed(v), nil
	}
	return nil, failf("%s needs an array, got %s", name, describe(v))
}

func boxed[T any](items []T) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

func textArg(name string, args []any, i int) (string, error) {
	s, ok := args[i].(string)
	if !ok {
		return "", failf("%s needs a string, got %s", name, describe(args[i]))
	}
	return s, nil
}

// typeName is the type function.
func typeName(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return "nil", nil
	case bool:
		return "bool", nil
	case string:
		return "string", nil
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return "float", nil
		}
		return "int", nil
	case float64, float32:
		return "float", nil
	case map[string]any, map[any][]any:
		return "map", nil
	}
	if isNumber(v) {
		return "int", nil
	}
	return "array", nil
}

// hasItems passes on every value but a json.Number, which to expr is text, with
// a length and parts.
func hasItems(v any) (any, error) {
	if n, ok := v.(json.Number); ok {
		return nil, failf("a number has no length and no parts: %s", jsonvalue.Show(n))
	}
	return v, nil
}

func fromJSON(m *meter, args []any) (any, error) {
	text, err := textArg("fromJSON", args, 0)
	if err != nil {
		return nil, err
	}
	v, err := jsonvalue.Decode([]byte(text))
	switch {
	case err != nil:
		return nil, failf("fromJSON cannot read the text: %v", err)
	case strings.TrimSpace(text) == "":
		return nil, failf("fromJSON cannot read the text: it is empty")
	}
	return v, m.charge(v)
}
