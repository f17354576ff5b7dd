package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/fault"
)

// Resume takes a kept run up again and executes it until it ends or cannot go on
// now. It needs no file: the run brings what it executes. opts give what a run
// does not keep (credentials, external handlers, listeners, a Caller); the flags
// that shaped it are kept with it and those in opts are not looked at. Results
// and errors are those of [Program.RunWith]; an unknown id is
// durable.ErrUnknown, a run that another process drives durable.ErrBusy. A run
// that failed or timed out is tried again from the step where it did; one that
// succeeded or was cancelled is returned as it is.
func Resume(ctx context.Context, rt durable.Runtime, id string, opts *Options, ro *RunOptions) (*Result, error) {
	ro = cmp.Or(ro, &RunOptions{})
	p, spec, err := reopen(ctx, rt, id, opts)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(p.checkDone(ro.Done), p.checkCredentials(ctx)); err != nil {
		return nil, err
	}
	if err := rt.Reopen(ctx, spec.ID); err != nil && !errors.Is(err, durable.ErrEnded) {
		return nil, err
	}
	for _, s := range signals(ro.Done) {
		if err := rt.Signal(ctx, spec.ID, s); err != nil {
			return nil, fmt.Errorf("step %q cannot be said to be done: %w", s.Step, err)
		}
	}
	return p.drive(ctx, rt, spec.ID, ro)
}

// Settle says what became of a write that is in doubt: happened, with the
// answer that was lost (JSON; later steps read it), or not. The run is due then;
// [Resume] takes it up. A step that is not in doubt is durable.ErrConflict.
func Settle(ctx context.Context, rt durable.Runtime, id, step string, happened bool, result json.RawMessage) error {
	return settle(ctx, rt, id, Said{Step: step, Happened: &happened, Result: result, By: "runs resolve"})
}

// reopen makes the program of a kept run.
func reopen(ctx context.Context, rt durable.Runtime, id string, opts *Options) (*Program, durable.Spec, error) {
	spec, err := rt.Spec(ctx, id)
	if err != nil {
		return nil, spec, err
	}
	o := *cmp.Or(opts, &Options{})
	o.Runtime = rt
	p, err := restore(ctx, spec.Snapshot, &o)
	return p, spec, err
}

// ended is the result of a run that had ended before.
func ended(p *Program, state durable.State, events []durable.Event) (*Result, error) {
	res := p.document(state, events)
	if res.Status == durable.StatusSucceeded {
		return res, nil
	}
	return res, &RunError{Result: res, err: errors.New(string(res.Status)), steps: "\n  run: " + res.Run + " (it ended before)"}
}

// Serve drives every run that rt keeps and that is due or becomes due, until ctx
// ends. opts are as for [Resume]. Programs are kept by their snapshot, so runs of
// one capability share one.
func Serve(ctx context.Context, rt durable.Runtime, opts *Options, so durable.ServeOptions) error {
	o := *cmp.Or(opts, &Options{})
	o.Runtime = rt
	cache := &programs{opts: &o, kept: map[string]*Program{}}
	return rt.Serve(ctx, func(ctx context.Context, host durable.Host, spec durable.Spec) (ending durable.Ending, err error) {
		defer func() {
			if value := recover(); value != nil { // one run must not end the others
				err = fmt.Errorf("this is a fault of capstan or of a handler: %s\n%s", fault.Text(value), fault.Stack())
			}
		}()
		p, err := cache.of(ctx, spec.Snapshot)
		if err != nil {
			return durable.Ending{}, err
		}
		return p.newRunning(spec.ID, &RunOptions{}).execute(ctx, host, spec)
	}, so)
}

// programs keeps restored programs by their snapshot.
type programs struct {
	opts *Options
	mu   sync.Mutex
	kept map[string]*Program
}

// mostPrograms bounds the cache; over it, it starts anew.
const mostPrograms = 256

func (c *programs) of(ctx context.Context, snapshot []byte) (*Program, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.kept[string(snapshot)]; ok {
		return p, nil
	}
	p, err := restore(ctx, snapshot, c.opts)
	if err != nil {
		return nil, err
	}
	if len(c.kept) >= mostPrograms {
		clear(c.kept)
	}
	c.kept[string(snapshot)] = p
	return p, nil
}

// SourceChanged reports whether the file a kept run was started from is not
// what it was: edited or gone. The run itself goes on with what it was started
// with.
func SourceChanged(spec durable.Spec) bool {
	var s snapshot
	if json.Unmarshal(spec.Snapshot, &s) != nil {
		return false
	}
	text, err := os.ReadFile(spec.Source)
	if shipped, ok := capabilities.Lookup(slug(spec.Source)); err != nil && ok && shipped.Name == spec.Source {
		text, err = shipped.Data, nil
	}
	if err != nil {
		return true
	}
	return !bytes.Equal(text, s.Capability.Text)
}
