package journal

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// The scheduler's defaults and limits.
const (
	defaultParallel = 64
	serveBlock      = time.Second // the longest wait that is sat out; a longer one frees the run's place until it is due
	minRetry        = time.Second // after a run that could not be driven
	maxRetry        = time.Minute
	maxNap          = time.Minute // clocks are set
)

// Serve implements durable.Runtime. Parked runs cost nothing here: the store is
// asked for runs that are due when something was written, a time is reached, or a
// drive is over.
func (r *Runtime) Serve(ctx context.Context, exec durable.Executor, o durable.ServeOptions) error {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	wake, leave := r.hub.join(r.hub.drivers, all)
	defer leave()
	defer r.hub.watch()()
	s := &scheduler{rt: r, exec: exec, o: o, wake: wake, places: make(chan struct{}, o.Parallel), busy: map[string]bool{}, retry: map[string]retry{}}
	defer s.drives.Wait()
	for ctx.Err() == nil {
		more, next, err := s.round(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Error("cannot read which runs are due", "error", err)
			next = r.now().Add(minRetry)
		}
		if !more {
			s.nap(ctx, next)
		}
	}
	return nil
}

// scheduler is one Serve. Its goroutine and those of its drives share busy and
// retry.
type scheduler struct {
	rt     *Runtime
	exec   durable.Executor
	o      durable.ServeOptions
	wake   chan struct{}
	places chan struct{}
	drives sync.WaitGroup

	mu    sync.Mutex
	busy  map[string]bool
	retry map[string]retry
}

// retry is when to try a run again that could not be driven.
type retry struct {
	at    time.Time
	delay time.Duration
}

// round starts the runs that are due and reports whether there may be more, else
// when the next one falls due (zero: unknown).
func (s *scheduler) round(ctx context.Context) (more bool, next time.Time, err error) {
	now := s.rt.clock()
	held, next := s.held(now)
	limit := 4*s.o.Parallel + len(held)
	due, after, err := s.rt.store.Due(ctx, now, limit)
	if err != nil {
		return false, next, err
	}
	if !after.IsZero() && (next.IsZero() || after.Before(next)) {
		next = after
	}
	// Several processes serve the same list: each begins elsewhere.
	rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for _, id := range due {
		if held[id] {
			continue
		}
		select {
		case s.places <- struct{}{}:
		case <-ctx.Done():
			return false, next, nil
		}
		s.start(ctx, id)
	}
	return len(due) == limit, next, nil
}

// held returns the runs to leave alone now, and when the first retry is due.
func (s *scheduler) held(now time.Time) (held map[string]bool, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held = make(map[string]bool, len(s.busy)+len(s.retry))
	for id := range s.busy {
		held[id] = true
	}
	for id, r := range s.retry {
		if now.Sub(r.at) > maxRetry || r.at.Sub(now) > maxRetry { // long over, or the clock went back
			delete(s.retry, id)
			continue
		}
		if !r.at.After(now) {
			continue
		}
		held[id] = true
		if next.IsZero() || r.at.Before(next) {
			next = r.at
		}
	}
	return held, next
}

func (s *scheduler) start(ctx context.Context, id string) {
	s.mu.Lock()
	s.busy[id] = true
	s.mu.Unlock()
	s.drives.Add(1)
	go func() {
		defer s.drives.Done()
		state, err := s.rt.Drive(ctx, id, s.exec, durable.DriveOptions{MaxBlock: serveBlock})
		s.over(ctx, id, err)
		<-s.places
		poke(s.wake)
		if err == nil && s.o.Ended != nil {
			s.o.Ended(state)
		}
	}()
}

// over notes how a drive went.
func (s *scheduler) over(ctx context.Context, id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, id)
	if err == nil || ctx.Err() != nil || errors.Is(err, durable.ErrUnknown) {
		delete(s.retry, id)
		return
	}
	delay := minRetry
	if !errors.Is(err, durable.ErrBusy) {
		if last, ok := s.retry[id]; ok {
			delay = min(2*last.delay, maxRetry)
		}
		s.rt.log.Error("a run could not be driven", "run", id, "error", err, "again_in", delay)
	}
	s.retry[id] = retry{at: s.rt.clock().Add(delay), delay: delay}
}

// nap waits for news or a time (zero: any).
func (s *scheduler) nap(ctx context.Context, until time.Time) {
	d := maxNap
	if !until.IsZero() {
		d = min(d, until.Sub(s.rt.now()))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.wake:
	}
}
