package command

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// attendant sees to the external steps of one run that no command performs.
type attendant struct {
	app    *app
	show   *term.Progress
	rt     durable.Runtime // nil: nothing keeps the run
	stay   bool            // the process stays while a person performs a step
	prompt *term.Prompter

	capability string

	mu       sync.Mutex
	run      string             // its id, once it was started
	withdraw context.CancelFunc // of the question that is open
	question sync.WaitGroup
}

// attend returns the attendant of a run about to be executed. Call close when it
// has been.
func (a *app) attend(show *term.Progress, rt durable.Runtime, stay, showSensitive bool) *attendant {
	p := &term.Prompter{
		Out: a.io.Err, Lines: term.Lines(a.io.In), Parse: parseJSON, ShowSensitive: showSensitive,
		Paint: term.Paint(a.color(a.io.ErrTTY)), Width: a.textWidth(a.io.ErrTTY),
	}
	return &attendant{app: a, show: show, rt: rt, stay: stay, prompt: p}
}

// canAsk reports whether there is a person to ask.
func (a *app) canAsk() bool {
	return a.io.InTTY && a.io.ErrTTY && !a.flags.nonInteractive
}

// staying decides whether the process stays with a run: as --wait has it, else
// where there is a person to see it.
func (a *app) staying(flag, given bool) bool {
	if given {
		return flag
	}
	return a.canAsk()
}

// serve adds the attendant to the handlers of a run, as the one for all steps
// without their own.
func (t *attendant) serve(handlers map[string]engine.ExternalHandler) {
	switch {
	case t.stay && t.rt != nil:
		handlers[""] = t.askMeanwhile
	case t.rt == nil && t.app.canAsk(): // no other process could say that it is done
		handlers[""] = t.ask
	}
}

// event takes in an event of the run. An open question is over then: the
// run went on, or ended, without an answer.
func (t *attendant) event(e durable.Event) {
	t.close()
	t.mu.Lock()
	t.run = e.Run
	t.mu.Unlock()
	t.show.Event(e)
}

// close withdraws an open question.
func (t *attendant) close() {
	t.mu.Lock()
	if t.withdraw != nil {
		t.withdraw()
		t.withdraw = nil
	}
	t.mu.Unlock()
	t.question.Wait()
}

// ask asks, with the live line out of the way.
func (t *attendant) ask(ctx context.Context, step engine.ExternalStep) (any, error) {
	t.show.Hold()
	defer t.show.Release()
	return t.prompt.Ask(ctx, step)
}

// askMeanwhile leaves the step waiting, for word from any process, and asks the
// person here at the same time: the first answer counts.
func (t *attendant) askMeanwhile(ctx context.Context, step engine.ExternalStep) (any, error) {
	t.close()
	if !t.app.canAsk() {
		t.announce(step)
		return nil, engine.ErrNotDone
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ctx, t.withdraw = context.WithCancel(ctx)
	t.question.Go(func() { t.answer(ctx, step) })
	return nil, engine.ErrNotDone
}

// announce prints the task, where there is no person to ask.
func (t *attendant) announce(step engine.ExternalStep) {
	t.show.Hold()
	defer t.show.Release()
	t.app.complain("waiting: step %q is to be done by somebody else", step.Step)
	term.Task{Description: step.Description, With: step.With, Sensitive: step.Sensitive}.Write(t.app.io.Err, t.prompt.ShowSensitive, term.RevealsByFlag, t.prompt.Width)
	t.app.withCommand("then, in any shell:", t.app.doneCommand(step))
}

// answer asks and passes the answer to the run.
func (t *attendant) answer(ctx context.Context, step engine.ExternalStep) {
	t.show.Hold()
	defer t.show.Release()
	result, err := t.prompt.Ask(ctx, step)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		t.app.withCommand("it waits until somebody says so:", t.app.doneCommand(step))
		t.app.complain("Ctrl-C leaves; nothing is lost")
		return
	}
	if err := t.tell(context.WithoutCancel(ctx), step, result); err != nil {
		t.app.complain("that could not be kept: %s", term.Printable(err.Error()))
	}
}

func (t *attendant) tell(ctx context.Context, step engine.ExternalStep, result any) error {
	data, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return t.rt.Signal(ctx, step.Run, durable.Signal{ID: "prompt", Step: step.Step, Result: data, By: "the terminal"})
}

// doneCommand is the command that finishes a step from elsewhere.
func (a *app) doneCommand(step engine.ExternalStep) string {
	return a.command("resume", step.Run, "--done", step.Step)
}

// stopping answers the first Ctrl-C of a run: at once where the run does not end
// at once.
func (t *attendant) stopping() {
	step := t.show.Writing()
	if step == "" || t.app.open != nil { // its worker goes on
		return
	}
	t.show.Hold()
	defer t.show.Release()
	t.app.complain("stopping: the request of step %q is in flight and gets a few seconds to finish; Ctrl-C again ends at once", step)
}

// leave reports where a run stands that the second Ctrl-C ends, and how to go on.
func (t *attendant) leave() {
	t.show.Hold()
	res := t.standing()
	if !t.app.wantsText() {
		_ = t.app.printDocument(res) // the process ends in any case
	}
	t.app.complain("%s: %s", res.Capability, res.Error.Message)
	if res.Run != "" {
		t.app.complain("run %s", res.Run)
	}
	if res.Error.Hint != "" {
		t.app.complain("%s", res.Error.Hint)
	}
}

// standing is the document of the run as it is being left.
func (t *attendant) standing() *engine.Result {
	t.mu.Lock()
	run := t.run
	t.mu.Unlock()
	res := &engine.Result{Run: run, Capability: t.capability}
	if t.rt != nil && run != "" {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // the runtime may be hanging
		defer cancel()
		if kept, err := looker(t.rt).Inspect(ctx, run); err == nil {
			res = kept.Brief()
		}
	}
	res.Status = durable.StatusCancelled
	res.Error = &document.Error{Code: codeInterrupted, Message: "the run was interrupted"}
	if step := t.show.Writing(); step != "" && t.app.open == nil {
		res.Error.Step = step
		res.Error.Message += fmt.Sprintf(" while the request of step %q was in flight; it may have taken effect", step)
	}
	if t.rt != nil && run != "" {
		res.Error.Next.Kind = document.NextResume
	}
	return t.app.worded(res)
}
