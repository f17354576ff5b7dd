package exec

import (
	"context"
	"net/http"

	"github.com/capstan-run/capstan/engine/durable"
)

// probe looks up what became of a write whose answer was lost. The answer of
// the probe's operation stands for the one that was lost; 404 means that
// nothing came of it.
func (c *call) probe(ctx context.Context) (durable.Result, bool, error) {
	looked := *c.s
	looked.Op, looked.Binds, looked.Guards, looked.KeyHeader = c.s.Probe.Op, c.s.Probe.Binds, nil, ""
	req, err := c.request(ctx, &looked, c.path, c.vars)
	if err != nil {
		return nil, false, err
	}
	p := &call{run: c.run, s: &looked, path: c.path, req: req, vars: c.vars, rec: c.rec}
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
