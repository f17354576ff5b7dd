package engine

import (
	"encoding/json"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

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
