package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// result writes the run document.
func (r *running) result(ctx context.Context, out *exec.Outcome, err error) *Result {
	r.hideCredentials(out)
	res := &Result{Run: r.id, Capability: r.p.Name(), Mock: r.p.set.Mock, Status: statusOf(ctx, err), Steps: make([]document.StepRun, 0, len(out.Records))}
	for _, rec := range out.Records {
		step := document.StepRun{ID: rec.ID, Status: rec.Status, Attempts: rec.Attempts, HTTPStatus: rec.HTTPStatus, DurationMS: rec.Duration.Milliseconds()}
		if rec.Err != nil && rec.Status != durable.StatusWaiting {
			step.Error = r.info(rec.Err)
		}
		res.Steps = append(res.Steps, step)
	}
	if res.Outputs = out.Outputs; err != nil && !isOutput(err) {
		res.Outputs = map[string]any{}
	}
	if out.Answer != nil && err == nil {
		answerWith(res, out.Answer)
	}
	r.p.annotate(res, out.Outputs)
	r.hideOutputs(res, out.Outputs)
	if err == nil {
		return res
	}
	r.known = out.Outputs
	var suspended *durable.Suspended
	if errors.As(err, &suspended) && res.Status == durable.StatusWaiting {
		res.Waiting = r.waiting(suspended)
		return res
	}
	res.Error = r.info(err)
	if res.Error.Step == "" {
		res.Error.Step = stoppedAt(out.Records)
	}
	if (res.Status == durable.StatusFailed || res.Status == durable.StatusTimedOut) && r.kept() && !errors.Is(err, durable.ErrNotStarted) {
		res.Error.Next.Kind = document.NextRetry
	}
	return res
}

// stoppedAt is the step that the end of a run's time, or its interruption,
// stopped.
func stoppedAt(records []exec.Record) string {
	for _, rec := range records {
		if rec.Status == durable.StatusTimedOut || rec.Status == durable.StatusCancelled {
			return rec.ID
		}
	}
	return ""
}

// hideOutputs marks the outputs that hold a secret of the run by another way
// than the plan could see, such as the result of an external step.
func (r *running) hideOutputs(res *Result, outputs map[string]any) {
	for _, name := range res.OutputNames {
		if slices.Contains(res.SensitiveOutputs, name) {
			continue
		}
		text, ok := outputs[name].(string)
		if !ok {
			data, err := json.Marshal(outputs[name])
			if err != nil {
				continue
			}
			text = string(data)
		}
		if r.redactor.String(text) != text {
			res.Hide(name)
		}
	}
}

// isOutput reports the failure of one output, beside which the others stand.
func isOutput(err error) bool {
	var output *plan.OutputError
	return errors.As(err, &output)
}

func statusOf(ctx context.Context, err error) durable.Status {
	if err == nil {
		return durable.StatusSucceeded
	}
	var suspended *durable.Suspended
	var timedOut *durable.TimedOut
	switch {
	case errors.Is(err, durable.ErrCancelled):
		return durable.StatusCancelled
	case errors.As(err, &suspended) && suspended.Reason != durable.ReasonInDoubt:
		return durable.StatusWaiting // parked, even when it was stopped just then
	case errors.Is(ctx.Err(), context.Canceled):
		return durable.StatusCancelled
	case errors.As(err, &suspended):
		return durable.StatusInDoubt
	case errors.As(err, &timedOut), errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		return durable.StatusTimedOut
	default:
		return durable.StatusFailed
	}
}

func (r *running) waiting(s *durable.Suspended) *document.Waiting {
	w := &document.Waiting{Step: s.Path, Description: s.Description, Sensitive: slices.Clone(s.Sensitive)}
	w.With, _ = jsonvalue.Clone(s.With).(map[string]any)
	for _, step := range r.p.plan.Steps {
		if step.ID == s.Path {
			for _, b := range step.Action.Takes() {
				if b.Sensitive && !slices.Contains(w.Sensitive, b.Name) {
					w.Sensitive = append(w.Sensitive, b.Name)
				}
			}
		}
	}
	w.Next = document.Next{Kind: document.NextFinish, Step: s.Path}
	if s.Reason == durable.ReasonTimer {
		w.Description = "it goes on at " + s.Until.UTC().Format(time.RFC3339)
		w.Next.Kind = document.NextWait
	}
	if !r.kept() {
		w.Next.Kind = document.NextRepeat
	}
	return w
}

// info is an error as run documents show it.
func (r *running) info(err error) *document.Error {
	info := &document.Error{Message: r.hideIn(err.Error())}
	var step *exec.StepError
	var output *plan.OutputError
	var suspended *durable.Suspended
	switch {
	case errors.As(err, &output):
		info.Code = exec.CodeOutput
	case errors.As(err, &suspended) && suspended.Reason == durable.ReasonInDoubt:
		info.Code, info.Step = exec.CodeInDoubt, suspended.Path
		info.Message = r.hideIn(doubtful(suspended.Err))
		info.Hint, info.Next = r.whatToCheck(suspended.Path)
		info.HTTPStatus, info.RequestID = answered(suspended.Err)
	case errors.As(err, &step):
		info.Code, info.Step = step.Code, step.Step
		info.Message, info.Hint = r.hideIn(step.Message), r.hideIn(step.Hint)
		info.HTTPStatus, info.RequestID = step.Status, step.RequestID
	case errors.Is(err, durable.ErrCancelled):
		info.Code, info.Message = exec.CodeInterrupted, "the run was cancelled"
	case errors.Is(err, context.Canceled):
		info.Code, info.Message = exec.CodeInterrupted, "the run was interrupted"
		if r.kept() {
			info.Next.Kind = document.NextResume
		}
	case errors.Is(err, context.DeadlineExceeded):
		info.Code = exec.CodeTimeout
		info.Message = strings.TrimSuffix(info.Message, ": "+context.DeadlineExceeded.Error())
	}
	return info
}

// answered returns the status and request id of the answer that left a write in
// doubt, as far as one came.
func answered(err error) (status int, requestID string) {
	var step *exec.StepError
	var call *operations.CallError
	switch {
	case errors.As(err, &step):
		return step.Status, step.RequestID
	case errors.As(err, &call):
		return call.Status, call.RequestID
	}
	return 0, ""
}

// doubtful describes the doubt about a write: whether it took effect, or only its
// answer.
func doubtful(err error) string {
	status, _ := answered(err)
	var step *exec.StepError
	switch {
	case status >= 200 && status < 300, errors.As(err, &step) && step.Code != exec.CodeStatus:
		return fmt.Sprintf("the request took effect, but what it answered is lost: %v", err)
	}
	return fmt.Sprintf("it is not known whether the request took effect: %v", err)
}

// whatToCheck returns how to find out whether a write in doubt happened.
func (r *running) whatToCheck(path string) (hint string, next document.Next) {
	next = document.Next{Kind: document.NextSettle, Step: path}
	if !r.kept() {
		next.Kind = document.NextRepeat
	}
	s := r.p.stepOf(path)
	if s == nil || s.Operation() == nil {
		return "", next
	}
	a := s.Operation()
	next.Policy, next.Method = a.Policy, a.Op.Method
	if a.Probe != nil {
		next.Probe = a.Probe.Op.ID
	}
	resource := strings.ReplaceAll(a.Op.Resource().Name, "_", " ")
	if resource == "" {
		resource = "result"
	}
	look := fmt.Sprintf("it was not sent again; look in %s whether the %s of %s %s exists", a.API, resource, a.Op.Method, a.Op.Path)
	switch {
	case !r.kept():
		return look + " before you run this capability again", next
	case a.Policy == durable.Idempotent:
		return fmt.Sprintf("once resumed, the run sends it again: %s has the same effect once or twice", a.Op.Method), next
	case a.Policy == durable.Keyed:
		return "once resumed, the run sends it again under the same idempotency key", next
	case a.Policy == durable.Probed:
		return fmt.Sprintf("it was not sent again; once resumed, the run looks it up with %s and goes on", next.Probe), next
	}
	return look, next
}

// stepID is the step of a path such as "invite[3]".
func stepID(path string) string {
	id, _, _ := strings.Cut(path, "[")
	return id
}

// stepOf finds the step of a path.
func (p *Program) stepOf(path string) *plan.Step {
	id := stepID(path)
	for _, s := range p.plan.Steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// stepAt finds the step of a path as stepOf does, and reports whether a run has that path:
// one with a number for a step that is done for each entry of a list, and no other.
func (p *Program) stepAt(path string) (s *plan.Step, known bool) {
	s = p.stepOf(path)
	if s == nil || s.Each == nil {
		return s, s != nil && s.ID == path
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(path, s.ID+"["), "]"), 10, 32)
	return s, err == nil && path == fmt.Sprintf("%s[%d]", s.ID, n)
}

// failed is the error of a run that did not succeed, with its whole story.
func (r *running) failed(res *Result, err error) *RunError {
	e := &RunError{Result: res, err: err}
	writer := func(to *string) func(string, ...any) {
		return func(format string, args ...any) { *to += "\n  " + r.hideIn(fmt.Sprintf(format, args...)) }
	}
	line := writer(&e.request)
	var step *exec.StepError
	if errors.As(err, &step) {
		r.traceStep(line, step)
		if res.Status != durable.StatusInDoubt { // the message and the hint have it
			effect(line, step)
		}
	} else if s := r.p.stepOf(res.Error.Step); s != nil && s.Operation() != nil {
		line("%s: step %q: %s %s", s.At.Pos, s.ID, s.Operation().Op.Method, r.url(s.Operation()))
	}
	line = writer(&e.steps)
	for _, g := range groups {
		var ids []string
		for _, s := range res.Steps {
			if s.Status == g.status {
				ids = append(ids, s.ID)
			}
		}
		if len(ids) > 0 {
			line("%s: %s", g.name, strings.Join(ids, ", "))
		}
	}
	for _, name := range res.OutputNames {
		if v, ok := r.known[name]; ok && len(res.Outputs) == 0 && !slices.Contains(res.SensitiveOutputs, name) {
			line("known by then: %s: %s", name, shown(v))
		}
	}
	line("run: %s", res.Run)
	return e
}

// groups are the steps of a run that did not succeed, by how they stand.
var groups = []struct {
	name   string
	status durable.Status
}{
	{"done", durable.StatusSucceeded}, {"failed", durable.StatusFailed}, {"timed out", durable.StatusTimedOut},
	{"in doubt", durable.StatusInDoubt}, {"stopped", durable.StatusCancelled}, {"not done", durable.StatusPending},
}

func (r *running) traceStep(line func(string, ...any), e *exec.StepError) {
	s := r.p.stepOf(e.Step)
	if s == nil {
		return
	}
	a := s.Operation()
	if a == nil {
		line("%s: step %q", s.At.Pos, e.Step)
		return
	}
	line("%s: step %q: %s %s", s.At.Pos, e.Step, a.Op.Method, r.url(a))
	if e.RequestID != "" {
		line("request id: %s", e.RequestID)
	}
	if e.Body != "" {
		line("body: %s", e.Body)
	}
}

// effect reports the effect of a write whose step failed.
func effect(line func(string, ...any), e *exec.StepError) {
	switch {
	case !e.Writes:
	case e.Lost:
		line("an earlier sending of this write may have taken effect: look there before you run again")
	case !e.Sent:
	case e.Status >= 300:
		line("nothing was changed by this step")
	case e.Status >= 200:
		line("the write itself took effect")
	}
}

func (r *running) url(op *plan.Operation) string {
	url := r.p.unit.File().APIs[op.API].URL(context.Background(), r.p.link, op.Op) // its binds were looked up before
	return strings.TrimSuffix(url, "/") + op.Op.Path
}

// shown is a value as text for a person.
func shown(v any) string {
	text, err := eval.TextOf(v)
	if err != nil {
		return "null"
	}
	return text
}
