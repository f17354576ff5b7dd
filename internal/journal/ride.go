package journal

import (
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// A record that decides nothing on its own rides: it is recorded with the next
// change, which for a journal on disk is one sync for both. The order in which a
// run's facts reach the disk stays that in which they came about, so that nothing
// that leaves rests on a result that could be lost:
//
//   - the start of a run that is driven at once: with its first change;
//   - the result of a read, a timer, a look of a poll: with the next intent of a
//     write at the latest. A process that dies before repeats them;
//   - the result of a write: with the intent of the next write if that comes first,
//     else before anything else leaves or is waited for.
//
// While the run is outside or the interpreter computes, the queue is recorded
// after rideFor: readers see it, and a crash repeats little.
const (
	rideFor  = 20 * time.Millisecond
	rideMany = 64       // records
	rideSize = 16 << 10 // bytes of a record
)

// add records a record, with the next change if it can ride. When there are
// records of others meanwhile, wanted decides whether to go on.
func (h *host) add(rec Record, wanted func() bool) error {
	// While the run is parked, and before that is undone, a person may settle a step.
	if h.going() != nil || len(h.queue) >= rideMany || len(rec.Result)+len(rec.Detail.Input) > rideSize {
		return h.commit(Change{Add: []Record{rec}, Row: h.going()}, wanted)
	}
	rec.At = h.stamp()
	h.apply(rec)
	h.queue = append(h.queue, rec)
	h.urgent = h.urgent || h.tookEffect(rec)
	h.soon()
	return nil
}

// tookEffect reports whether a record is the result of a write.
func (h *host) tookEffect(rec Record) bool {
	policy := h.step(rec.Step).policy
	return rec.Kind == durable.EventDone && policy != "" && policy != durable.Safe
}

// soon has the queue recorded before long.
func (h *host) soon() {
	if h.late == nil {
		h.late = time.AfterFunc(rideFor, h.onRecord)
	}
}

// onRecord records the queue while the run is outside, but no failure: that is
// recorded with the interpreter's next change.
func (h *host) onRecord() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.late = nil
	if h.over || h.held || h.broken != nil {
		return
	}
	if err := h.flush(); err != nil {
		h.breaks(err)
	}
}

// recorded notes that nothing rides any more.
func (h *host) recorded() {
	h.queue, h.looked, h.urgent, h.held = nil, nil, false, false
	if h.late != nil {
		h.late.Stop()
		h.late = nil
	}
	h.rt.hub.recorded(h.id)
}

// flush records the queue.
func (h *host) flush() error {
	if len(h.queue) == 0 && h.looked == nil {
		return nil
	}
	return h.commit(Change{}, nil)
}

// unlocked calls do while others may have the host.
func (h *host) unlocked(do func()) {
	h.mu.Unlock()
	defer h.mu.Lock()
	do()
}

// outside has something sent or waited for, once the result of the write before
// it is on record.
func (h *host) outside(do func()) error {
	if h.urgent {
		if err := h.flush(); err != nil {
			return err
		}
	}
	h.unlocked(do)
	return nil
}

// leave ends the drive with the queue on record, and returns its error.
func (h *host) leave(err error) error {
	h.over = true
	if h.late != nil {
		h.late.Stop()
	}
	if h.broken != nil || h.held {
		return err
	}
	if flushed := h.flush(); flushed != nil && err == nil {
		return flushed
	}
	return err
}

// unrecorded is the error of a change that could not be made, with the write whose
// result rode on it.
func (h *host) unrecorded(err error) error {
	if i := slices.IndexFunc(h.queue, h.tookEffect); i >= 0 {
		return fmt.Errorf("step %q took effect, but its result could not be recorded: %w", h.queue[i].Step, err)
	}
	return err
}
