package exec

import (
	"context"
	"net/http"

	"github.com/capstan-run/capstan/engine/durable"
)

// probe looks up the outcome of a write that lost its answer. The answer of
// the probe's operation stands for the one that was lost; 404 means that
// nothing came of it.
func (c *call) probe(ctx context.Context) (durable.Result, bool, error) {
	looked := *c.a
	looked.Op, looked.Binds, looked.Body, looked.Guards, looked.KeyHeader = c.a.Probe.Op, c.a.Probe.Binds, nil, nil, ""
	req, err := c.request(ctx, &looked)
	if err != nil {
		return nil, false, err
	}
	p := &call{turn: c.turn, a: &looked, req: req}
	k, err := p.exchange(ctx, 0)
	if notFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if err := p.judge(ctx, k); err != nil {
		return nil, false, err
	}
	return k, true, nil
}

func notFound(err error) bool {
	step, ok := err.(*StepError)
	return ok && step.Status == http.StatusNotFound
}
