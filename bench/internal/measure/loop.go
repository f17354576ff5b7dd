package measure

import (
	"flag"
	"sync"
	"sync/atomic"
	"time"
)

// Loop has workers do the same over and over.
type Loop struct {
	Workers int           // 0 is for clients that do it once, unmeasured
	For     time.Duration // how long they go on
	Times   int           // how often each does it, in place of For; 0 is For
}

// Flags has a command line fill the loop in.
func (l *Loop) Flags(flags *flag.FlagSet) {
	flags.IntVar(&l.Workers, "workers", 0, "this many `workers` at once are measured")
	flags.DurationVar(&l.For, "for", time.Second, "how long the workers work")
	flags.IntVar(&l.Times, "times", 0, "how often each worker does it, in place of -for")
}

// Do measures what the workers do, after each has done it once unmeasured.
func (l Loop) Do(one func() error) (Work, error) {
	if _, err := l.each(func(int) bool { return false }, one); err != nil {
		return Work{}, err
	}
	return Do(func() (int, error) {
		deadline := time.Now().Add(l.For)
		return l.each(func(done int) bool {
			if l.Times > 0 {
				return done < l.Times
			}
			return time.Now().Before(deadline)
		}, one)
	})
}

// each has every worker do one, then again while more holds of how often it did.
func (l Loop) each(more func(done int) bool, one func() error) (int, error) {
	var sum atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, l.Workers)
	for range l.Workers {
		group.Go(func() {
			for done := 0; done == 0 || more(done); done++ {
				if err := one(); err != nil {
					errs <- err
					return
				}
				sum.Add(1)
			}
		})
	}
	group.Wait()
	close(errs)
	return int(sum.Load()), <-errs
}
