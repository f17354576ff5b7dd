package exec

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// maxPages bounds `all: true`.
const maxPages = 1000

// operation performs an API step through the host.
func (r *run) operation(ctx context.Context, s *plan.Step, path string, vars map[string]any, rec *Record) (any, error) {
	req, err := r.request(ctx, s, path, vars)
	if err != nil {
		return nil, err
	}
	c := &call{run: r, s: s, path: path, req: req, vars: vars, rec: rec}
	intent := durable.Intent{Path: path, Operation: s.Op.ID, Policy: s.Policy, Input: c.input()}
	if s.Probe != nil {
		intent.Probe, intent.ProbeAfter = c.probe, probeAfter
	}
	if s.KeyHeader != "" {
		intent.Key = req.Header.Get(s.KeyHeader)
	}
	var raw json.RawMessage
	if s.Polls() {
		raw, err = r.host.Poll(ctx, intent, s.Schedule, c.look)
	} else {
		raw, err = r.host.Step(ctx, intent, c.send)
	}
	if err != nil {
		c.account(c.attempts, c.spent())
		return nil, c.explain(err)
	}
	k, err := decodeKept(raw)
	if err != nil {
		return nil, &StepError{Step: path, Code: CodeAnswer, API: s.API, Message: "its kept result cannot be read: " + err.Error(), Err: err}
	}
	rec.HTTPStatus = k.Status
	c.account(k.Attempts, time.Duration(k.Millis)*time.Millisecond)
	r.hide(s, k.Value)
	return k.Value, nil
}

// account adds one performance of the step to its record; a step with `each`
// has several.
func (c *call) account(attempts int, spent time.Duration) {
	c.rec.Attempts += attempts
	c.rec.Duration += spent
}

// spent is the time since the first sending in this process.
func (c *call) spent() time.Duration {
	if c.began.IsZero() {
		return 0
	}
	return time.Since(c.began)
}

// request evaluates the bindings. Nothing is sent when a value that must be
// there is empty.
func (r *run) request(ctx context.Context, s *plan.Step, path string, vars map[string]any) (*operations.Request, error) {
	req := &operations.Request{Op: s.Op, Step: path, Attempts: s.Attempts, BaseURL: r.env.BaseURL(s.API), Header: http.Header{}, Redactor: r.env.Redactor}
	for _, p := range s.Spec.Sensitive {
		req.Sensitive = append(req.Sensitive, p.Value)
	}
	env := r.evalEnv(vars)
	body := map[string]any{}
	for _, b := range s.Binds {
		v, err := b.Value.Eval(ctx, env)
		if err != nil {
			return nil, r.fail(ctx, s, path, b.Name, err)
		}
		if empty(v) && b.Must {
			return nil, r.emptyValue(s, path, b)
		}
		switch {
		case b.Whole:
			req.Body = v
		case b.In == operations.InBody:
			if v != nil || b.Null {
				body[b.Name] = v
			}
		case v != nil:
			req.Args = append(req.Args, operations.Arg{Param: b.Param, Value: v})
		}
	}
	if len(body) > 0 || req.Body == nil && s.Op.Body != nil && s.Op.Body.Required {
		req.Body = body
	}
	if s.KeyHeader != "" {
		req.Header.Set(s.KeyHeader, idempotencyKey(r.host.RunID(), path))
		req.Resend = true
	}
	return req, nil
}

// empty reports whether a value says nothing: null, "" or an empty list of a
// filter.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return false
	}
	return false
}

func (r *run) emptyValue(s *plan.Step, path string, b *plan.Bind) error {
	e := &StepError{
		Step: path, Code: CodeEmptyValue, API: s.API,
		Message: fmt.Sprintf("%q of %s came out empty: %s has no value", b.Name, s.Op.ID, b.From),
		Hint:    "nothing was sent; check what the steps before it returned",
	}
	for _, g := range s.Guards {
		if g.Param == b.Name {
			e.Code = CodeEmptyFilter
			e.Message = fmt.Sprintf("the filter %q of %s came out empty (%s): sending it would list everyone's items", b.Name, s.Op.ID, b.From)
		}
	}
	return e
}

// idempotencyKey is the same for every attempt of a step in a run, and for no
// other step.
func idempotencyKey(run, path string) string {
	sum := sha256.Sum256([]byte(run + "\x00" + path))
	return hex.EncodeToString(sum[:16])
}

// call is one step's exchange with its API.
type call struct {
	*run
	s        *plan.Step
	path     string
	req      *operations.Request
	vars     map[string]any
	rec      *Record
	attempts int       // sendings in this process
	began    time.Time // of the first of them
	// seen says that the poll had an answer in this process, so that a later
	// failure is an outage and not a mistake.
	seen bool
	// unread says why the last look told nothing.
	unread error
	// dropped says which items of the last look were left out as foreign.
	dropped string
}

// input is what the host records of the arguments; credentials are not part
// of a Request.
func (c *call) input() json.RawMessage {
	args := map[string]any{}
	for _, a := range c.req.Args {
		args[string(a.Param.In)+"."+a.Param.Name] = a.Value
	}
	if c.req.Body != nil {
		args["body"] = c.req.Body
	}
	data, err := json.Marshal(args)
	if err != nil {
		return nil // the values came from JSON
	}
	return data
}

// send performs the request once and keeps the answer.
func (c *call) send(ctx context.Context) (json.RawMessage, error) {
	k, err := c.exchange(ctx, 0)
	if err == nil {
		err = c.judge(ctx, k)
	}
	if err != nil {
		return nil, c.tookEffect(err)
	}
	return k.encode()
}

// tookEffect marks the failure of a write that the API said it had done.
func (c *call) tookEffect(err error) error {
	var e *StepError
	if c.s.Op.Effect() != operations.Read && errors.As(err, &e) && e.Status >= 200 && e.Status < 300 {
		return &durable.TookEffect{Err: err}
	}
	return err
}

// look performs one poll.
func (c *call) look(ctx context.Context, try int) (json.RawMessage, bool, error) {
	k, err := c.exchange(ctx, try)
	if c.seen && passing(err) {
		// An outage does not end a poll of days: it is looked again, until the
		// poll's own time is up.
		c.unread = err
		c.env.Emit(Event{Kind: Polled, Step: c.path, Try: try, Wait: c.s.Schedule.Wait(try), Message: err.Error()})
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	c.seen = true
	if err := c.judge(ctx, k); err != nil {
		return nil, false, err
	}
	done, err := c.truth(ctx, k, c.s.Until, "until")
	var notThere *eval.EvalError
	if err != nil && (ctx.Err() != nil || !errors.As(err, &notThere)) {
		return nil, false, err
	}
	if !done {
		// What the condition reads may not be there yet, such as the first
		// item of a list: that is not true yet, and told when time runs out.
		c.unread = nil
		if notThere != nil {
			c.unread = notThere
		}
		c.env.Emit(Event{Kind: Polled, Step: c.path, Try: try, Status: k.Status, Wait: c.s.Schedule.Wait(try)})
		return nil, false, nil
	}
	raw, err := c.selected(ctx, k)
	return raw, true, err
}

// passing reports whether a failure may pass by itself: no answer, or one that
// says that the server is not well.
func passing(err error) bool {
	var e *StepError
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == CodeTransport || e.Status >= 500 || e.Status == http.StatusTooManyRequests
}

// exchange sends the request and reads the answer as later steps may see it.
func (c *call) exchange(ctx context.Context, try int) (*kept, error) {
	if c.began.IsZero() {
		c.began = time.Now()
	}
	req := *c.req
	req.Try = try
	req.OnRetry = func(attempt int, wait time.Duration, cause error) {
		c.env.Emit(Event{Kind: Retried, Step: c.path, Try: attempt, Wait: wait, Message: cause.Error()})
	}
	resp, err := c.deliver(ctx, &req)
	if err != nil {
		return nil, c.transport(ctx, err)
	}
	c.attempts += max(resp.Attempts, 1)
	c.rec.HTTPStatus = resp.Status
	if err := c.status(resp); err != nil {
		return nil, err
	}
	if err := c.readable(resp); err != nil {
		return nil, err
	}
	if err := c.schema(resp, try); err != nil {
		return nil, err
	}
	if err := c.promised(resp); err != nil {
		return nil, err
	}
	value, err := c.guarded(resp.Value, try)
	if err != nil {
		return nil, err
	}
	return &kept{
		Status: resp.Status, Attempts: c.attempts, Millis: c.spent().Milliseconds(), RequestID: resp.RequestID, Value: value,
	}, nil
}

// graceTime is how long a write may go on after its run was stopped.
const graceTime = 5 * time.Second

// deliver sends the request, or all its pages. A write in flight when the run
// is stopped gets some time to finish: cut off, nobody would know whether it
// happened.
func (c *call) deliver(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	caller := c.env.Call(c.s.API)
	if c.s.All {
		return operations.All(ctx, caller, req, maxPages)
	}
	if c.s.Op.Effect() != operations.Read {
		var cancel context.CancelFunc
		ctx, cancel = grace(ctx, graceTime)
		defer cancel()
	}
	return caller(ctx, req)
}

// grace returns a context that ends d after ctx is stopped.
func grace(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(d, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(out, func() { timer.Stop() })
	})
	return out, func() {
		stop()
		cancel(context.Canceled)
	}
}

// transport sorts an error of the caller: asked to wait, lost, or failed.
func (c *call) transport(ctx context.Context, err error) error {
	attempts := 1
	var failed *operations.CallError
	if errors.As(err, &failed) {
		attempts = max(failed.Attempts, 1)
	}
	c.attempts += attempts
	var later *operations.RetryLater
	if errors.As(err, &later) {
		c.env.Emit(Event{Kind: Retried, Step: c.path, Wait: later.At.Sub(c.host.Now()), Message: "the API asked to be left alone"})
		return &durable.NotBefore{At: later.At, Err: err}
	}
	if operations.IsInDoubt(err) && c.s.Policy != durable.Safe {
		return &durable.Suspended{Path: c.path, Reason: durable.ReasonInDoubt, Description: c.s.Spec.Description.Value, Err: err}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	e := c.stepError(CodeTransport, "%v", err)
	e.Err = err
	return e
}

func (c *call) stepError(code, format string, args ...any) *StepError {
	return &StepError{
		Step: c.path, Code: code, API: c.s.API, Message: fmt.Sprintf(format, args...),
		Method: c.s.Op.Method, URL: c.s.Op.Path, Writes: c.s.Op.Effect() != operations.Read,
	}
}

func (c *call) status(resp *operations.Response) error {
	if resp.Status < 400 {
		return nil
	}
	p := operations.ExplainResponse(resp)
	e := c.stepError(CodeStatus, "%s answered %d %s", c.s.API, resp.Status, http.StatusText(resp.Status))
	if p.Message != "" {
		e.Message += ": " + p.Message
	}
	e.Status, e.RequestID, e.Sent = resp.Status, resp.RequestID, true
	e.Body = excerpt(string(resp.Body))
	return e
}

// readable refuses an answer that is not the JSON its operation documents.
func (c *call) readable(resp *operations.Response) error {
	if resp.DecodeErr == nil || c.s.Op.Result() == nil {
		return nil
	}
	e := c.stepError(CodeAnswer, "%s answered %d, but %v", c.s.API, resp.Status, resp.DecodeErr)
	e.Status, e.RequestID, e.Sent, e.Err = resp.Status, resp.RequestID, true, resp.DecodeErr
	e.Body = excerpt(string(resp.Body))
	return e
}

// schema holds the answer against its documented schema.
func (c *call) schema(resp *operations.Response, try int) error {
	if !resp.IsJSON {
		return nil
	}
	violations := c.s.Op.CheckResponse(resp.Status, resp.Header.Get("Content-Type"), resp.Value)
	if len(violations) == 0 {
		return nil
	}
	texts := make([]string, 0, 3)
	for _, v := range violations[:min(len(violations), 3)] {
		texts = append(texts, strings.TrimSpace(v.Path+" "+v.Message))
	}
	msg := "the answer is not what the OpenAPI document says: " + strings.Join(texts, "; ")
	if more := len(violations) - len(texts); more > 0 {
		msg += fmt.Sprintf("; and %d more", more)
	}
	if c.env.Strict {
		e := c.stepError(CodeSchema, "%s", msg)
		e.Status, e.RequestID, e.Sent = resp.Status, resp.RequestID, true
		return e
	}
	if try <= 1 {
		c.env.Emit(Event{Kind: Warning, Step: c.path, Message: msg})
	}
	return nil
}

// promised refuses an answer that lacks a required field which something reads:
// whatever came after would work on nothing.
func (c *call) promised(resp *operations.Response) error {
	result, ok := resp.Value.(map[string]any)
	for _, field := range slices.Sorted(maps.Keys(c.s.Promised)) {
		if ok && result[field] != nil {
			continue
		}
		e := c.stepError(CodeAnswer, "%s answered %d without %q, which its document requires and %s reads", c.s.API, resp.Status, field, c.s.Promised[field])
		e.Status, e.RequestID, e.Sent = resp.Status, resp.RequestID, true
		e.Body = excerpt(string(resp.Body))
		return e
	}
	return nil
}

// explain gives a poll's time-out the step's words.
func (c *call) explain(err error) error {
	var timedOut *durable.TimedOut
	if !errors.As(err, &timedOut) {
		return err
	}
	e := c.stepError(CodeTimeout, "not done after %s (%d looks): %s was never true", timedOut.Timeout, timedOut.Tries, c.s.Until.Source())
	if c.unread != nil {
		e.Hint = "the last look told nothing: " + c.unread.Error()
	}
	if c.dropped != "" {
		e.Hint = strings.TrimPrefix(e.Hint+"; "+c.dropped, "; ")
	}
	e.Err = err
	return e
}

const excerptSize = 400

func excerpt(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > excerptSize {
		return string(r[:excerptSize]) + "..."
	}
	return s
}
