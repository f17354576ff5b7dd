package main

import (
	"context"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// stopping answers the first Ctrl-C of a run: at once where the run does not end
// at once.
func (t *attendant) stopping() {
	step := t.show.Writing()
	if step == "" {
		return
	}
	t.show.Hold()
	defer t.show.Release()
	t.app.complain("stopping: the request of step %q is in flight and gets a few seconds to finish; Ctrl-C again ends at once", step)
}

// leave reports where a run stands that the second Ctrl-C ends, and how to go on.
func (t *attendant) leave() {
	t.show.Hold()
	res := t.standing()
	if !t.app.wantsText() {
		_ = t.app.printDocument(res) // the process ends in any case
	}
	t.app.complain("%s: %s", res.Capability, res.Error.Message)
	if res.Run != "" {
		t.app.complain("run %s", res.Run)
	}
	if res.Error.Hint != "" {
		t.app.complain("%s", res.Error.Hint)
	}
}

// standing is the document of the run as it is being left.
func (t *attendant) standing() *engine.Result {
	t.mu.Lock()
	run := t.run
	t.mu.Unlock()
	res := &engine.Result{Run: run, Capability: t.capability}
	if t.rt != nil && run != "" {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // the runtime may be hanging
		defer cancel()
		if kept, err := looker(t.rt).Inspect(ctx, run); err == nil {
			res = kept.Brief()
		}
	}
	res.Status = durable.StatusCancelled
	res.Error = &document.Error{Code: codeInterrupted, Message: "the run was interrupted"}
	if step := t.show.Writing(); step != "" {
		res.Error.Step = step
		res.Error.Message += fmt.Sprintf(" while the request of step %q was in flight; it may have taken effect", step)
	}
	if t.rt != nil && run != "" {
		res.Error.Next.Kind = document.NextResume
	}
	return t.app.tidyResult(res)
}
