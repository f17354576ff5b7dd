package script

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dop251/goja"

	"github.com/capstan-run/capstan/diag"
)

// Options bound a run and fix the values that would differ from one to the next. The
// zero value works.
type Options struct {
	Timeout time.Duration // 0: 5 seconds
	Memory  int64         // growth of the heap, in bytes; 0: 64 MiB
	Now     time.Time     // the script's clock; zero: 1970-01-01T00:00:00Z
	Seed    uint64        // of Math.random
	// Hide replaces secrets in the text of a thrown value, before that is
	// shortened; nil changes nothing.
	Hide func(string) string
}

// maxStack bounds calls within calls.
const maxStack = 1000

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Memory <= 0 {
		o.Memory = 64 << 20
	}
	if o.Now.IsZero() {
		o.Now = time.Unix(0, 0)
	}
	return o
}

// Run runs the script with vars as its values and returns its result, both
// JSON-like: nil, bool, int, float64, string, []any, map[string]any. It runs in
// the caller's goroutine and leaves none behind.
//
// A fault in the script is an [*Error]. One that ran too long wraps
// context.DeadlineExceeded, one whose ctx ended wraps ctx's error.
func (p *Program) Run(ctx context.Context, vars map[string]any, o Options) (result any, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: stopped: %w", p.name, err)
	}
	o = o.withDefaults()
	s := newSandbox(o)
	stop := s.watch(ctx, o)
	defer stop()
	defer func() {
		if x := recover(); x != nil { // a fault of the interpreter's own
			result, err = nil, p.failure(s, fmt.Errorf("%v", x))
		}
	}()
	if err := s.bind(vars); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	for _, part := range p.parts {
		if _, err := s.rt.RunProgram(part); err != nil {
			return nil, p.failure(s, err)
		}
	}
	out, err := s.result()
	if err != nil {
		return nil, p.failure(s, err)
	}
	return out, nil
}

// failure returns the reason why the run ended: that it was stopped, else a fault
// of the script.
func (p *Program) failure(s *sandbox, err error) error {
	if cause := s.stopped(); cause != nil {
		return fmt.Errorf("%s: %w", p.name, cause)
	}
	out := &Error{Pos: diag.Pos{File: p.name}, Message: err.Error()}
	var thrown *goja.Exception
	var deep *goja.StackOverflowError
	switch {
	case errors.As(err, &deep):
		out.Message = fmt.Sprintf("the script calls itself more than %d deep", maxStack)
	case errors.As(err, &thrown):
		out.Message = "the script threw " + describe(thrown.Value(), s.hide)
		for _, frame := range thrown.Stack() {
			if at := frame.Position(); at.Line > 0 {
				out.Pos.File = frame.SrcName()
				out.place(at)
				break
			}
		}
	}
	return out
}

// maxMessage bounds the text of a thrown value, in bytes.
const maxMessage = 500

// describe returns a thrown value as text, without running any more of the
// script.
func describe(v goja.Value, hide func(string) string) string {
	text := "a value"
	switch v := v.(type) {
	case nil:
	case *goja.Object:
		text = "an object"
		if v.ClassName() == "Error" {
			text = "an error"
			if s, err := errorText(v); err == nil {
				text = s
			}
		}
	default:
		text = v.String()
	}
	if hide != nil {
		text = hide(text)
	}
	if len(text) > maxMessage {
		text = text[:maxMessage] + "..."
	}
	return text
}

// errorText reads name and message, either of which may be a getter that throws.
func errorText(o *goja.Object) (text string, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%v", x)
		}
	}()
	return fmt.Sprintf("%v: %v", o.Get("name"), o.Get("message")), nil
}
