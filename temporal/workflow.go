package temporal

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// How calls are timed. A worker that dies is noticed when its calls are silent for
// heartbeatTimeout, or when nothing takes a call for takeTimeout.
const (
	takeTimeout       = 10 * time.Second
	heartbeatTimeout  = 10 * time.Second
	heartbeatEvery    = 2 * time.Second
	callTimeout       = 24 * time.Hour // a call bounds itself; this is for one that does not
	blockByDefault    = time.Minute    // the longest wait in the middle of an execution
	executeAgainAfter = time.Minute    // after an execution that came to no end
	// mostEvents is how long a history gets before the run goes on in a new one. The
	// server's limit is 51,200 events.
	mostEvents = 8000
	mostBytes  = 20 << 20 // its limit is 50 MB
)

// execution is one workflow execution: a run as far as the history of the server has it,
// with what is to be written to that history next.
type execution struct {
	ctx  workflow.Context // it does not end when the workflow is cancelled
	root workflow.Context
	said workflow.ReceiveChannel
	desk *desk
	book *journal.Book

	now      time.Time
	manual   bool
	maxBlock time.Duration
	drive    *drive           // that this execution is for
	wish     *drive           // that asks for the next
	over     string           // the last Drive that is over
	heard    []string         // the ids of what was said that counts
	verdicts map[string]error // by the id of what was said
	updated  bool             // an update was heard since quiet looked
	gone     gone             // the last worker that was given up
	salt     string           // of hashes that the server can read
	// corrected reports that the run is not found yet by the inputs that it has now.
	corrected bool
	call      workflow.Future // in flight, nil for none
	heardEnd  bool            // that the server asks for the workflow's end
	calls     int
	full      bool // the history is long enough
	counted   int  // records that size has
	size      int  // of the records, about
	sized     int  // the size at which they are measured next

	out     news  // to be written with the next command
	indexed place // as the attributes have it
}

// run is the workflow: it waits until the run is due, and interprets it. Where that comes
// to rest before the run's end, the workflow goes on in a new history: a history has the
// commands of one interpretation at most, and none depends on those of another.
func (d *desk) run(ctx workflow.Context, input, program converter.RawValue) error {
	var in begin
	if err := unpack(input.Payload(), &in); err != nil {
		panic(err) // another worker may have the keys
	}
	detached, _ := workflow.NewDisconnectedContext(ctx)
	e := &execution{
		ctx: detached, root: ctx, said: workflow.GetSignalChannel(ctx, signalName), desk: d, book: opened(in, program.Payload()),
		wish: in.Drive, over: in.Over, salt: in.Salt, gone: in.Gone, heard: in.Heard, verdicts: verdictsOf(in.Heard),
	}
	// Something may have been said after the last history wrote the attributes.
	e.indexed = placeIn(workflow.GetTypedSearchAttributes(ctx))
	e.sets(in.Now, in.Manual)
	// From here on, the updates of a workflow task come before all else that is done in it.
	err := workflow.SetUpdateHandlerWithOptions(ctx, updateName, e.update, workflow.UpdateHandlerOptions{Validator: e.refuse})
	if err != nil {
		panic(err)
	}
	e.drain()
	for !e.due() && !e.book.Cancelled() {
		e.idle()
	}
	if e.book.Cancelled() {
		return e.end(durable.Ending{Status: durable.StatusCancelled})
	}
	return e.execute()
}

// id is that of the workflow.
func (e *execution) id() string { return workflow.GetInfo(e.ctx).WorkflowExecution.ID }

// sets notes what time it was for a sender, where time is set by hand.
func (e *execution) sets(now time.Time, manual bool) {
	if e.manual = e.manual || manual; e.manual && !now.IsZero() {
		e.now = now
	}
}

// clock is the time.
func (e *execution) clock() time.Time {
	if e.manual {
		return e.now
	}
	return workflow.Now(e.ctx).Round(0).UTC()
}

// stamp is the time of a new record.
func (e *execution) stamp() time.Time { return latest(e.clock(), e.book.Run.Updated) }

// due reports whether the run is to be executed now.
func (e *execution) due() bool {
	r := e.book.Run.Row
	switch {
	case e.wish != nil:
		return true
	case e.manual && e.desk.executor(e.id(), nil) == nil: // a Drive is to come
		return false
	}
	return !r.Due.IsZero() && !r.Due.After(e.clock())
}

// add puts a record into the book, and into the history with the next command.
func (e *execution) add(rec journal.Record) {
	rec.At = e.stamp()
	c := e.book.Add(journal.Change{Add: []journal.Record{rec}}, rec.At)
	e.out.Add = append(e.out.Add, recordsOf(c.Add)...)
}

// replace brings a record up to date.
func (e *execution) replace(rec journal.Record) {
	rec.At = e.stamp()
	e.book.Add(journal.Change{Replace: &rec}, rec.At)
	r := recordOf(rec)
	e.out.Replace = &r
}

// set notes where the run stands.
func (e *execution) set(r row) {
	if e.drive != nil && e.drive.Park && !r.Status.Ended() {
		r.Due = journal.Never()
	}
	e.book.Run.Row = r.journal()
	e.out.Row = &r
}

// number returns a number that the execution has not used.
func (e *execution) number() int {
	e.calls++
	return e.calls
}

// drain takes in what was said since the last time.
func (e *execution) drain() {
	for {
		var v converter.RawValue
		if !e.said.ReceiveAsync(&v) {
			break
		}
		var s said
		if err := unpack(v.Payload(), &s); err != nil {
			continue // nobody who shares fold's rules sent it
		}
		if s.Drive != nil {
			e.wish = s.Drive
			e.sets(s.Drive.Now, s.Drive.Manual)
			continue
		}
		e.sets(s.At, false)
		e.hears(s)
	}
	if e.root.Err() != nil && !e.heardEnd {
		e.heardEnd = true
		e.hears(said{Cancel: true})
	}
}

// hears takes in one thing that was said, once.
func (e *execution) hears(s said) error {
	_, twice := e.verdicts[s.ID]
	err := hear(e.book, e.verdicts, s, e.driven())
	if err == nil && !twice && s.ID != "" {
		e.heard = append(e.heard, s.ID)
		e.corrected = e.corrected || s.Correct != nil
	}
	return err
}

// driven reports whether a call of the run is under way.
func (e *execution) driven() bool { return e.call != nil && !e.call.IsReady() }

// unheard reports whether the workflow's own coroutine has something to take in.
func (e *execution) unheard() bool {
	return e.said.Len() > 0 || e.root.Err() != nil && !e.heardEnd
}

// quiet waits until something is said, or cond holds.
func (e *execution) quiet(cond func() bool) {
	_ = workflow.Await(e.ctx, func() bool { return cond() || e.updated || e.unheard() })
	e.updated = false
	e.drain()
}

// failureRefused is the type of the failure of an update that the run refuses, or that
// changes nothing. Its sender reads why.
const failureRefused = "refused"

func refused() error { return temporal.NewApplicationError("the run refuses it", failureRefused) }

// update is the handler of updates. It has a coroutine of its own, which runs while the
// workflow's own one is in quiet or has not begun, and never blocks.
func (e *execution) update(_ workflow.Context, v converter.RawValue) error {
	var s said
	if err := unpack(v.Payload(), &s); err != nil {
		return err
	}
	e.drain()
	e.sets(s.At, false)
	e.updated = true
	if e.hears(s) != nil {
		return refused()
	}
	return nil
}

// refuse is the validator of updates: one that it refuses leaves no event. Where something
// comes before the update that was not taken in yet, only its handler can decide. It changes
// nothing, as it does not run in a replay.
func (e *execution) refuse(_ workflow.Context, v converter.RawValue) error {
	var s said
	if err := unpack(v.Payload(), &s); err != nil {
		return err
	}
	if _, twice := e.verdicts[s.ID]; twice || e.unheard() {
		return nil
	}
	if c, err := e.book.Hear(s.journal(), s.At, e.driven()); err != nil || c == nil {
		return refused()
	}
	return nil
}

// idle waits until the run is due.
func (e *execution) idle() {
	e.write("")
	d := time.Duration(0)
	if r := e.book.Run.Row; !r.Due.IsZero() && !r.Parked() && !e.manual {
		d = r.Due.Sub(e.clock())
	}
	e.pause(d, func() bool { return e.due() || e.book.Cancelled() })
}

// pause waits for a time (0: any), or until cond holds. It hears what is said meanwhile.
// Its timer is not cancelled by a defer: a workflow that leaves a worker's cache runs those.
func (e *execution) pause(d time.Duration, cond func() bool) {
	over, stop := func() bool { return false }, func() {}
	if d > 0 {
		var ctx workflow.Context
		ctx, stop = workflow.WithCancel(e.ctx)
		over = workflow.NewTimer(ctx, d).IsReady
	}
	for !over() && !cond() {
		e.quiet(func() bool { return over() || cond() })
	}
	stop()
}

// wait waits for a time (0: any) in the middle of an execution, or until cond holds.
func (e *execution) wait(s *durable.Suspended, d time.Duration, cond func() bool) {
	e.rest(s, nil)
	e.write("")
	e.pause(d, cond)
	e.set(row{Status: durable.StatusRunning, Due: e.stamp(), Doc: raw(e.book.Run.Row.Doc)})
}

// rest notes that the run rests, with a document (nil: the one that it has).
func (e *execution) rest(s *durable.Suspended, doc []byte) {
	c := e.book.Parking(s)
	for _, rec := range c.Add {
		e.add(rec)
	}
	if doc != nil {
		c.Row.Doc = doc
	}
	e.set(rowOf(*c.Row))
}

// write writes what is new into the history, with the Drive that is over.
func (e *execution) write(drive string) {
	e.index()
	if len(e.out.Add) == 0 && e.out.Replace == nil && e.out.Row == nil && drive == "" {
		return
	}
	if e.out.Row == nil {
		r := rowOf(e.book.Run.Row)
		e.out.Row = &r // lists read it there
	}
	v := e.pack(rest{news: e.out, Drive: drive})
	if err := e.desk.fits("where the run rests or ends, with its outputs,", v); err != nil {
		e.fails(err)
	}
	if err := workflow.UpsertMemo(e.ctx, map[string]any{memoRest: v}); err != nil {
		panic(err)
	}
	e.out = news{}
}

// index brings the attributes up to date by which lists find the run.
func (e *execution) index() {
	if e.corrected {
		e.corrected = false
		found := journal.FoundBy(e.book.Run.Spec)
		v, err := pack(shownOf(e.book.Run.Spec, found))
		finding, unfit := foundBy(e.book.Run.Spec, found, e.desk.blind)
		if unfit != nil {
			finding = nil // it is found by what it was started with
		}
		err = errors.Join(err, workflow.UpsertMemo(e.ctx, map[string]any{memoRun: v}), workflow.UpsertTypedSearchAttributes(e.ctx, finding...))
		if err != nil {
			panic(err)
		}
	}
	now := placeOf(e.book.Run.Row)
	if now == e.indexed {
		return
	}
	e.indexed = now
	if err := workflow.UpsertTypedSearchAttributes(e.ctx, now.attributes()...); err != nil {
		panic(err)
	}
}

// errFull is what the interpreter is given where the history is long enough.
var errFull = &durable.Suspended{Reason: durable.ReasonTimer, Description: "the run goes on in a new history"}

// room returns errFull where the history is long enough, and another error where the run's
// records are about to be larger than what a new history may begin with: the run fails then,
// and may be retried once its values are kept elsewhere.
func (e *execution) room() error {
	i := workflow.GetInfo(e.ctx)
	if i.GetCurrentHistoryLength() > e.desk.most || i.GetCurrentHistorySize() > mostBytes {
		e.full = true
		return errFull
	}
	for ; e.counted < len(e.book.Records); e.counted++ {
		r := e.book.Records[e.counted]
		e.size += recordSize + len(r.Step) + len(r.Detail.Input) + len(r.Result)
	}
	if e.size < max(e.sized, e.desk.mostPayload/2) {
		return nil
	}
	e.sized = e.size + e.size/20
	return e.desk.fitsIn(e.desk.mostPayload*9/10, "the run's records", []converter.RawValue{e.next(), programOf(e.book.Run.Spec.Snapshot)})
}

// recordSize is about what a record takes beside its values.
const recordSize = 150

// perform has this process's worker perform a call, and takes the outcome in. Meanwhile
// it takes in what is said.
func (e *execution) perform(kind string, in callIn, j job) (result, fate) {
	e.index()
	in.news, e.out = e.out, news{}
	v := e.pack(in)
	if err := e.desk.fits("a call, with what it sends,", v); err != nil {
		e.fails(err)
	}
	seat, here := e.desk.put(in.Call, j), true
	defer func() { // a workflow that leaves a worker's cache ends in the middle
		if here {
			e.desk.leave(seat)
		}
	}()
	ctx, cancel := workflow.WithCancel(workflow.WithActivityOptions(e.ctx, e.options(kind, in)))
	f := workflow.ExecuteActivity(ctx, kind, v)
	e.call = f
	for !f.IsReady() {
		e.quiet(f.IsReady)
		if e.book.Cancelled() && (kind != kindStep || in.Read != nil) {
			cancel()
		}
	}
	e.call = nil
	var out converter.RawValue
	err := f.Get(e.ctx, &out)
	done := e.desk.take(in.Call, seat)
	here = false
	if how := fateOf(err); how != fateDone {
		if how == fateUnsent {
			unsent(e.book, kind, in, whyUnsent(err))
		}
		var failed *temporal.ActivityError
		if errors.As(err, &failed) {
			err = failed.Unwrap()
		}
		return result{err: fmt.Errorf("the call has no outcome: %w", err)}, how
	}
	var o callOut
	if err := unpack(out.Payload(), &o); err != nil {
		panic(err)
	}
	e.sets(o.At, false)
	outcome(e.book, kind, in, o)
	return resultOf(in.Path, o, done), fateDone
}

// options are those of a call's activity. Only looks of a poll are tried again, by the
// server, which has a poll's waits. What else is sent again is the host's to decide.
//
// The id has a hash of what the call asks for. A replay compares ids and types of activities
// alone: an interpreter that asks for something else under the same path is not given the
// outcome of what was asked before.
func (e *execution) options(kind string, in callIn) workflow.ActivityOptions {
	sum := hmac.New(sha256.New, []byte(e.salt))
	for _, part := range []string{in.Path, in.asks.Operation, in.asks.InputHash, in.asks.Key} {
		fmt.Fprintf(sum, "%d %s ", len(part), part)
	}
	o := workflow.ActivityOptions{
		TaskQueue: e.desk.calls(), ActivityID: fmt.Sprintf("%s#%d-%s", in.Path, e.calls, hex.EncodeToString(sum.Sum(nil)[:4])),
		ScheduleToStartTimeout: takeTimeout, StartToCloseTimeout: callTimeout, HeartbeatTimeout: heartbeatTimeout,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, Summary: in.Path,
	}
	if kind == kindPoll && !in.Single && !in.Virtual {
		every := max(in.Schedule.Every, time.Second)
		o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: every, BackoffCoefficient: 1, MaximumInterval: every, MaximumAttempts: math.MaxInt32}
	}
	return o
}

// fate is what became of a call.
type fate int

const (
	fateDone   fate = iota // it has an outcome
	fateUnsent             // no worker took it, or it was stopped before anything was sent
	fateGone               // its worker is gone: it may have taken effect
	fateFailed             // it has no outcome for another reason: it may have taken effect
)

// The types of failures of activities.
const (
	failureStopped = "stopped"
	failureGone    = "gone"
	failureNotYet  = "not yet"
)

func fateOf(err error) fate {
	var timeout *temporal.TimeoutError
	var failed *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case err == nil:
		return fateDone
	case errors.As(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START:
		return fateUnsent
	case errors.As(err, &failed) && failed.Type() == failureStopped:
		return fateUnsent
	case timeout != nil, errors.As(err, &cancelled), failed != nil && failed.Type() == failureGone:
		return fateGone
	}
	return fateFailed
}

// whyUnsent returns why nothing was sent.
func whyUnsent(err error) string {
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return untaken
	}
	return stopped
}

// execute interprets the run from its start, over its records, and returns what the
// workflow ends with.
func (e *execution) execute() error {
	e.drive, e.wish = e.wish, nil
	e.maxBlock = blockByDefault
	if e.drive != nil {
		e.maxBlock = cmp.Or(e.drive.MaxBlock, blockByDefault)
	}
	spec := e.book.Run.Spec
	exec := e.desk.executor(e.id(), e.drive)
	if exec == nil {
		panic("no process with this task queue executes the run")
	}
	if r := e.book.Run.Row; r.Parked() != (e.drive != nil && e.drive.Park) {
		r.Due = e.stamp()
		e.set(rowOf(r))
		e.write("")
	}
	h := &host{execution: e, at: spec.Started}
	e.calls = 0
	ending, err := e.interpret(exec, h, spec)
	var suspended *durable.Suspended
	switch {
	case h.broken != nil:
		e.fails(h.broken)
	case e.full: // the row may be that of a wait that is over
		e.set(row{Status: durable.StatusRunning, Due: e.stamp(), Doc: raw(e.book.Run.Row.Doc)})
		e.wish = cmp.Or(e.wish, e.drive)
	case errors.As(err, &suspended):
		e.park(suspended, ending)
	case e.book.Cancelled() && errors.Is(err, durable.ErrCancelled):
		return e.end(durable.Ending{Status: durable.StatusCancelled})
	case err != nil && h.refused != nil && errors.Is(err, h.refused):
		// The call's failure is on record; the run is executed again in a while.
		e.report(err)
		e.set(row{Status: durable.StatusRunning, Due: e.clock().Add(executeAgainAfter), Doc: raw(e.book.Run.Row.Doc)})
		e.over = cmp.Or(e.driveID(), e.over)
	case err != nil:
		e.fails(err)
	case !ending.Status.Ended():
		e.fails(fmt.Errorf("run %q: its execution returned without an end", spec.ID))
	default:
		return e.end(ending)
	}
	return e.again()
}

// interpret calls the executor. A panic of it is its Drive's.
func (e *execution) interpret(exec durable.Executor, h *host, spec durable.Spec) (durable.Ending, error) {
	id := e.id()
	defer func() {
		if value := recover(); value != nil {
			e.desk.panics(id, value)
			panic(value)
		}
	}()
	return exec(e.desk.context(id), h, spec)
}

// fails ends the workflow task: the run cannot be executed here and now. The server has it
// tried again, in longer and longer intervals.
func (e *execution) fails(err error) {
	e.report(err)
	panic(err)
}

func (e *execution) report(err error) { e.desk.reports(e.id(), err) }

func (e *execution) driveID() string {
	if e.drive == nil {
		return ""
	}
	return e.drive.ID
}

// park leaves the run until it is due or something is said.
func (e *execution) park(s *durable.Suspended, ending durable.Ending) {
	if e.holds(ending.Doc) != nil {
		ending.Doc = nil // what the steps did is on record too
	}
	e.rest(s, ending.Doc)
	e.over = cmp.Or(e.driveID(), e.over)
	e.rests()
}

// rests tells a Serve of this process that the run came to rest.
func (e *execution) rests() {
	if !workflow.IsReplaying(e.ctx) {
		e.desk.rested(e.book.State())
	}
}

// end records the run's end and ends the workflow. A run that did not succeed is one that
// failed for the server too.
func (e *execution) end(ending durable.Ending) error {
	detail := durable.Detail{Status: ending.Status}
	if err := e.holds(ending.Doc); err != nil {
		if ending.Doc = nil; ending.Status == durable.StatusSucceeded {
			ending.Status = durable.StatusFailed
		}
		detail.Status, detail.Error = ending.Status, err.Error()
	}
	e.add(journal.Record{Kind: durable.EventEnded, Detail: detail})
	e.set(rowOf(journal.Row{Status: ending.Status, Ended: e.stamp(), Doc: ending.Doc}))
	e.write(e.driveID())
	e.rests()
	switch ending.Status {
	case durable.StatusSucceeded:
		return nil
	case durable.StatusCancelled:
		return temporal.NewCanceledError()
	}
	return temporal.NewNonRetryableApplicationError("the run "+string(ending.Status), string(ending.Status), nil)
}

// holds returns an error where a document is larger than what the server takes. A run that
// ends with such a one has failed; retried with a store for large values, it sends nothing again.
func (e *execution) holds(doc []byte) error {
	return e.desk.fitsIn(e.desk.mostPayload*9/10, "the run's outputs and the account of its steps", []converter.RawValue{e.pack(raw(doc))})
}

// again goes on in a new history.
func (e *execution) again() error {
	e.write("")
	e.drain()
	v, program := e.next(), programOf(e.book.Run.Spec.Snapshot)
	if err := e.desk.fits("the run's records", v, program); err != nil {
		e.fails(err)
	}
	return workflow.NewContinueAsNewError(e.ctx, workflowName, v, program)
}

// next is what a new history begins with.
func (e *execution) next() converter.RawValue {
	return e.pack(begin{Spec: specOf(e.book.Run.Spec), Row: rowOf(e.book.Run.Row), Records: recordsOf(e.book.Records), Drive: e.wish, Over: e.over, Heard: e.heard[max(0, len(e.heard)-mostHeard):], Gone: e.gone, Now: e.now, Manual: e.manual, Salt: e.salt})
}

// pack encodes a value of this package, which can always be encoded.
func (e *execution) pack(v any) converter.RawValue {
	out, err := pack(v)
	if err != nil {
		panic(err)
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
