package term

import (
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// Interrupts handles Ctrl-C and SIGTERM for an invocation. The first one ends
// its context and is answered at once; the second one ends the process, after a
// word on where things stand. Its methods may be called on nil, which no signal
// reaches, and from any goroutine.
type Interrupts struct {
	Exit func()

	mu        sync.Mutex // held until the process ends, once last speaks
	signalled bool       // the first signal has come
	orderly   bool       // the command at work takes the time it needs to stop
	stopping  func()
	last      func()
	otherwise func() // last, where the command at work has none
	claimed   bool   // the command reports how it ended
	left      bool   // the second signal did
}

// patience is how long a command may go on after the first signal that did not
// ask for more: it may be in a read, or in a credential's command, that nothing
// breaks off, and has sent nothing.
const patience = 500 * time.Millisecond

// Listen returns a context that the first signal ends. handBack is called with
// the second one: a third is not for us.
func (i *Interrupts) Listen(parent context.Context, signals <-chan os.Signal, handBack func()) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		<-signals
		if i.first(cancel) {
			<-signals
		} else {
			select {
			case <-signals:
			case <-time.After(patience):
			}
		}
		handBack()
		i.end()
	}()
	return ctx
}

// Otherwise has last called before a signal ends the process where the command at
// work has no last words of its own.
func (i *Interrupts) Otherwise(last func()) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.otherwise = last
}

// During lets a command stop in order: stopping is called with the first signal,
// and last before the second ends the process; each may be nil. The result takes
// that back.
func (i *Interrupts) During(stopping, last func()) (done func()) {
	if i == nil {
		return func() {}
	}
	i.set(true, stopping, last)
	return func() { i.set(false, nil, nil) }
}

// set takes the answers of the command at work. Those of the command before are
// given first, where a signal has come: its end may be what the signal asked for.
func (i *Interrupts) set(orderly bool, stopping, last func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer()
	i.orderly, i.stopping, i.last = orderly, stopping, last
}

// first handles the first signal, and reports whether the command at work stops in
// order.
func (i *Interrupts) first(cancel func()) (orderly bool) {
	i.mu.Lock()
	i.signalled = true
	orderly = i.orderly
	i.mu.Unlock()
	cancel()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer()
	return orderly
}

// answer answers the first signal, once.
func (i *Interrupts) answer() {
	if i.signalled && i.stopping != nil && !i.claimed {
		i.stopping()
		i.stopping = nil
	}
}

// end ends the process. A command that has begun to report how it ended is left to
// do that.
func (i *Interrupts) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.claimed {
		return
	}
	i.left = true
	switch {
	case i.last != nil:
		i.last()
	case i.otherwise != nil:
		i.otherwise()
	}
	i.Exit()
}

// Claim reports whether the command is to report how it ended. It does not return
// while the second signal is answered, which ends the process.
func (i *Interrupts) Claim() bool {
	if i == nil {
		return true
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.claimed = !i.left
	return i.claimed
}

// ReadAll reads r to its end, or gives up when ctx ends: a read from a terminal or
// a pipe cannot be broken off, and Ctrl-C must not wait for it.
func ReadAll(ctx context.Context, r io.Reader) ([]byte, error) {
	type content struct {
		data []byte
		err  error
	}
	read := make(chan content, 1)
	go func() {
		data, err := io.ReadAll(r)
		read <- content{data, err}
	}()
	select {
	case c := <-read:
		return c.data, c.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
