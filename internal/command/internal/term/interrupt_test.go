package term

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An invocation that stops in order has all the time it needs; another one ends
// after a moment, and each ends at once with the second signal.
func TestInterrupts(t *testing.T) {
	for name, test := range map[string]struct {
		orderly bool
		signals int
		want    string
	}{
		"orderly, once":  {true, 1, "stopping"},
		"orderly, twice": {true, 2, "stopping, last, exit"},
		"stuck":          {false, 1, "interrupted, exit"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []string
				hear := func(what string) func() { return func() { heard = append(heard, what) } }
				i := &Interrupts{Exit: hear("exit")}
				i.Otherwise(hear("interrupted"))
				if test.orderly {
					i.During(hear("stopping"), hear("last"))
				}
				signals := make(chan os.Signal)
				ctx := i.Listen(t.Context(), signals, func() {})
				for range test.signals {
					signals <- os.Interrupt
				}
				<-ctx.Done()
				if !test.orderly {
					time.Sleep(2 * patience)
				}
				synctest.Wait()
				if got := strings.Join(heard, ", "); got != test.want {
					t.Errorf("heard %q, want %q", got, test.want)
				}
				if test.signals == 1 && test.orderly {
					i.Claim()
					signals <- os.Interrupt // to nobody's surprise
					synctest.Wait()
				}
			})
		})
	}
}

// A command that is done as soon as its context ends has answered the signal too.
func TestInterruptsAnswerBeforeTheEnd(t *testing.T) {
	answers := 0
	i := &Interrupts{Exit: func() {}}
	done := i.During(func() { answers++ }, nil)
	orderly := i.first(func() {
		done()
		i.Claim()
	})
	if answers != 1 || !orderly {
		t.Errorf("answered %d times, orderly: %t", answers, orderly)
	}
}

// Who tells how it ended is decided once.
func TestInterruptsAreToldOnce(t *testing.T) {
	exits := 0
	i := &Interrupts{Exit: func() { exits++ }}
	if first, again := i.Claim(), i.Claim(); !first || !again {
		t.Error("a command may not tell how it ended")
	}
	if i.end(); exits > 0 {
		t.Error("a command was cut off in its last words")
	}
	i = &Interrupts{Exit: func() { exits++ }}
	if i.end(); exits != 1 || i.Claim() {
		t.Error("the command and the signal both tell how it ended")
	}
}
