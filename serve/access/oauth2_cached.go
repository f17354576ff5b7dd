package access

import (
	"context"
	"sync"
	"time"
)

// cached is a value that comes from elsewhere and is fetched again now and then.
type cached[T any] struct {
	fetch func(context.Context) (T, error)
	ages  ages
	turn  chan struct{} // whoever holds it may fetch

	mu    sync.Mutex
	value T
	at    time.Time // when value was fetched; zero if never
	tried time.Time // when a fetch last began
	err   error     // why it failed, if it did
}

// ages bound how old a value gets and how often it is fetched.
type ages struct {
	fresh  time.Duration // up to this age it is used as it is
	usable time.Duration // up to this age it is used when there is no newer one
	again  time.Duration // between two fetches, whoever asks
}

func newCached[T any](fetch func(context.Context) (T, error), a ages) *cached[T] {
	return &cached[T]{fetch: fetch, ages: a, turn: make(chan struct{}, 1)}
}

// get gives the value, fetching it when there is none that is fresh. lacking
// says that the value given before does not have what the caller looks for, and
// may be out of date. One caller fetches; the others use what there is, or wait.
func (c *cached[T]) get(ctx context.Context, lacking bool) (T, error) {
	if v, ok := c.have(c.ages.fresh); ok && !lacking {
		return v, nil
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	default:
		if v, ok := c.have(c.ages.usable); ok && !lacking {
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
	c.refresh(ctx)
	v, ok := c.have(c.ages.usable)
	if !ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		return v, c.err
	}
	return v, nil
}

// refresh fetches the value, unless that was tried just now. The fetch goes on
// when the client that caused it leaves: the next one needs it too.
func (c *cached[T]) refresh(ctx context.Context) {
	c.mu.Lock()
	soon := !c.tried.IsZero() && time.Since(c.tried) < c.ages.again
	if !soon {
		c.tried = time.Now()
	}
	c.mu.Unlock()
	if soon {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	v, err := c.fetch(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = err; err == nil {
		c.value, c.at = v, time.Now()
	}
}

func (c *cached[T]) have(age time.Duration) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || time.Since(c.at) >= age {
		var none T
		return none, false
	}
	return c.value, true
}
