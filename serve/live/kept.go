package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// ErrNotKept is returned when a run or a signal could not be stored, for instance
// because a disk is full. The error that it stands beside is for the operator.
var ErrNotKept = errors.New("runs cannot be kept now")

// doubtTime is how long a failed write speaks against being ready. It ends by
// itself, since no write follows where balancers send no requests here meanwhile.
const doubtTime = time.Minute

// kept is whether the last write to the runtime failed.
type kept struct {
	mu     sync.Mutex
	failed time.Time // zero when it did not
	why    error
}

// note takes down how a write ended, and makes the error of one that failed by
// no fault of the caller's ErrNotKept, unless it is not known whether it failed.
func (k *kept) note(ctx context.Context, err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil:
		k.failed, k.why = time.Time{}, nil
		return nil
	case ctx.Err() != nil || faultOfCaller(err):
		return err
	}
	k.failed, k.why = time.Now(), err
	if errors.Is(err, durable.ErrUnavailable) { // it may have been kept
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotKept, err)
}

// doubt is why writes are expected to fail, nil when they are not.
func (k *kept) doubt() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.why == nil || time.Since(k.failed) >= doubtTime {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNotKept, k.why)
}

// faultOfCaller reports whether a runtime answered an error on purpose.
func faultOfCaller(err error) bool {
	var (
		inputs *engine.InputError
		creds  *engine.CredentialError
	)
	if errors.As(err, &inputs) || errors.As(err, &creds) {
		return true
	}
	for _, known := range []error{
		durable.ErrUnknown, durable.ErrExists, durable.ErrBusy, durable.ErrEnded, durable.ErrConflict, durable.ErrTooLarge,
		engine.ErrNoStep, engine.ErrNotAsked, engine.ErrIncomplete, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// Lacking names the credentials that a run needs and the server does not have, for
// the operator.
func Lacking(e *engine.CredentialError) string {
	var names []string
	for _, m := range e.Missing {
		names = append(names, fmt.Sprintf("%s (%s)", m.Name, m.For))
	}
	return "the server has no credentials for this; whoever runs it sets " + strings.Join(names, ", ")
}
