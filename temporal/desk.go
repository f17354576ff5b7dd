package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/fault"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/payload"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// desk is where the workflows and the calls of one process meet. A workflow leaves the
// function of a call there before it has the server schedule it, in every replay too, and
// the server gives the call to no other process: the queue of calls is this one's own.
type desk struct {
	blind []byte // as Options have it
	most  int    // events of a history
	// size is that of a payload on the server, mostPayload what the server takes.
	size        func(*commonpb.Payload) int
	mostPayload int
	// encode returns a payload as the server gets it; nil: as it is. Its errors pass.
	encode func(context.Context, *commonpb.Payload) (*commonpb.Payload, error)
	log    func(msg string, args ...any)
	now    func() time.Time

	mu      sync.Mutex
	queue   string // of calls
	jobs    map[string]*job
	drives  map[string]*driving // by run
	serving durable.Executor
	ended   func(durable.State)
}

// job is a call that is to be performed here: one function is set.
type job struct {
	do       durable.Do
	look     durable.DoPoll
	probe    func(context.Context) (durable.Result, bool, error)
	perform  func(context.Context) (json.RawMessage, bool, error)
	ctx      context.Context // of the interpreter, for its values and its end
	deadline time.Time

	// left reports that the workflow is not here any more, and due is when the server gives
	// the call to this process at the latest.
	left bool
	due  time.Time

	// How it went, in this process.
	fresh durable.Result
	err   error
}

// driving is a Drive of this process.
type driving struct {
	exec  durable.Executor
	ctx   context.Context
	over  chan struct{} // closed when the Drive has an error or a panic
	once  sync.Once
	err   error
	panic any
	gone  chan struct{} // closed when no workflow goes on here
}

func newDesk(blind []byte) *desk {
	return &desk{blind: blind, most: mostEvents, mostPayload: payload.Most, jobs: map[string]*job{}, drives: map[string]*driving{}}
}

// fits returns an error where the server would refuse values for their size.
func (d *desk) fits(what string, values ...converter.RawValue) error {
	return d.fitsIn(d.mostPayload, what, values)
}

func (d *desk) fitsIn(most int, what string, values []converter.RawValue) error {
	whole, sent := 0, 0
	for _, v := range values {
		whole += proto.Size(v.Payload())
	}
	if whole <= most {
		return nil
	}
	for _, v := range values {
		if d.size == nil {
			sent += proto.Size(v.Payload())
		} else {
			sent += d.size(v.Payload())
		}
	}
	if sent <= most {
		return nil
	}
	return fmt.Errorf("%s: %d bytes are more than the Temporal server takes at once (2 MB); CAPSTAN_TEMPORAL_BLOBS names a store for large values: give it to all processes, and retry the run", what, sent)
}

// hands sets the queue that hands calls out.
func (d *desk) hands(queue string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = queue
}

// calls returns the queue that hands calls out.
func (d *desk) calls() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queue
}

// put leaves a call.
func (d *desk) put(key string, j job) *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	j.due = time.Now().Add(2 * takeTimeout)
	d.jobs[key] = &j
	return &j
}

// leave notes that the workflow of a call left this process before the call had an outcome.
// The server may still give the call to this process, until a time: what nobody came for by
// then is forgotten.
func (d *desk) leave(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	j.left = true
	now := time.Now()
	maps.DeleteFunc(d.jobs, func(_ string, j *job) bool { return j.left && j.due.Before(now) })
}

// later notes that the server gives a call to this process again.
func (d *desk) later(j *job, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	j.due = at.Add(2 * takeTimeout)
}

// job returns a call that was left.
func (d *desk) job(key string) *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.jobs[key]
}

// took notes how a call went here.
func (d *desk) took(j *job, fresh durable.Result, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	j.fresh, j.err = fresh, err
}

// take takes a call away, and returns how it went here.
func (d *desk) take(key string, j *job) job {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.jobs[key] == j {
		delete(d.jobs, key)
	}
	return *j
}

// executor returns what executes a run here, for a Drive or for none; nil for nothing. A run
// that was asked for is executed by the Drive that this process has of it: one that was begun
// for another Drive goes on with it.
func (d *desk) executor(run string, wish *drive) durable.Executor {
	d.mu.Lock()
	defer d.mu.Unlock()
	if by := d.drives[run]; by != nil && wish != nil {
		if by.panic != nil {
			return nil
		}
		return by.exec
	}
	return d.serving
}

// context returns the context of the Drive of a run.
func (d *desk) context(run string) context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if by := d.drives[run]; by != nil {
		return by.ctx
	}
	return context.Background()
}

// reports gives an error of an execution to its Drive, or to the log.
func (d *desk) reports(run string, err error) {
	d.mu.Lock()
	by := d.drives[run]
	d.mu.Unlock()
	if by == nil {
		d.log("a run could not be executed", "run", run, "error", err)
		return
	}
	by.once.Do(func() {
		by.err = err
		close(by.over)
	})
}

// panics gives a panic of an execution to its Drive.
func (d *desk) panics(run string, value any) *driving {
	d.mu.Lock()
	by := d.drives[run]
	d.mu.Unlock()
	if by != nil {
		by.once.Do(func() {
			d.mu.Lock()
			by.panic = value
			d.mu.Unlock()
			close(by.over)
		})
	}
	return by
}

// rested tells a Serve that a run came to rest.
func (d *desk) rested(s durable.State) {
	d.mu.Lock()
	ended := d.ended
	d.mu.Unlock()
	if ended != nil {
		ended(s)
	}
}

// result is how a call went, for the host.
type result struct {
	callOut
	fresh durable.Result
	err   error
	lost  *durable.Suspended
}

func (r result) later() bool { return r.Later != nil }

// resultOf returns how a call went: as it was here, or as the history tells it.
func resultOf(path string, o callOut, here job) result {
	r := result{callOut: o, fresh: here.fresh}
	switch {
	case o.Done && r.fresh == nil:
		r.fresh = json.RawMessage(o.Result)
	case o.Lost != nil:
		if !errors.As(here.err, &r.lost) {
			r.lost = &durable.Suspended{Path: path, Reason: durable.ReasonInDoubt, Description: o.Lost.Description, Err: errors.New(o.Lost.How)}
		}
	case o.Failed != nil:
		if r.err = here.err; r.err == nil {
			r.err = &durable.Failed{Text: o.Failed.Text, Kept: json.RawMessage(o.Failed.Kept)}
		}
	}
	return r
}

// call performs a call that a workflow of this process left here. The worker tells the server
// that it is alive from before the call is decoded until its result is encoded: either may
// have to wait for a store.
func (d *desk) call(ctx context.Context, args converter.EncodedValues) (converter.RawValue, error) {
	p := &pulse{}
	defer p.beats(ctx)()
	var in callIn
	if err := d.decode(ctx, args, &in); err != nil {
		return converter.RawValue{}, temporal.NewNonRetryableApplicationError(err.Error(), failureStopped, err)
	}
	j := d.job(in.Call)
	if j == nil {
		return converter.RawValue{}, temporal.NewNonRetryableApplicationError("this process does not know the call", failureStopped, nil)
	}
	kind := activity.GetInfo(ctx).ActivityType.Name
	out, err := d.performs(ctx, kind, in, j, p)
	if !isNotYet(err) {
		d.take(in.Call, j) // the workflow has it too, if it is still here
	}
	if err != nil {
		return converter.RawValue{}, err
	}
	out.At = d.now()
	v, err := pack(out)
	if err != nil {
		return v, err
	}
	if large := d.fits("its result", v); large != nil {
		if v, err = pack(d.cannotKeep(kind, in, j, out, large)); err != nil {
			return v, err
		}
	}
	return d.encoded(ctx, v), nil
}

// decode decodes a call. It tries for as long as decodeTimeout.
func (d *desk) decode(ctx context.Context, args converter.EncodedValues, in *callIn) error {
	ctx, cancel := context.WithTimeout(ctx, decodeTimeout)
	defer cancel()
	var v converter.RawValue
	err := d.tries(ctx, "a call cannot be decoded yet", func() error { return args.Get(&v) })
	if err != nil {
		return err
	}
	return unpack(v.Payload(), in)
}

// encoded returns a result as the server gets it. It tries for as long as the call may last.
func (d *desk) encoded(ctx context.Context, v converter.RawValue) converter.RawValue {
	if d.encode == nil {
		return v
	}
	_ = d.tries(ctx, "a result cannot be encoded yet", func() error {
		p, err := d.encode(ctx, v.Payload())
		if err == nil {
			v = converter.NewRawValue(p)
		}
		return err
	})
	return v
}

// tries does something until it succeeds or ctx ends, and returns its last error.
func (d *desk) tries(ctx context.Context, failing string, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		d.log(failing, "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(tryAgainAfter):
		}
	}
}

// How long a call that cannot be decoded is kept here, before it is given back as one that
// was not sent, and how long a store is left alone after an error.
const (
	decodeTimeout = time.Minute
	tryAgainAfter = time.Second
)

// cannotKeep is the account of a call whose whole account the server would refuse. A write
// that was answered is in doubt; a look-up that found something has failed.
func (d *desk) cannotKeep(kind string, in callIn, j *job, out callOut, cause error) callOut {
	short := callOut{At: out.At, Attempt: out.Attempt, Tries: out.Tries, Maybe: out.Maybe}
	switch {
	case kind == kindStep && in.Read == nil && out.Failed == nil:
		doubted := unrecorded(in.Path, cause)
		short.Lost = &doubt{How: text(doubted.Err)}
		d.took(j, nil, doubted)
	case out.Failed != nil:
		short.Failed = &failed{Text: fmt.Sprintf("%.1000s (%s)", out.Failed.Text, cause), Took: out.Failed.Took}
		d.took(j, nil, nil)
	default:
		short.Failed = &failed{Text: cause.Error()}
		d.took(j, nil, nil)
	}
	return short
}

// unrecorded is the doubt about a step whose result cannot be recorded.
func unrecorded(path string, cause error) *durable.Suspended {
	return &durable.Suspended{Path: path, Reason: durable.ReasonInDoubt, Err: fmt.Errorf("the step took effect, but its result cannot be recorded: %w", cause)}
}

// pulse tells the server that a call is alive, and how far a poll is.
type pulse struct {
	mu     sync.Mutex
	looked *looked
}

// looked is how far a poll is, which the server keeps for its next look.
type looked struct{ Tries int }

func (p *pulse) beat(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.looked == nil {
		activity.RecordHeartbeat(ctx)
	} else {
		activity.RecordHeartbeat(ctx, *p.looked)
	}
}

func (p *pulse) looks(ctx context.Context, tries int) {
	p.mu.Lock()
	p.looked = &looked{tries}
	p.mu.Unlock()
	p.beat(ctx)
}

// beats beats until stop is called.
func (p *pulse) beats(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var gone sync.WaitGroup
	gone.Go(func() {
		t := time.NewTicker(heartbeatEvery)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				p.beat(ctx)
			}
		}
	})
	return func() {
		cancel()
		gone.Wait()
	}
}

// performs performs a call. The error is that of the activity. A panic is that of the Drive
// that the process has of the run; without one it is the outcome of the call.
func (d *desk) performs(ctx context.Context, kind string, in callIn, j *job, p *pulse) (out callOut, err error) {
	a := &durable.Attempt{N: in.Attempt, Lost: in.Lost, Key: in.Key}
	defer func() {
		if value := recover(); value != nil {
			out.Attempt, out.Maybe, out.Done = a.N, a.Lost, false
			out, err = d.panicked(ctx, kind, in, j, out, value)
		}
	}()
	ctx, cancel := d.within(ctx, j)
	defer cancel()
	var fresh durable.Result
	var failure error
	switch kind {
	case kindStep:
		var mu sync.Mutex
		a.Retried = func(n int, next time.Time, cause error) {
			mu.Lock()
			defer mu.Unlock()
			next = next.Round(0).UTC()
			out.Retried = append(out.Retried, record{At: d.now(), Kind: durable.EventRetry, Step: in.Path, Attempt: n, Detail: durable.Detail{Until: &next, Error: text(cause)}})
		}
		fresh, failure = j.do(ctx, a)
		out.Attempt, out.Maybe, out.Via = a.N, a.Lost, string(a.Via)
		out.Done = failure == nil
	case kindProbe:
		fresh, out.Done, failure = j.probe(ctx)
		out.Attempt, out.Via = in.Attempt, string(durable.ViaProbe)
	case kindPoll:
		return d.looks(ctx, in, j, p)
	case kindPerform:
		var raw json.RawMessage
		raw, out.Done, failure = j.perform(ctx)
		if out.Done && failure == nil {
			raw, failure = journal.Supplied(in.Path, raw)
			out.Done, fresh, out.Via = failure == nil, raw, string(durable.ViaHandler)
		}
	}
	return d.tells(ctx, in, j, out, fresh, failure)
}

// panicked is the account of a call that panicked: a write is in doubt, another call has failed.
// Where a Drive of this process has the run, the call is as one whose worker is gone: the panic
// ends the Drive, and the run goes on elsewhere.
func (d *desk) panicked(ctx context.Context, kind string, in callIn, j *job, out callOut, value any) (callOut, error) {
	run := activity.GetInfo(ctx).WorkflowExecution.ID
	if by := d.panics(run, value); by != nil {
		<-by.gone // the workflow is to see the failure elsewhere
		return out, temporal.NewNonRetryableApplicationError("the call ended in a panic", failureGone, nil)
	}
	d.log("a call ended in a panic", "run", run, "step", in.Path, "panic", fault.Text(value), "stack", fault.Stack())
	failure := error(fmt.Errorf("the call ended in a panic, which is a fault of capstan or of a handler: %s", fault.Text(value)))
	if kind == kindStep && in.Read == nil {
		failure = &durable.Suspended{Path: in.Path, Reason: durable.ReasonInDoubt, Err: failure}
	}
	return d.tells(ctx, in, j, out, nil, failure)
}

// tells completes the account of a call.
func (d *desk) tells(ctx context.Context, in callIn, j *job, out callOut, fresh durable.Result, failure error) (callOut, error) {
	if failure == nil && out.Done {
		if out.Result, failure = encode(fresh); failure != nil {
			out.Done = false
			if in.Read == nil {
				failure = unrecorded(in.Path, failure)
			}
		}
	}
	d.took(j, fresh, failure)
	if failure == nil {
		return out, nil
	}
	var lost *durable.Suspended
	var asked *durable.NotBefore
	var took *durable.TookEffect
	switch {
	case errors.As(failure, &lost) && lost.Reason == durable.ReasonInDoubt:
		out.Lost = &doubt{Description: lost.Description, How: text(lost.Err)}
	case errors.As(failure, &asked):
		out.Later = &later{At: asked.At.Round(0).UTC(), Cause: text(asked.Err)}
	case ctx.Err() != nil && errors.Is(failure, context.Cause(ctx)):
		return out, temporal.NewNonRetryableApplicationError(failure.Error(), failureStopped, nil)
	default:
		out.Failed = &failed{Text: failure.Error(), Kept: raw(durable.KeepError(failure)), Took: errors.As(failure, &took)}
	}
	return out, nil
}

// encode encodes a result, which may be nil.
func encode(r durable.Result) (raw, error) {
	if r == nil {
		return nil, nil
	}
	b, err := r.MarshalJSON()
	return raw(b), err
}

// looks performs looks of a poll: one, all where waits pass at once, or one of many that
// the server has tried again.
func (d *desk) looks(ctx context.Context, in callIn, j *job, p *pulse) (callOut, error) {
	var before looked
	if activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &before)
	}
	tries := max(in.Tries, before.Tries)
	p.looks(ctx, tries)
	at := d.now()
	for {
		tries++
		fresh, done, failure := j.look(ctx, tries)
		out := callOut{Attempt: tries, Tries: tries, Done: done}
		if failure != nil || done {
			out, err := d.tells(ctx, in, j, out, fresh, failure)
			if out.Later == nil || in.Single {
				return out, err
			}
			tries--
			if in.Virtual {
				at = latest(at, out.Later.At)
				continue
			}
			return out, d.notYet(ctx, j, p, tries, out.Later.At)
		}
		if !in.Virtual {
			at = d.now()
		}
		if !at.Before(in.Deadline) {
			out.TimedOut = true
			return out, nil
		}
		next := at.Add(in.Schedule.Wait(tries))
		if next.After(in.Deadline) {
			next = in.Deadline
		}
		switch {
		case in.Single:
			return out, nil
		case in.Virtual:
			at = next
			if err := context.Cause(ctx); err != nil {
				return out, temporal.NewNonRetryableApplicationError(err.Error(), failureStopped, nil)
			}
		default:
			return out, d.notYet(ctx, j, p, tries, next)
		}
	}
}

// notYet has the server call again at a time.
func (d *desk) notYet(ctx context.Context, j *job, p *pulse, tries int, at time.Time) error {
	p.looks(ctx, tries)
	delay := max(at.Sub(d.now()), time.Millisecond)
	d.later(j, time.Now().Add(delay))
	return temporal.NewApplicationErrorWithOptions("not yet", failureNotYet, temporal.ApplicationErrorOptions{
		NextRetryDelay: delay, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

func isNotYet(err error) bool {
	var failed *temporal.ApplicationError
	return errors.As(err, &failed) && failed.Type() == failureNotYet
}

// within is the context of a call: it ends with the worker, and with the time of the run.
func (d *desk) within(ctx context.Context, j *job) (context.Context, context.CancelFunc) {
	ctx = merged{Context: ctx, values: j.ctx}
	if j.deadline.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, j.deadline)
}

// merged is a context with the values of another.
type merged struct {
	context.Context
	values context.Context
}

// Value returns a value of either.
func (m merged) Value(key any) any {
	if v := m.Context.Value(key); v != nil {
		return v
	}
	return m.values.Value(key)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// driven reports whether a Drive of this process has a run.
func (d *desk) driven(run string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drives[run] != nil
}
