package exec

import (
	"context"
	"net/http"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// Record is the account of one step.
type Record struct {
	ID         string
	Status     durable.Status
	Attempts   int
	HTTPStatus int
	Duration   time.Duration
	Err        error
}

// Outcome is the account of a run, complete or not.
type Outcome struct {
	Records []Record
	Outputs map[string]any // those that were reached
	Answer  *Answer        // of a run that came to its end
}

// Answer is the outcome of a complete run as a server passes it on.
type Answer struct {
	Value any
	// Shaped reports that Value has the declared form. Otherwise Media and Body
	// are the last call's answer as it came.
	Shaped bool
	// Status is the HTTP status of the last call, 0 when there was none.
	Status int
	Media  string
	Body   []byte
	Binary bool
	Cap    int64 // bytes that the operation allows of a binary answer, 0 for any
	// Header is [PassedOn] of the last call's answer; a shaped value has no file name.
	Header http.Header
}

// outcome computes the plan's outcome, as far as the run came.
func (r *run) outcome(ctx context.Context, complete bool) error {
	out := &Answer{}
	results := &plan.Results{Env: r.evalEnv(nil), Complete: complete}
	if n := len(r.plan.Steps); n > 0 && complete {
		last := r.plan.Steps[n-1]
		results.Last = r.values[last.ID]
		if k := r.answer; k != nil {
			out.Status, out.Media, out.Header = k.Status, k.Media, k.Header
			if a := last.Operation(); a != nil {
				results.Last = k.Value
				out.Body, out.Binary, out.Cap = k.Raw, a.Answer.Format == plan.Binary, a.Answer.MaxBinary
			}
		}
	}
	y, err := r.plan.Outcome.Eval(ctx, results)
	r.out.Outputs = outputsOf(y.Value)
	if err != nil || !complete {
		return err
	}
	out.Value, out.Shaped = y.Value, y.Shaped
	if y.Media != "" {
		out.Media = y.Media
	}
	if y.Shaped {
		out.Header.Del("Content-Disposition")
	}
	r.out.Answer = out
	return nil
}

// outputsOf is an outcome as named outputs: an object's fields, anything else
// under one name.
func outputsOf(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	if v == nil {
		return map[string]any{}
	}
	return map[string]any{plan.Whole: v}
}
