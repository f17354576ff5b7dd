//go:build unix

package sqlite_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// workerEnv, when set, makes the test binary a worker instead.
const workerEnv = "CAPSTAN_TEST_WORKER"

func TestMain(m *testing.M) {
	if text := os.Getenv(workerEnv); text != "" {
		if err := work(text); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// job is what a worker does.
type job struct {
	Dir     string
	World   string
	Run     string        // to drive; "": serves until its input ends
	Die     string        // the point at which to die: of Options.Fault, or "answered STEP"
	Nth     int           // which of the times it passes there, from 1
	Late    time.Duration // how long requests may be under way
	Archive bool          // runs are archived as they end

	Fresh  string          // the capability to start Run of, and drive
	Start  string          // the capability to start Run of, instead of driving it
	Signal *durable.Signal // to send to Run instead of driving it, or with its start
	Mend   *mend           // what to do to Run instead of driving it
	Rekey  []byte          // the key to give the directory instead
	Key    []byte          // the key that it has

	Announce bool // write a byte to the standard output when it begins
}

func work(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	if j.World == "" {
		return errNoWorld
	}
	passed := 0
	at := func(point string) {
		if point != j.Die {
			return
		}
		if passed++; passed == max(j.Nth, 1) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it arrives
		}
	}
	if j.Announce {
		fmt.Println()
	}
	ctx := context.Background()
	o := sqlite.Options{Dir: j.Dir, Key: j.Key, Fault: func(point string) error { at(point); return nil }}
	if j.Rekey != nil {
		return sqlite.Rekey(ctx, o, j.Rekey)
	}
	if j.Archive {
		o = o.Archiving()
	}
	rt, err := sqlite.Open(ctx, o)
	if err != nil {
		return err
	}
	defer rt.Close()
	exec := traveller{url: j.World, at: at, late: j.Late}.exec
	switch {
	case j.Start != "":
		return rt.Start(ctx, durable.Spec{ID: j.Run, Capability: j.Start}, *j.Signal)
	case j.Fresh != "":
		_, err = rt.Run(ctx, durable.Spec{ID: j.Run, Capability: j.Fresh}, exec, durable.DriveOptions{})
		return err
	case j.Mend != nil:
		return j.Mend.do(ctx, rt, j.Run)
	case j.Signal != nil:
		return rt.Signal(ctx, j.Run, *j.Signal)
	case j.Run != "":
		_, err = rt.Drive(ctx, j.Run, exec, durable.DriveOptions{})
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return rt.Serve(ctx, exec, durable.ServeOptions{Parallel: 8})
}

// command returns a process that does j.
func command(t *testing.T, j job) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	return cmd
}

// wasKilled reports whether a process ended by SIGKILL.
func wasKilled(cmd *exec.Cmd) bool {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
