package command

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// resumeAtOnce is how many runs resume --all executes at a time.
const resumeAtOnce = 16

// checkAll refuses flags that are about one run.
func (f *resumeFlags) checkAll() error {
	switch {
	case f.all && len(f.done) > 0:
		return usagef("--done says something to one run: name it")
	case f.all && len(f.inputs.values)+len(f.inputs.files) > 0:
		return usagef("-i corrects one run: name it")
	case f.all && f.park:
		return usagef("--all takes up what is due, which parked runs never are: name the run to --park")
	case f.all && f.wait:
		return usagef("--all takes up what is due and ends; it does not --wait")
	}
	return nil
}

// resumeAll takes up every run that is due now. Runs that fall due meanwhile are
// left to the next call.
func (a *app) resumeAll(ctx context.Context, rt durable.Runtime, hooks map[string]engine.ExternalHandler, f *resumeFlags) error {
	due, err := rt.List(ctx, durable.Filter{Due: time.Now()})
	if err != nil {
		return err
	}
	slices.Reverse(due) // oldest first
	s := &sweep{app: a, runner: engine.NewRunner(&engine.Options{External: whereAsked(hooks), Runtime: rt, Log: a.logger()}), how: engine.RunOptions{Timeout: f.timeout, RequestTimeout: f.perRequest}, docs: make([]*engine.Result, len(due))}
	defer a.io.Interrupts.During(s.stopping, nil)()
	s.run(ctx, due)
	return s.finish(ctx)
}

// sweep is one resume --all.
type sweep struct {
	app    *app
	runner *engine.Runner
	how    engine.RunOptions

	mu     sync.Mutex
	docs   []*engine.Result // in the order of the runs; nil: not executed here
	failed bool
}

// whereAsked returns handlers for runs that may not have all of their steps.
func whereAsked(hooks map[string]engine.ExternalHandler) map[string]engine.ExternalHandler {
	return map[string]engine.ExternalHandler{"": func(ctx context.Context, step engine.ExternalStep) (any, error) {
		if hook := hooks[step.Step]; hook != nil {
			return hook(ctx, step)
		}
		return nil, engine.ErrNotDone
	}}
}

func (s *sweep) run(ctx context.Context, due []durable.State) {
	places := make(chan struct{}, resumeAtOnce)
	var runs sync.WaitGroup
	for i, state := range due {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		runs.Go(func() {
			s.one(ctx, i, state)
			<-places
		})
	}
	runs.Wait()
}

func (s *sweep) one(ctx context.Context, i int, state durable.State) {
	var res *engine.Result
	err := durable.ErrBusy
	if !state.Driven {
		res, err = s.runner.Resume(ctx, state.ID, &s.how)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, durable.ErrBusy):
		s.app.note("%s: another process drives it", state.ID)
	case res == nil:
		s.failed = true
		s.app.complain("%s: %s", state.ID, term.Printable(err.Error()))
	default:
		s.docs[i] = s.app.worded(res)
		s.ended(res, err)
	}
}

// stopping answers the first Ctrl-C.
func (s *sweep) stopping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app.note("stopping: requests in flight get a few seconds to finish; Ctrl-C again ends at once")
}

// ended reports a run that was executed here.
func (s *sweep) ended(res *engine.Result, err error) {
	code := exitCode(err)
	s.failed = s.failed || code != exitDone && code != exitWaiting
	if s.app.wantsText() {
		s.app.printf("%s\n", outcome(res))
	}
	if code == exitFailed && res.Status != durable.StatusFailed { // the runtime failed, not the run itself
		s.app.complain("%s: %s", res.Run, term.Printable(err.Error()))
	}
}

// finish prints the document for a machine, and decides how the command ends.
func (s *sweep) finish(ctx context.Context) error {
	s.docs = slices.DeleteFunc(s.docs, func(r *engine.Result) bool { return r == nil })
	if !s.app.wantsText() {
		if err := s.app.printDocument(s.docs); err != nil {
			return err
		}
	} else if len(s.docs) == 0 && !s.failed {
		s.app.note("nothing was due")
	}
	switch {
	case ctx.Err() != nil:
		return silent(exitInterrupted)
	case s.failed:
		return silent(exitFailed)
	}
	return nil
}

// outcome describes in one line where a run stands.
func outcome(r *engine.Result) string {
	line := r.Run + "  " + r.Capability + "  " + string(r.Status)
	switch {
	case r.Next().Kind == document.NextWait:
		line += ": step \"" + r.Waiting.Step + "\", " + r.Waiting.Description
	case r.Waiting != nil:
		line += ": step \"" + r.Waiting.Step + "\" is to be done by somebody else"
	case r.Error != nil && r.Error.Step != "":
		line += ": step \"" + r.Error.Step + "\": " + r.Error.Message
	case r.Error != nil:
		line += ": " + r.Error.Message
	}
	return term.OneLine(line)
}
