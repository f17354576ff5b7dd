//go:build unix

package sqlite_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// stormEnv, when set, makes the storm as long as it is before a release.
const stormEnv = "CAPSTAN_STORM"

// TestStorm has several processes drive many runs while they are killed at
// random moments of random requests. Every run must end, nothing may happen
// twice, and the database must stay sound.
func TestStorm(t *testing.T) {
	runs, kills := 120, 30
	if os.Getenv(stormEnv) != "" {
		runs, kills = 1200, 280
	}
	w, dir := newWorld(t), t.TempDir()
	rt := start(t, dir, "run_0", "all")
	for i := 1; i < runs; i++ {
		if err := rt.Start(t.Context(), durable.Spec{ID: fmt.Sprint("run_", i), Capability: "all"}); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	moments := []string{onArrival, onEffect, onAnswer}
	w.killWhen(func(moment string) bool {
		return w.kills < kills && random.IntN(2*runs/kills) == 0 && moment == moments[random.IntN(len(moments))]
	})
	// Who dies leaves up to eight requests to the world, which may be slow to read them.
	crew := hire(t, 3, job{Dir: dir, World: w.URL, Late: 2 * time.Second, Archive: true})
	settled := 0
	for open := runs; open > 0; time.Sleep(20 * time.Millisecond) {
		open = 0
		for _, s := range openRuns(t, rt) {
			open++
			settled += w.help(t, rt, s)
		}
		if t.Context().Err() != nil {
			t.Fatalf("%d runs never ended", open)
		}
	}
	crew.dismiss()
	sound(t, dir)
	for i := range runs {
		id := fmt.Sprint("run_", i)
		for _, policy := range []durable.Policy{durable.Idempotent, durable.Keyed, durable.Probed, durable.Unsafe} {
			if _, effects := w.counts(id, string(policy)); effects != 1 {
				t.Errorf("%s: the %s step took effect %d times", id, policy, effects)
			}
		}
	}
	deaths := crew.deaths.Load()
	t.Logf("%d runs, %d deaths, %d runs were in doubt", runs, deaths, settled)
	if int(deaths) < kills*2/3 {
		t.Errorf("%d deaths: this was no storm", deaths)
	}
}

func openRuns(t *testing.T, rt durable.Runtime) []durable.State {
	t.Helper()
	states, err := rt.List(t.Context(), durable.Filter{Status: []durable.Status{durable.StatusRunning, durable.StatusWaiting, durable.StatusInDoubt}})
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// help does what people do: it signals runs that wait for a person, and looks
// up what became of a write that is in doubt, and settles it.
func (w *world) help(t *testing.T, rt durable.Runtime, s durable.State) (settled int) {
	t.Helper()
	var err error
	switch {
	case s.Status == durable.StatusInDoubt && !s.Waiting.Until.IsZero(): // it is looked up by itself
	case s.Status == durable.StatusInDoubt:
		_, effects := w.counts(s.ID, s.Waiting.Path)
		err = rt.Settle(t.Context(), s.ID, durable.Settlement{Step: s.Waiting.Path, Happened: effects > 0})
		settled = 1
	case s.Waiting != nil && s.Waiting.Reason == durable.ReasonExternal:
		err = rt.Signal(t.Context(), s.ID, durable.Signal{ID: "done", Step: s.Waiting.Path})
	}
	if err != nil && !errors.Is(err, durable.ErrEnded) {
		t.Errorf("%s: %v", s.ID, err)
	}
	return settled
}

// crew is a number of worker processes; who dies is replaced.
type crew struct {
	t      *testing.T
	job    job
	deaths atomic.Int64
	done   chan struct{}
	wg     sync.WaitGroup
}

func hire(t *testing.T, n int, j job) *crew {
	c := &crew{t: t, job: j, done: make(chan struct{})}
	for range n {
		c.wg.Go(c.place)
	}
	t.Cleanup(c.dismiss)
	return c
}

// place keeps one place taken.
func (c *crew) place() {
	for {
		cmd := command(c.t, c.job)
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			c.t.Error(err)
			return
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if !wasKilled(cmd) {
				c.t.Errorf("a worker ended by itself: %v", err)
				return
			}
			c.deaths.Add(1)
		case <-c.done:
			c.leave(cmd, in, ended)
			return
		}
	}
}

func (c *crew) leave(cmd *exec.Cmd, in io.Closer, ended <-chan error) {
	_ = in.Close()
	if err := <-ended; err != nil && !wasKilled(cmd) {
		c.t.Errorf("a worker does not leave in order: %v", err)
	}
}

func (c *crew) dismiss() {
	select {
	case <-c.done:
	default:
		close(c.done)
	}
	c.wg.Wait()
}

// TestManyProcesses has eight processes drive a thousand runs, each once.
func TestManyProcesses(t *testing.T) {
	runs := 200
	if os.Getenv(stormEnv) != "" {
		runs = 1000
	}
	w, dir := newWorld(t), t.TempDir()
	rt := start(t, dir, "run_0", "unsafe")
	crew := hire(t, 8, job{Dir: dir, World: w.URL, Archive: true})
	for i := 1; i < runs; i++ {
		if err := rt.Start(t.Context(), durable.Spec{ID: fmt.Sprint("run_", i), Capability: "unsafe"}); err != nil {
			t.Fatal(err)
		}
	}
	for len(openRuns(t, rt)) > 0 {
		time.Sleep(20 * time.Millisecond)
		for _, s := range openRuns(t, rt) {
			if s.Status == durable.StatusInDoubt {
				t.Fatalf("%s: %v", s.ID, s.Waiting)
			}
		}
	}
	crew.dismiss()
	for i := range runs {
		id := fmt.Sprint("run_", i)
		for _, step := range []string{"a", "b"} {
			if requests, _ := w.counts(id, step); requests != 1 {
				t.Errorf("%s: step %s was sent %d times", id, step, requests)
			}
		}
	}
	sound(t, dir)
}
