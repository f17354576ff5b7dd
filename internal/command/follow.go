package command

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// checkRemote refuses flags of a run that are for its execution in this process.
func (f *externalFlags) checkRemote(a *app) error {
	if a.runtimeURL() != "" && len(f.onExternal) > 0 {
		return usage("--on-external: the run is executed by a worker, and the command would run here", "finish the step with: "+a.program()+" resume RUN --done STEP=JSON")
	}
	return nil
}

func (f *resumeFlags) checkRemote(a *app) error {
	if a.runtimeURL() != "" && (f.timeout > 0 || f.perRequest > 0) {
		return usage("--timeout and --request-timeout: workers execute the run, with those that it was started with", "start runs with them: "+a.program()+" run FILE --timeout 30m; to wait for less time, leave with Ctrl-C: workers go on")
	}
	return f.externalFlags.checkRemote(a)
}

// followNew starts a run that workers execute, and follows it.
func (t *attendant) followNew(ctx context.Context, runner *engine.Runner, prog *engine.Program, inputs engine.Inputs, how *engine.RunOptions) (*engine.Result, error) {
	id, err := runner.Start(ctx, prog, inputs, &engine.RunOptions{Done: how.Done, Labels: how.Labels})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.run = id
	t.mu.Unlock()
	return t.follow(ctx, runner, &document.Run{Run: id}, &engine.RunOptions{Stay: how.Stay, Park: how.Park})
}

// follow has workers execute a kept run, and shows what they do until it ends or rests.
func (t *attendant) follow(ctx context.Context, runner *engine.Runner, before *document.Run, how *engine.RunOptions) (*engine.Result, error) {
	last := int64(0)
	for _, e := range before.Events {
		last = max(last, e.Seq)
	}
	t.event(durable.Event{Kind: durable.EventStarted, Run: before.Run})
	watching, stop := context.WithCancel(ctx)
	seen := make(chan int64, 1)
	var missing sync.WaitGroup
	missing.Go(func() { t.missWorkers(watching) })
	go func() { seen <- t.watch(watching, before.Run, last) }()
	res, err := runner.Resume(ctx, before.Run, how)
	stop()
	last = <-seen
	missing.Wait()
	if ctx.Err() != nil {
		t.app.withCommand("left; workers go on with the run. To follow it again:", t.app.command("resume", before.Run))
		return res, err
	}
	if errors.Is(err, durable.ErrUnavailable) {
		t.app.withCommand("workers go on with the run. To follow it again:", t.app.command("resume", before.Run))
		return res, err
	}
	if events, err := t.rt.History(ctx, before.Run, last); err == nil { // what the watch had not seen
		t.happened(before.Run, events)
	}
	return res, err
}

// unattendedAfter is when a run that is followed is said to have no worker: one that has
// just been started is not seen at once.
const unattendedAfter = 3 * time.Second

// missWorkers reports that no worker was seen, unless ctx ends before.
func (t *attendant) missWorkers(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(unattendedAfter):
	}
	if t.app.open.Unattended(ctx) && ctx.Err() == nil {
		t.show.Hold()
		defer t.show.Release()
		t.app.note("no worker has been seen that executes the run; start one with: %s worker", t.app.program())
	}
}

// watch shows the events of a run after the one numbered last, and asks for what it waits
// for, until ctx ends. It returns the number of the last.
func (t *attendant) watch(ctx context.Context, run string, last int64) int64 {
	ch, err := t.rt.Watch(ctx, run, last)
	if err != nil {
		return last // the Resume has the reason
	}
	asked := ""
	for news := range ch {
		t.happened(run, news.Events)
		for _, e := range news.Events {
			last = max(last, e.Seq)
		}
		w := news.State.Waiting
		switch {
		case news.Err != nil:
		case w == nil || w.Reason != durable.ReasonExternal:
			asked = ""
		case t.stay && asked != w.Path:
			asked = w.Path
			_, _ = t.askMeanwhile(ctx, engine.ExternalStep{
				Run: run, Capability: t.capability, Step: w.Path, Description: w.Description, With: w.With, Sensitive: w.Sensitive,
			}) // its answer is sent to the run
		}
	}
	return last
}

// happened shows events of a kept run.
func (t *attendant) happened(run string, events []durable.Event) {
	for _, e := range events {
		if e.Kind != durable.EventStarted {
			e = engine.EventOf(e)
			e.Run = run
			t.event(e)
		}
	}
}
