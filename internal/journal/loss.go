package journal

import (
	"errors"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Recourse is the way to go on when an answer was lost.
type Recourse int

// The ways.
const (
	Settle    Recourse = iota // somebody has to decide whether it took effect
	SendAgain                 // that is harmless
	LookUp                    // its probe decides
)

// maxProbes is how often in a row one drive sends a probed write that did not take
// effect while its answers get lost.
const maxProbes = 3

// AfterLoss returns the way to go on with a call, after so many lost answers in this drive:
// a Do sends again by itself, so that a loss in this drive is not tried again.
func AfterLoss(in durable.Intent, lost int) Recourse {
	switch in.Policy {
	case durable.Safe, durable.Idempotent, durable.Keyed:
		if lost == 0 {
			return SendAgain
		}
	case durable.Probed:
		if lost < maxProbes && in.Probe != nil {
			return LookUp
		}
	}
	return Settle
}

// DueAt returns a doubt that a look-up can decide from a time on.
func DueAt(doubt *durable.Suspended, at time.Time) *durable.Suspended {
	out := *doubt
	out.Until = at
	return &out
}

// InDoubt parks a run that would wait for its look-up as in doubt until then. Any other
// error stays as it is.
func InDoubt(doubt *durable.Suspended, err error) error {
	var waits *durable.Suspended
	if !errors.As(err, &waits) {
		return err
	}
	return DueAt(doubt, waits.Until)
}

// probeAgain is how long after a look-up that failed the next one is due.
const probeAgain = time.Minute

// LookUpFailed returns the doubt that a look-up which failed leaves. The look-up's own status
// is not the write's.
func LookUpFailed(doubt *durable.Suspended, err error, now time.Time) *durable.Suspended {
	out := DueAt(doubt, now.Add(probeAgain))
	out.Err = fmt.Errorf("%v; looking it up failed: %v", doubt.Err, err)
	return out
}
