// Package live keeps the runs of served capabilities going, starts them for
// callers and sends their news: the one place behind every face of them (REST,
// MCP), so that a run started on one is followed and finished on another. Start
// with [New].
package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// Options shape a Runs. Programs and Runner are needed.
type Options struct {
	// Programs are served. Their names differ.
	Programs []*engine.Program
	// Runner is the outside of the runs, with the Runtime that keeps them. Other
	// processes may share the Runtime.
	Runner *engine.Runner
	// Parallel is how many runs are executed at once; the others wait for their
	// turn. 0 means 64.
	Parallel int
	// NoDrive leaves the executing of runs to another process, or to a Serve of the
	// caller's own.
	NoDrive bool
	// Log gets the failures in the background; nil logs nothing.
	Log *slog.Logger
}

// Runs are the runs of served capabilities. It is safe for concurrent use.
type Runs struct {
	programs atomic.Pointer[[]*engine.Program]
	runner   *engine.Runner
	rt       durable.Runtime // of the runner
	log      *slog.Logger
	stats    stats
	kept     kept

	stop   context.CancelFunc
	closed context.Context // ends with Close
	driver chan struct{}   // closed when the driver has returned
	err    error           // of the driver, once it has returned
}

// New returns the runs that the Runtime of o.Runner keeps, and goes on with those that
// are due, in the background until Close.
func New(o Options) (*Runs, error) {
	if o.Runner == nil || o.Runner.Runtime() == nil {
		return nil, errors.New("served capabilities need a runtime that keeps their runs")
	}
	r := &Runs{
		runner: o.Runner, rt: o.Runner.Runtime(), log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		driver: make(chan struct{}),
	}
	if err := r.Replace(o.Programs); err != nil {
		return nil, err
	}
	r.closed, r.stop = context.WithCancel(context.Background())
	if o.NoDrive {
		close(r.driver)
		return r, nil
	}
	go r.drive(durable.ServeOptions{Parallel: o.Parallel, Ended: r.stats.end})
	return r, nil
}

// drive executes the runs that are due until Close.
func (r *Runs) drive(so durable.ServeOptions) {
	defer close(r.driver)
	r.err = r.runner.Serve(r.closed, so)
	if r.closed.Err() == nil {
		r.err = cmp.Or(r.err, errors.New("it returned"))
		r.log.Error("runs are not executed any more", "error", r.err)
	}
}

// Close stops executing runs: between steps, a write under way is given a few
// seconds. The others stay due, here after a restart or elsewhere. Close
// returns when nothing is left running; it does not close the Runtime.
func (r *Runs) Close() error {
	r.stop()
	<-r.driver
	return r.err
}

// Closed ends when Close is called.
func (r *Runs) Closed() <-chan struct{} { return r.closed.Done() }

// Ready reports why runs cannot be started or go on now, nil when they can. A
// write that failed counts until one succeeds, for a minute at most.
func (r *Runs) Ready(ctx context.Context) error {
	if r.closed.Err() != nil {
		return ErrClosed
	}
	select {
	case <-r.driver:
		if r.err != nil {
			return fmt.Errorf("runs are not executed: %w", r.err)
		}
	default:
	}
	if _, err := r.rt.List(ctx, durable.Filter{Limit: 1}); err != nil {
		return fmt.Errorf("runs cannot be read: %w", err)
	}
	return r.kept.doubt()
}

// Replace serves these programs from now on. Runs that are under way go on as they
// began. When two programs have one name, the served ones stay.
func (r *Runs) Replace(programs []*engine.Program) error {
	names := map[string]bool{}
	for _, p := range programs {
		if names[p.Name()] {
			return fmt.Errorf("two capabilities are called %q: rename the file of one", p.Name())
		}
		names[p.Name()] = true
	}
	own := slices.Clone(programs)
	r.programs.Store(&own)
	return nil
}

// Programs returns the served programs, in the order given to New or Replace. The
// caller must not change the list.
func (r *Runs) Programs() []*engine.Program { return *r.programs.Load() }

// Program finds a capability by name, nil when it is not served.
func (r *Runs) Program(name string) *engine.Program {
	for _, p := range r.Programs() {
		if p.Name() == name {
			return p
		}
	}
	return nil
}
