package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/columns"
)

// Prompter asks the person at the terminal about external steps.
type Prompter struct {
	Out           io.Writer
	Lines         func(context.Context) (string, error)
	Parse         func(json []byte) (any, error)
	ShowSensitive bool
	Paint         Paint
	Width         int
}

// Ask performs an external step by asking whether it is done. "Wait", and the
// end of input, leave the step waiting; Ctrl-C cancels the run.
func (p *Prompter) Ask(ctx context.Context, step engine.ExternalStep) (any, error) {
	fmt.Fprintf(p.Out, "\n%s\n", p.Paint.Bold("step "+step.Step+" is yours, or another system's, to do:"))
	task := Task{step.Description, step.With, step.Sensitive}
	hint := RevealsByFlag
	question, answers := "done? [y]es  [j]son result  [w]ait: ", "y when it is done, j to give its result, w to leave it for later"
	if len(step.Sensitive) > 0 && !p.ShowSensitive {
		hint = "s shows it"
		question = "done? [y]es  [s]how hidden values  [j]son result  [w]ait: "
		answers = "y when it is done, s to see what is hidden, j to give its result, w to leave it for later"
	}
	task.Write(p.Out, p.ShowSensitive, hint, p.Width)
	for {
		answer, err := p.line(ctx, question)
		if err != nil {
			return nil, notDone(ctx, err)
		}
		switch strings.ToLower(answer) {
		case "y", "yes":
			return nil, nil
		case "j", "json":
			v, err := p.result(ctx)
			if err == nil || ctx.Err() != nil || errors.Is(err, io.EOF) {
				return v, notDone(ctx, err)
			}
			fmt.Fprintln(p.Out, err)
		case "w", "wait":
			return nil, engine.ErrNotDone
		case "s", "show":
			task.reveal(p.Out)
		default:
			fmt.Fprintln(p.Out, columns.Fold("please answer "+answers, p.Width))
		}
	}
}

func (p *Prompter) result(ctx context.Context) (any, error) {
	text, err := p.line(ctx, "result, as JSON on one line: ")
	if err != nil {
		return nil, err
	}
	return p.Parse([]byte(text))
}

func (p *Prompter) line(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.Out, question)
	answer, err := p.Lines(ctx)
	if err != nil {
		fmt.Fprintln(p.Out)
	}
	return strings.TrimSpace(answer), err
}

// notDone turns the end of input into waiting.
func notDone(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return engine.ErrNotDone
}

// Lines returns a function that reads a line, or gives up when its context
// ends. It is for one goroutine at a time. A read from a terminal cannot be
// broken off, so after giving up the line is left to the next call.
func Lines(r io.Reader) func(context.Context) (string, error) {
	type line struct {
		text string
		err  error
	}
	in := bufio.NewReader(r)
	var pending chan line // a read under way
	return func(ctx context.Context) (string, error) {
		if pending == nil {
			read := make(chan line, 1)
			pending = read
			go func() {
				text, err := in.ReadString('\n')
				if text != "" {
					err = nil
				}
				read <- line{text, err}
			}()
		}
		select {
		case l := <-pending:
			pending = nil
			return l.text, l.err
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// Confirm asks a question that is answered with yes or no. Anything but y and yes, and the
// end of the input, is no.
func Confirm(ctx context.Context, out io.Writer, lines func(context.Context) (string, error), question string) (bool, error) {
	p := Prompter{Out: out, Lines: lines}
	answer, err := p.line(ctx, question+" [y/N] ")
	if errors.Is(err, io.EOF) {
		err = nil
	}
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}
