package engine

import (
	"context"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/exec"
)

// Inspect reads a kept run: where it stands, and its history.
func (r *Runner) Inspect(ctx context.Context, id string) (*document.Run, error) {
	p, spec, err := r.keptRun(ctx, id)
	if err != nil {
		return nil, err
	}
	state, err := r.o.Runtime.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	events, err := r.o.Runtime.History(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	run := p.document(state, events)
	run.Source, run.SourceChanged = spec.Source, sourceChanged(spec)
	run.Started, run.Updated, run.Driven = state.Started, state.Updated, state.Driven
	run.Title, run.Labels, run.Servers = state.Title, state.Labels, p.servers(ctx)
	if run.Inputs, err = decodeInputs(spec.Input); err != nil {
		return nil, err
	}
	run.SensitiveInputs = p.sensitiveInputs()
	if !state.Due.IsZero() && !state.Status.Ended() {
		run.Due = &state.Due
	}
	run.Parked = state.Parked
	for _, e := range events {
		run.Events = append(run.Events, EventOf(e))
	}
	return run, nil
}

// document is the run document of a run that this process did not execute.
func (p *linked) document(state durable.State, events []durable.Event) *Result {
	if len(state.Doc) > 0 {
		if res, err := document.Kept(state.Doc); err == nil {
			p.annotate(res, res.Outputs)
			res.Mock = p.set.Mock
			if res.Error != nil && (res.Status == durable.StatusFailed || res.Status == durable.StatusTimedOut) {
				res.Error.Next.Kind = document.NextRetry
			}
			return res
		}
	}
	res := &Result{Run: state.ID, Capability: p.Name(), Mock: p.set.Mock, Status: state.Status, Outputs: map[string]any{}, Steps: p.progress(events)}
	p.annotate(res, res.Outputs)
	if state.Status == durable.StatusCancelled {
		res.Error = &document.Error{Code: exec.CodeInterrupted, Message: "the run was cancelled"}
	}
	if w := state.Waiting; w != nil {
		p.parked(res, w)
	}
	return res
}

// parked adds to a document why its run is parked. A timer is no event, so the
// history alone does not show that a step waits for one.
func (p *linked) parked(res *Result, w *durable.Suspended) {
	r := p.newRunning(res.Run, &RunOptions{})
	status := durable.StatusWaiting
	if w.Reason == durable.ReasonInDoubt {
		res.Error, status = r.info(w), durable.StatusInDoubt
	} else {
		res.Waiting = r.waiting(w)
	}
	for i := range res.Steps {
		if res.Steps[i].ID == stepID(w.Path) {
			res.Steps[i].Status = status
		}
	}
}

// annotate adds two things that a document does not carry: the order of the outputs and
// which of them are secret.
func (p *Program) annotate(res *Result, known map[string]any) {
	res.OutputNames = p.outputNames(known)
	for _, o := range p.plan.Outcome.Parts() {
		if o.Sensitive {
			res.Hide(o.Name)
		}
	}
}

// progress returns how each step stands by the history.
func (p *Program) progress(events []durable.Event) []document.StepRun {
	steps := make([]document.StepRun, len(p.plan.Steps))
	number := map[string]int{}
	for i, s := range p.plan.Steps {
		steps[i] = document.StepRun{ID: s.ID, Status: durable.StatusPending}
		number[s.ID] = i
	}
	reached := map[int]bool{}
	for _, e := range events {
		i, known := number[stepID(e.Step)]
		if !known {
			continue
		}
		reached[i] = reached[i] || e.Kind != durable.EventSignal // which may come early
		step, d := &steps[i], e.Detail
		switch e.Kind {
		case durable.EventIntent, durable.EventPoll, durable.EventTimer, durable.EventNotBefore, durable.EventRetry:
			step.Status = durable.StatusRunning
			step.Attempts = max(step.Attempts, d.Tries)
			if e.Kind == durable.EventRetry {
				step.Attempts = max(step.Attempts, e.Attempt)
			}
		case durable.EventDone:
			step.Status, step.Error = durable.StatusSucceeded, nil
			step.HTTPStatus, step.Attempts, step.DurationMS = exec.Figures(d.Result)
		case durable.EventWaiting:
			step.Status = durable.StatusWaiting
			if d.Reason == durable.ReasonInDoubt {
				step.Status = durable.StatusInDoubt
				step.Attempts = max(step.Attempts, e.Attempt, 1) // it was sent, or there would be no doubt
			}
		case durable.EventFailed, durable.EventUnusable:
			step.Status = durable.StatusFailed
			step.Error = &document.Error{Step: e.Step, Message: d.Error}
		case durable.EventSettled:
			step.Status, step.Error = durable.StatusPending, nil
			if *d.Happened {
				step.Status = durable.StatusSucceeded
			}
		case durable.EventSignal:
			if step.Status != durable.StatusSucceeded {
				step.Status = durable.StatusPending
			}
		}
	}
	p.passed(steps, reached)
	return steps
}

// passed gives steps their status that left no event and come before one that
// did: those whose condition was false, and those that had nothing to keep (a
// lookup, a script, an empty `each`).
func (p *Program) passed(steps []document.StepRun, reached map[int]bool) {
	later := false
	for i := len(steps) - 1; i >= 0; i-- {
		if later && !reached[i] {
			steps[i].Status = durable.StatusSucceeded
			if p.plan.Steps[i].When != nil {
				steps[i].Status = durable.StatusSkipped
			}
		}
		later = later || reached[i]
	}
}

// EventOf returns an event of a run's history as documents show it, without its
// arguments and results.
func EventOf(e durable.Event) durable.Event {
	if e.Kind == durable.EventDone {
		e.HTTPStatus, _, e.DurationMS = exec.Figures(e.Detail.Result)
	}
	e.Detail = durable.Detail{}
	return e
}
