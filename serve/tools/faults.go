package tools

import (
	"context"
	"errors"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/live"
)

// knownErrors are the errors that have words of their own. Without a text the error
// gives it.
var knownErrors = []struct {
	err  error
	text string
}{
	{durable.ErrUnknown, "there is no such run; list_runs shows those there are"},
	{live.ErrNoCapability, "the capability is not served any more"},
	{engine.ErrNoStep, "the run has no such step; get_run shows its steps"},
	{engine.ErrNotAsked, ""},
	{engine.ErrIncomplete, ""},
	{durable.ErrBusy, "the run goes on just now; look at it again"},
	{durable.ErrConflict, ""},
	{durable.ErrEnded, "the run has ended"},
	{durable.ErrTooLarge, "the values are too large to be kept"},
	{durable.ErrUnavailable, "the server of the runs does not answer; what was asked for may have been done, look with list_runs before you try again"},
	{live.ErrNotKept, "runs cannot be kept now; nothing was done, try again later"},
	{live.ErrClosed, "the server is shutting down"},
	{context.DeadlineExceeded, "the server is too busy; try again later"},
	{context.Canceled, "the call was cancelled"},
}

// fault is an error in the words of a tool's caller. A failure that is no fault
// of the call goes to the log, not to the client.
func (t *Tools) fault(err error) error {
	var (
		inputs *engine.InputError
		creds  *engine.CredentialError
	)
	switch {
	case errors.As(err, &inputs):
		lines := []string{"the inputs are not what the capability takes; nothing was sent"}
		for _, p := range inputs.Problems {
			lines = append(lines, p.String())
		}
		return errors.New(strings.Join(lines, "\n"))
	case errors.As(err, &creds):
		return errors.New(live.Lacking(creds))
	}
	if errors.Is(err, live.ErrNotKept) || errors.Is(err, durable.ErrUnavailable) {
		t.log.Error("a tool failed", "error", err)
	}
	for _, known := range knownErrors {
		if errors.Is(err, known.err) {
			if known.text == "" {
				return errors.New(strings.TrimSuffix(err.Error(), ": "+known.err.Error()))
			}
			return errors.New(known.text)
		}
	}
	t.log.Error("a tool failed", "error", err)
	return errors.New("the server could not do this; its log says why")
}
