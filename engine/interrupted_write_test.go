package engine_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/operations"
)

// A write that is answered after its run was stopped took effect, whatever the step's own
// conditions say of the answer: it is not sent again. Where it was the last step, the run
// has come to its end.
func TestAnsweredWhileStopping(t *testing.T) {
	const (
		judged = "  - {id: s, operation: book, with: {name: '{{ inputs.berth }}'}, fail: result.name == \"South\"}\n"
		picked = "  - {id: s, operation: book, with: {name: '{{ inputs.berth }}'}, select: '[result][0]'}\n"
		plain  = "  - {id: s, operation: book, with: {name: '{{ inputs.berth }}'}}\n"
		then   = "  - {id: next, operation: get, with: {id: '{{ s.id }}'}}\n"
		ends   = "outputs:\n  - {name: berth, source: s.id}\n"
	)
	for name, tt := range map[string]struct {
		steps   string
		stopped durable.Status // how the first execution ends
	}{
		"judged, last":          {judged + ends, durable.StatusSucceeded},
		"judged, with another":  {judged + then + ends, durable.StatusCancelled},
		"picked, with another":  {picked + then + ends, durable.StatusCancelled},
		"neither, last":         {plain + ends, durable.StatusSucceeded},
		"neither, with another": {plain + then + ends, durable.StatusCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			p := &jetty{answers: map[string][]any{"book": {201}}}
			prog, o := p.load(t, tt.steps)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stopping := func(c context.Context, req *operations.Request) (*operations.Response, error) {
				defer func() {
					if req.Op.Method == http.MethodPost {
						cancel()
					}
				}()
				return o.Caller(c, req)
			}
			res, err := engine.NewRunner(&engine.Options{Runtime: o.Runtime, Caller: stopping}).Run(ctx, prog.Program, north, nil)
			if res == nil || res.Status != tt.stopped {
				t.Fatalf("the run is %+v: %v", res, err)
			}
			if res.Status != durable.StatusSucceeded {
				res = resumed(t, o, res.Run)
			}
			if n := p.count("book"); n != 1 || res.Status != durable.StatusSucceeded || res.Outputs["berth"] != "berth_1" {
				t.Errorf("sent %d times, the run is %s with %v: %v", n, res.Status, res.Outputs, res.Error)
			}
		})
	}
}
