package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

// InputError lists everything wrong with the inputs of a run.
type InputError struct{ Problems []InputProblem }

// InputProblem is one of them.
type InputProblem struct {
	Name    string `json:"name,omitempty"` // as given
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Missing bool   `json:"-"` // no value was given, and the run needs one
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

// CheckInputs checks the inputs against their declarations, and against the documents of
// the APIs where a step sends one unchanged, and returns them as a run sees them: defaults
// filled in, numbers and slices in their JSON-like form. A step with a condition counts
// where the inputs alone make it true. The error is an *[InputError] with every problem.
func (p *Program) CheckInputs(in Inputs) (Inputs, error) {
	e := &InputError{}
	out := make(Inputs, len(p.plan.Inputs))
	names, known := make([]string, 0, len(p.plan.Inputs)), 0
	for _, want := range p.plan.Inputs {
		names = append(names, want.Name)
		v, given := in[want.Name]
		if given {
			known++
		}
		switch {
		case given:
			checkInput(e, out, want, v)
		case want.Required:
			e.missing(want.Name, hintOf(want.Description), "input %q (%s) is missing", want.Name, want.Type)
		case want.Default != nil:
			out[want.Name] = want.Default()
		case want.Null:
			out[want.Name] = nil
		}
		if s := want.Listed; s != nil && !want.Required && out[want.Name] == nil && !e.has(want.Name) {
			e.missing(want.Name, hintOf(want.About()), "input %q (%s) is missing: step %q is executed once for each of its items", want.Name, want.Type, s.ID)
		}
	}
	for _, want := range p.plan.Inputs {
		checkFeeds(e, want, out)
	}
	if known < len(in) {
		for _, name := range slices.Sorted(maps.Keys(in)) {
			if !slices.Contains(names, name) {
				e.unknown(name, names)
			}
		}
	}
	if len(e.Problems) > 0 {
		return nil, e
	}
	return out, nil
}

func checkInput(e *InputError, out Inputs, want *plan.Input, v any) {
	name := want.Name
	plain, err := plain(v)
	if err != nil {
		e.add(name, "", "input %q cannot be written as JSON: %v", name, err)
		return
	}
	if want.Convert {
		plain = converted(plain, want.Schema)
	}
	out[name] = plain
	if plain == nil && !want.Required {
		return
	}
	for _, violation := range check.Value(want.Schema, plain) {
		e.add(name, "", "input %q: %s", name, textOf(violation))
	}
	if want.Filled && plain == "" {
		e.add(name, "", "input %q is empty", name)
	}
}

// checkFeeds holds an input against every place that it is sent to unchanged. One that is
// wrong by its own declaration is reported for that alone.
func checkFeeds(e *InputError, want *plan.Input, out Inputs) {
	v := out[want.Name]
	if v == nil || e.has(want.Name) {
		return
	}
	var all refusals
	for _, f := range want.Feeds {
		violations := f.Refuses(v)
		if len(violations) == 0 || !f.Applies(context.Background(), out) {
			continue
		}
		for _, violation := range violations {
			all.add(f, textOf(violation), f.Meant(v, violation))
		}
	}
	for _, r := range all {
		e.add(want.Name, r.hint, "input %q: %s; %s", want.Name, r.message, r.places())
	}
}

// refusal is a fault of an input, with the places that refuse it for that.
type refusal struct {
	message, hint string
	feeds         []*plan.Feed
}

type refusals []*refusal

func (all *refusals) add(f *plan.Feed, message, hint string) {
	i := slices.IndexFunc(*all, func(r *refusal) bool { return r.message == message })
	if i < 0 {
		i = len(*all)
		*all = append(*all, &refusal{message: message, hint: hint})
	}
	(*all)[i].feeds = append((*all)[i].feeds, f)
}

// places names the steps that send the input, and what they send it as.
func (r *refusal) places() string {
	var as []string
	steps := map[string][]string{}
	for _, f := range r.feeds {
		if steps[f.To] == nil {
			as = append(as, f.To)
		}
		steps[f.To] = append(steps[f.To], strconv.Quote(f.Step.ID))
	}
	for i, to := range as {
		if ids := steps[to]; len(ids) > 1 {
			as[i] = stepsOf(ids) + " send it as " + to
		} else {
			as[i] = stepsOf(ids) + " sends it as " + to
		}
	}
	return strings.Join(as, "; ")
}

// textOf writes a violation as the rest of a sentence about the value.
func textOf(v operations.Violation) string {
	return strings.TrimSpace(plan.Dotted(v.Path) + " " + v.Message)
}

// has reports whether there is a problem of a name.
func (e *InputError) has(name string) bool {
	return slices.ContainsFunc(e.Problems, func(p InputProblem) bool { return p.Name == name })
}

func (e *InputError) add(name, hint, format string, args ...any) {
	e.Problems = append(e.Problems, InputProblem{Name: name, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (e *InputError) missing(name, hint, format string, args ...any) {
	e.add(name, hint, format, args...)
	e.Problems[len(e.Problems)-1].Missing = true
}

// unknown adds a name that no input has. An input that is missing and was meant by it is
// no problem of its own.
func (e *InputError) unknown(name string, names []string) {
	meant := suggest.Closest(name, names)
	e.Problems = slices.DeleteFunc(e.Problems, func(p InputProblem) bool { return p.Missing && p.Name == meant })
	e.add(name, unknownInputHint(name, names), "there is no input %q", name)
}

func hintOf(description string) string {
	if description == "" {
		return ""
	}
	return "it is: " + description
}

func unknownInputHint(name string, names []string) string {
	return cmp.Or(suggest.Hint(name, "the inputs are ", names), "the capability takes none")
}

// plain turns any JSON-like Go value into the form expressions work on: nil,
// bool, int, float64, string, []any, map[string]any.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, string:
		return v, nil
	}
	data, err := encoded(v)
	if err != nil {
		return nil, err
	}
	return jsonvalue.DecodeInput(data)
}

// encoded writes a value of the program that embeds this one as JSON. Its errors name
// no Go types.
func encoded(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	var kind *json.UnsupportedTypeError
	var value *json.UnsupportedValueError
	var own *json.MarshalerError
	switch {
	case errors.As(err, &kind):
		return nil, errors.New("it holds something that is no data")
	case errors.As(err, &value) && value.Value.Kind() != reflect.Float32 && value.Value.Kind() != reflect.Float64:
		return nil, errors.New("it holds itself")
	case errors.As(err, &value):
		return nil, fmt.Errorf("it holds %s, which is no JSON number", value.Str)
	case errors.As(err, &own):
		return nil, fmt.Errorf("it holds a value that writes itself, and fails: %w", own.Unwrap())
	case err != nil:
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return data, nil
}

// converted brings a value of a flow's input to the declared type where it
// plainly stands for one: requests bring text, and models bring numbers for
// text. A value that cannot be converted is left for the check to refuse.
func converted(v any, s *operations.Schema) any {
	if v == nil || s == nil || len(s.Types) != 1 {
		return v
	}
	text, isText := v.(string)
	switch want := s.Types[0]; {
	case want == "string" && !isText:
		if out, err := eval.TextOf(v); err == nil {
			return out
		}
	case want == "array" && isText && !strings.HasPrefix(strings.TrimSpace(text), "["):
		return v
	case want != "string" && isText && json.Valid([]byte(text)):
		if out, err := jsonvalue.Decode([]byte(text)); err == nil {
			return out
		}
	}
	return v
}

// Input is an input of a program, for faces that gather its value.
type Input struct {
	Name        string
	Description string
	Required    bool
	// In is where a REST request brings the value: path, query, header, cookie
	// or body; "" for anywhere.
	In   string
	Type string // JSON type, "" for any
	// At finds the value in a REST request's JSON body; nil means the member
	// of the input's name.
	At func(body any) (value any, found bool)
}

// Inputs returns the program's inputs in the file's order; those that the file
// uses without declaring come last.
func (p *Program) Inputs() []Input {
	out := make([]Input, 0, len(p.plan.Inputs))
	for _, in := range p.plan.Inputs {
		x := Input{Name: in.Name, Description: in.Description, Required: in.Required, In: in.In}
		if in.Schema != nil && len(in.Schema.Types) == 1 {
			x.Type = in.Schema.Types[0]
		}
		if in.At != nil {
			x.At = in.At.Get
		}
		out = append(out, x)
	}
	return out
}
