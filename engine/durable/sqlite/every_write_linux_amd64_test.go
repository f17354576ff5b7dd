package sqlite_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

// writing are the system calls by which files change.
var writing = []uint64{
	syscall.SYS_WRITE, syscall.SYS_PWRITE64, syscall.SYS_FTRUNCATE, syscall.SYS_FSYNC, syscall.SYS_FDATASYNC,
	syscall.SYS_UNLINK, syscall.SYS_UNLINKAT, syscall.SYS_RENAME, syscall.SYS_RENAMEAT,
}

// atWrite kills just before the nth time that the process changes a file, which it learns
// as a debugger does.
func atWrite(nth int) killer {
	return func(t *testing.T, j job) bool {
		runtime.LockOSThread() // one thread is the debugger
		defer runtime.UnlockOSThread()
		cmd := command(t, j)
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
		if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
			t.Skip("this system lets no process be traced")
		} else if err != nil {
			t.Fatal(err)
		}
		defer cmd.Process.Release()
		d := debugged{pid: cmd.Process.Pid, nth: nth, inside: map[int]bool{}}
		status, err := d.run()
		if err != nil {
			t.Fatal(err)
		}
		if dead := status.Signaled() && status.Signal() == syscall.SIGKILL; dead || status.ExitStatus() == 0 {
			return dead
		}
		t.Fatalf("the worker ended by itself: exit %d", status.ExitStatus())
		return false
	}
}

// debugged is a process that is stopped at each of its system calls.
type debugged struct {
	pid    int
	nth    int          // the write to kill it at
	writes int          // so far
	inside map[int]bool // its threads that are in a call
}

func (d *debugged) run() (syscall.WaitStatus, error) {
	const killedWithUs = 0x100000 // PTRACE_O_EXITKILL
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(d.pid, &status, syscall.WALL, nil); err != nil {
		return status, os.NewSyscallError("wait", err)
	}
	options := syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACESYSGOOD | killedWithUs
	if err := syscall.PtraceSetOptions(d.pid, options); err != nil {
		return status, os.NewSyscallError("ptrace", err)
	}
	thread, signal := d.pid, 0
	for {
		_ = syscall.PtraceSyscall(thread, signal) // fails for a thread that was killed
		var err error
		if thread, err = syscall.Wait4(-1, &status, syscall.WALL|syscall.WNOTHREAD, nil); err != nil && err != syscall.EINTR {
			return status, os.NewSyscallError("wait", err)
		}
		if (status.Exited() || status.Signaled()) && thread == d.pid {
			return status, nil
		}
		if signal, err = d.stopped(thread, status); err != nil {
			return status, err
		}
	}
}

// stopped looks at a thread that stands still, and returns the signal that it gets.
func (d *debugged) stopped(thread int, status syscall.WaitStatus) (signal int, err error) {
	const call = syscall.SIGTRAP | 0x80
	switch s := status.StopSignal(); {
	case !status.Stopped(), s == syscall.SIGTRAP, s == syscall.SIGSTOP: // a thread begins or ends
		return 0, nil
	case s != call:
		return int(s), nil
	}
	if d.inside[thread] = !d.inside[thread]; !d.inside[thread] {
		return 0, nil
	}
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(thread, &regs); err != nil {
		return 0, nil // it was killed meanwhile
	}
	const streams = 3 // no files
	if !slices.Contains(writing, regs.Orig_rax) || regs.Orig_rax == syscall.SYS_WRITE && regs.Rdi < streams {
		return 0, nil
	}
	if d.writes++; d.writes == d.nth {
		return 0, os.NewSyscallError("kill", syscall.Kill(d.pid, syscall.SIGKILL))
	}
	return 0, nil
}

// everyWrite returns the writes to kill at: each one, or a few of them where the test is to be
// short.
func everyWrite(few int) (first, step int) {
	if os.Getenv(stormEnv) != "" {
		return 1, 1
	}
	return 1 + rand.IntN(few), few
}

// Nothing that a person does to a run is left half done by a process that is killed between
// any two of its writes.
func TestKillMenderAtEveryWrite(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, m := range mendings {
		t.Run(m.name, func(t *testing.T) {
			nth, step := everyWrite(12)
			for ; m.killed(t, atWrite(nth)); nth += step {
			}
			t.Logf("fewer than %d writes", nth)
		})
	}
}

// Keys are changed by a process that is killed between any two of its writes.
func TestKillRekeyAtEveryWrite(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	for _, from := range rekeyings {
		if from.few == 0 {
			continue
		}
		t.Run(from.name, func(t *testing.T) {
			dir := from.kept(t)
			nth, step := everyWrite(from.few)
			for ; from.killed(t, dir, atWrite(nth)); nth += step {
			}
			t.Logf("fewer than %d writes", nth)
		})
	}
}

// A process that is killed between any two of its writes while it archives leaves each run as
// it was, archived or not.
func TestKillArchiverAtEveryWrite(t *testing.T) {
	if underRace {
		t.Skip("what is killed has no race to report, and its processes are slow then")
	}
	template := t.TempDir()
	rt := openDir(t, template)
	ids := []string{"a", "b", "c"}
	before := map[string]whole{}
	for _, id := range ids {
		fail(t, rt, id, 5000)
		before[id] = read(t, rt, id)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	nth, step := everyWrite(9)
	for dead := true; dead; nth += step {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
			t.Fatal(err)
		}
		dead = atWrite(nth)(t, job{Dir: dir, World: w.URL, Run: fmt.Sprint("fresh", nth), Fresh: string(durable.Keyed), Archive: true})
		rt := openDir(t, dir)
		for _, id := range ids {
			if d := cmp.Diff(before[id], read(t, rt, id)); d != "" {
				t.Errorf("killed at write %d, %s: (-before +after)\n%s", nth, id, d)
			}
			archived := ask(t, dir, "SELECT count(*) FROM runs WHERE id = ? AND length(archive) > 0", id) > 0
			if archived {
				wantArchived(t, dir, id)
			} else if dead {
				wantRecords(t, dir, id)
			} else {
				t.Errorf("%s is not archived in the end", id)
			}
		}
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
		sound(t, dir)
	}
	t.Logf("fewer than %d writes", nth)
}
