package temporal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// worker is this process's part in executing runs: one poller for workflows on the queue
// that all workers share, one for the calls of the workflows that are executed here.
type worker struct {
	workflows, calls sdk.Worker

	once   sync.Once
	failed chan struct{} // closed when the worker ended because the server refuses it
	err    error         // why it does
}

// work makes this process a worker until stop is called as often.
func (r *Runtime) work(parallel int) (w *worker, stop func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.worker == nil {
		if r.worker, err = r.newWorker(parallel); err != nil {
			return nil, nil, err
		}
	}
	r.working++
	return r.worker, func() {
		r.mu.Lock()
		r.working--
		r.mu.Unlock()
		time.AfterFunc(linger, func() { r.stop(false) })
	}, nil
}

// linger is how long a worker outlives the last Drive: another one may follow.
const linger = 2 * time.Second

// stop ends the worker of this process, where nothing needs it any more or always. The
// channels are closed once it executes no workflows.
func (r *Runtime) stop(always bool, gone ...chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.worker
	if !always && r.working > 0 {
		w = nil
	}
	if w != nil {
		r.worker = nil
		w.workflows.Stop()
	}
	for _, c := range gone {
		close(c)
	}
	if w != nil {
		w.calls.Stop()
	}
}

// fails ends a worker that the server refuses, and what needs it.
func (r *Runtime) fails(w *worker, cause error) {
	w.once.Do(func() {
		r.o.Log.Error("the worker ended", "error", cause)
		r.mu.Lock()
		if r.worker == w {
			r.worker = nil
		}
		r.mu.Unlock()
		w.workflows.Stop()
		w.calls.Stop()
		w.err = fmt.Errorf("the worker ended: %w", r.failure(cause))
		close(w.failed)
	})
}

// grace is how long calls may take to finish when a worker stops.
const grace = 10 * time.Second

func (r *Runtime) newWorker(parallel int) (*worker, error) {
	d, queue := r.desk, r.o.TaskQueue+"@"+newID()
	d.hands(queue)
	w := &worker{failed: make(chan struct{})}
	fails := func(err error) { r.fails(w, err) }
	sdk.SetStickyWorkflowCacheSize(r.o.CachedRuns)
	w.workflows = sdk.New(r.c, r.o.TaskQueue, sdk.Options{
		LocalActivityWorkerOnly: true, StickyScheduleToStartTimeout: 2 * time.Second, DeadlockDetectionTimeout: time.Minute,
		DisablePayloadErrorLimit: true, // the client may make payloads smaller; see desk.fits
		OnFatalError:             fails,
	})
	w.calls = sdk.New(r.c, queue, sdk.Options{
		DisableWorkflowWorker: true, DisablePayloadErrorLimit: true, MaxConcurrentActivityExecutionSize: parallel, WorkerStopTimeout: grace,
		MaxHeartbeatThrottleInterval: heartbeatEvery, DefaultHeartbeatThrottleInterval: heartbeatEvery,
		OnFatalError: fails,
	})
	w.workflows.RegisterWorkflowWithOptions(d.run, workflow.RegisterOptions{Name: workflowName})
	w.calls.RegisterDynamicActivity(d.call, activity.DynamicRegisterOptions{})
	if err := w.calls.Start(); err != nil {
		return nil, fmt.Errorf("temporal: the worker cannot start: %w", err)
	}
	if err := w.workflows.Start(); err != nil {
		w.calls.Stop()
		return nil, fmt.Errorf("temporal: the worker cannot start: %w", err)
	}
	return w, nil
}

// defaultParallel is how many calls a worker performs at once by default.
const defaultParallel = 64

// Serve implements durable.Runtime: the process is a worker of the task queue until ctx
// ends, or the server refuses it: the namespace is gone, say. o.Parallel bounds the calls that
// it performs at once.
func (r *Runtime) Serve(ctx context.Context, exec durable.Executor, o durable.ServeOptions) error {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	if r.o.Follow {
		<-ctx.Done()
		return nil
	}
	r.desk.serve(exec, o.Ended)
	defer r.desk.serve(nil, nil)
	w, stop, err := r.work(o.Parallel)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-w.failed:
		err = w.err
	}
	stop()
	r.stop(false)
	return err
}

// serve sets what executes runs here that no Drive of this process does.
func (d *desk) serve(exec durable.Executor, ended func(durable.State)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.serving, d.ended = exec, ended
}

// Drive implements durable.Runtime.
func (r *Runtime) Drive(ctx context.Context, id string, exec durable.Executor, o durable.DriveOptions) (durable.State, error) {
	f, err := r.fold(ctx, id)
	if err != nil {
		return durable.State{}, err
	}
	if f.book.Run.Row.Status.Ended() {
		return f.book.State(), nil
	}
	if r.desk.driven(r.workflowID(id)) {
		return durable.State{}, fmt.Errorf("run %q: %w", id, durable.ErrBusy)
	}
	if r.o.Follow || exec == nil {
		return r.ask(ctx, id, o, f)
	}
	wish := r.wish(o.MaxBlock, o.Park)
	by := &driving{exec: exec, ctx: ctx, over: make(chan struct{}), gone: make(chan struct{})}
	run := r.workflowID(id)
	if !r.desk.drive(run, by) {
		return durable.State{}, fmt.Errorf("run %q: %w", id, durable.ErrBusy)
	}
	defer r.desk.drive(run, nil)
	if err := r.say(ctx, id, said{At: wish.Now, Drive: &wish}); err != nil {
		return durable.State{}, err
	}
	w, stop, err := r.work(defaultParallel)
	if err != nil {
		return durable.State{}, err
	}
	var s durable.State
	followed := make(chan error, 1)
	following, cancel := context.WithCancel(ctx)
	go func() {
		var err error
		s, err = r.follow(following, id, o, func(f *fold) bool { return f.drive == wish.ID })
		followed <- err
	}()
	select {
	case err = <-followed:
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	case <-by.over:
		cancel()
		<-followed
		err = by.err
	case <-w.failed:
		cancel()
		<-followed
		err = w.err
	}
	cancel()
	stop()
	if by.panic != nil {
		r.stop(true, by.gone) // nothing of the run goes on here
		panic(by.panic)
	}
	if err != nil {
		r.stop(false)
		if now, e := r.Get(context.WithoutCancel(ctx), id); e == nil {
			s = now
		}
	}
	return s, err
}

// wish asks for an execution.
func (r *Runtime) wish(maxBlock time.Duration, park bool) drive {
	return drive{ID: newID(), MaxBlock: maxBlock, Park: park, Now: r.clock(), Manual: r.o.Now != nil}
}

// drive begins or ends a Drive of a run here; false: there is one.
func (d *desk) drive(run string, by *driving) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if by == nil {
		delete(d.drives, run)
		return true
	}
	if d.drives[run] != nil {
		return false
	}
	d.drives[run] = by
	return true
}

// ask has the workers execute a run, and follows them. They do so by themselves with a run
// that is due; one that is in doubt, or is parked or to be parked, they are asked for.
func (r *Runtime) ask(ctx context.Context, id string, o durable.DriveOptions, f *fold) (durable.State, error) {
	if row := f.book.Run.Row; row.Status != durable.StatusInDoubt && !row.Parked() && !o.Park {
		return r.follow(ctx, id, o, func(*fold) bool { return true })
	}
	before := f.drive
	wish := r.wish(max(o.MaxBlock, 0), o.Park)
	if err := r.say(ctx, id, said{At: wish.Now, Drive: &wish}); err != nil {
		return durable.State{}, err
	}
	// Another Drive may be answered in place of this one.
	return r.follow(ctx, id, o, func(f *fold) bool { return f.drive != before })
}

// follow waits until a run ended, or came to rest once over holds.
func (r *Runtime) follow(ctx context.Context, id string, o durable.DriveOptions, over func(*fold) bool) (durable.State, error) {
	block := o.MaxBlock
	if block == 0 {
		block = blockByDefault
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var f *fold
	var closed <-chan struct{}
	var last standing
	for pause := followEvery; ; pause = min(2*pause, followAtMost) {
		if now, err := r.standing(ctx, id); err != nil || now != last {
			if f, err = r.fold(ctx, id); err != nil {
				return durable.State{}, err
			}
			if now.execution != last.execution {
				closed, pause = r.closes(ctx, id, now.execution), followEvery
			}
			last = now
		}
		if s := r.state(f); s.Status.Ended() || over(f) && f.atRest(block, r.clock()) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return r.state(f), context.Cause(ctx)
		case <-closed:
			closed = nil
		case <-time.After(pause):
		}
	}
}

// followEvery is how soon follow looks again. Each look is twice as late as the one before,
// up to followAtMost; it looks at once where a history ends, as it does where a run rests.
const (
	followEvery  = 50 * time.Millisecond
	followAtMost = time.Second
)

// atRest reports whether the run waits for longer than a Drive may.
func (f *fold) atRest(block time.Duration, now time.Time) bool {
	r := f.book.Run.Row
	switch {
	case block < 0:
		return r.Status == durable.StatusInDoubt && r.Due.IsZero()
	case r.Status == durable.StatusRunning:
		return f.drive != "" && r.Due.After(now.Add(block))
	case r.Waiting != nil && r.Waiting.Reason == durable.ReasonTimer:
		if next := f.nextLook(now); !next.IsZero() {
			return next.Sub(now) > block
		}
		return r.Due.Sub(now) > block
	}
	return r.Status == durable.StatusWaiting || r.Status == durable.StatusInDoubt
}

// Run implements durable.Runtime.
func (r *Runtime) Run(ctx context.Context, spec durable.Spec, exec durable.Executor, o durable.DriveOptions, signals ...durable.Signal) (durable.State, error) {
	if err := context.Cause(ctx); err != nil {
		return durable.State{}, err
	}
	if err := r.Start(ctx, spec, signals...); err != nil {
		return durable.State{}, err
	}
	return r.Drive(ctx, spec.ID, exec, o)
}
