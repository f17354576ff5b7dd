package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations/check"
)

// InputError lists everything wrong with the inputs of a run.
type InputError struct{ Problems []InputProblem }

// InputProblem is one of them.
type InputProblem struct {
	Name    string // input name as given
	Message string
	Hint    string
}

func (e *InputError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// String returns the message and the hint on one line.
func (p InputProblem) String() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "; " + p.Hint
}

// CheckInputs checks the inputs against their declarations and returns
// them as a run sees them: defaults filled in, numbers and slices in their
// JSON-like form. The error is an *[InputError] with every problem.
func (p *Program) CheckInputs(in Inputs) (Inputs, error) {
	e := &InputError{}
	out := make(Inputs, len(p.plan.Inputs))
	var names []string
	for _, want := range p.plan.Inputs {
		names = append(names, want.Name)
		v, given := in[want.Name]
		switch {
		case given:
			p.checkInput(e, out, want.Name, v)
		case want.Required:
			e.add(want.Name, hintOf(want.Description), "input %q (%s) is missing", want.Name, want.Type)
		case want.HasDefault:
			out[want.Name] = want.Default
		case want.Null:
			out[want.Name] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.Contains(names, name) {
			e.add(name, unknownInputHint(name, names), "there is no input %q", name)
		}
	}
	if len(e.Problems) > 0 {
		return nil, e
	}
	return out, nil
}

func (p *Program) checkInput(e *InputError, out Inputs, name string, v any) {
	plain, err := plain(v)
	if err != nil {
		e.add(name, "", "input %q cannot be written as JSON: %v", name, err)
		return
	}
	for _, want := range p.plan.Inputs {
		if want.Name != name {
			continue
		}
		if want.Convert {
			plain = converted(plain, want.Schema)
		}
		if plain == nil && !want.Required {
			break
		}
		for _, violation := range check.Value(want.Schema, plain) {
			e.add(name, "", "input %q: %s", name, strings.TrimSpace(violation.Path+" "+violation.Message))
		}
		if want.Filled && plain == "" {
			e.add(name, "", "input %q is empty", name)
		}
	}
	out[name] = plain
}

func (e *InputError) add(name, hint, format string, args ...any) {
	e.Problems = append(e.Problems, InputProblem{Name: name, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func hintOf(description string) string {
	if description == "" {
		return ""
	}
	return "it is: " + description
}

func unknownInputHint(name string, names []string) string {
	if near := suggest.Closest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return "the capability takes none"
	}
	return "the inputs are " + strings.Join(names, ", ")
}

// plain turns any JSON-like Go value into the form expressions work on: nil,
// bool, int, float64, string, []any, map[string]any.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, string:
		return v, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		var unsupported *json.UnsupportedTypeError
		if errors.As(err, &unsupported) {
			return nil, errors.New("it holds something that is no data")
		}
		return nil, err
	}
	return jsonvalue.DecodeInput(data)
}
