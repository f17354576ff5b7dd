package access

import (
	"context"
	"sync"
	"time"
)

// cached keeps one document of an authorization server. It is used while it is
// fresh; past that it is used only while no newer one can be had. Fetches happen
// within a budget, and never two at once.
type cached[T any] struct {
	fetch func(context.Context) (T, error)
	ages  ages
	turn  chan struct{} // its holder may fetch

	mu      sync.Mutex
	value   T
	at      time.Time // when value was fetched; zero if never
	fetches int       // attempts that have ended
	tried   time.Time // when the last attempt began
	budget  float64   // attempts left at tried
	err     error     // why the last attempt failed, if it did
}

type ages struct {
	fresh  time.Duration // up to this age it is used as it is
	usable time.Duration // up to this age it is used when there is no newer one
	again  time.Duration // the budget grows by one fetch in this time
	burst  float64       // the most the budget holds
}

func newCached[T any](fetch func(context.Context) (T, error), a ages) *cached[T] {
	return &cached[T]{fetch: fetch, ages: a, turn: make(chan struct{}, 1), budget: a.burst}
}

// get returns the document. lacking reports that the one at hand does not hold
// the caller's key: a newer one is fetched at once if the budget allows,
// else the one at hand is returned. Callers that lack something at the same time
// share one fetch.
func (c *cached[T]) get(ctx context.Context, lacking bool) (T, error) {
	v, ok, before := c.have(c.ages.fresh)
	if ok && !lacking {
		return v, nil
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	default:
		if v, ok, _ := c.have(c.ages.usable); ok && !lacking {
			return v, nil
		}
		select {
		case c.turn <- struct{}{}:
			defer func() { <-c.turn }()
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
	c.refresh(ctx, before)
	v, ok, _ = c.have(c.ages.usable)
	if !ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		return v, c.err
	}
	return v, nil
}

// refresh fetches the document, unless a fetch has ended since the caller looked
// or the budget is spent. It goes on when the client that caused it leaves: the
// next one needs it too. The caller holds the turn.
func (c *cached[T]) refresh(ctx context.Context, before int) {
	if !c.spend(before) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	v, err := c.fetch(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetches++
	if c.err = err; err == nil {
		c.value, c.at = v, time.Now()
	}
}

// spend takes one fetch from the budget.
func (c *cached[T]) spend(before int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fetches != before {
		return false
	}
	now := time.Now()
	if !c.tried.IsZero() {
		c.budget = min(c.ages.burst, c.budget+now.Sub(c.tried).Seconds()/c.ages.again.Seconds())
	}
	c.tried = now
	if c.budget < 1 {
		return false
	}
	c.budget--
	return true
}

func (c *cached[T]) have(age time.Duration) (v T, ok bool, fetches int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || time.Since(c.at) >= age {
		return v, false, c.fetches
	}
	return c.value, true, c.fetches
}
