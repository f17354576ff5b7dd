package sqlite

import (
	"testing"
	"testing/synctest"
	"time"
)

// Runs are archived while others are driven at leisure, or when too many wait, but not while
// the writer is busy.
func TestArchiverWaitsForQuiet(t *testing.T) {
	for what, tt := range map[string]struct {
		every   time.Duration // between writes, which go on for a second
		waiting int
		close   bool
		want    time.Duration // at most; busy, the second is over first
		busy    bool
	}{
		"nothing is written":   {every: time.Hour, want: archiveLook},
		"little is written":    {every: 10 * time.Millisecond, want: archiveLook},
		"much is written":      {every: time.Millisecond, busy: true, want: time.Second + 2*archiveLook},
		"too many runs wait":   {every: time.Millisecond, waiting: archiveBacklog},
		"the store is closing": {every: time.Millisecond, close: true},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newArchiver(&store{writer: &writer{}}, Options{})
				a.waiting = tt.waiting
				if tt.close {
					a.close()
				}
				begin := time.Now()
				go func() {
					for time.Since(begin) < time.Second {
						a.s.writer.made.Add(1)
						time.Sleep(tt.every)
					}
				}()
				a.quiet()
				if waited := time.Since(begin); waited > tt.want || tt.busy && waited < time.Second {
					t.Errorf("it waits for %v", waited)
				}
				time.Sleep(2 * tt.every)
				time.Sleep(time.Second)
			})
		})
	}
}
