//go:build e2e && unix

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// stateDir is where the shell's runs are kept.
func (s *shell) stateDir() string {
	if runtime.GOOS == "darwin" {
		return filepath.Join(s.home, "Library", "Application Support", "capstan")
	}
	return filepath.Join(s.home, ".local", "state", "capstan")
}

// kept is the document of `runs show -o json`.
type kept struct {
	document
	SourceChanged bool `json:"source_changed"`
	Driven        bool
}

func (s *shell) show(t *testing.T, run string, more ...string) (k kept) {
	t.Helper()
	out := s.capstan(t, append([]string{"runs", "show", run, "-o", "json"}, more...)...)
	out.wantCode(t, 0)
	out.decode(t, &k)
	return k
}

// only returns the id of the one run there is.
func (s *shell) only(t *testing.T) string {
	t.Helper()
	out := s.capstan(t, "runs", "list", "-o", "json")
	out.wantCode(t, 0)
	var runs []struct{ Run string }
	out.decode(t, &runs)
	if len(runs) != 1 {
		t.Fatalf("%d runs are kept, want 1\n%s", len(runs), out)
	}
	return runs[0].Run
}

func (s *shell) resume(t *testing.T, run string, more ...string) outcome {
	t.Helper()
	return s.capstan(t, append([]string{"resume", run, "-o", "json"}, more...)...)
}

// waiting starts the onboarding and returns its run, which waits for the person.
func (s *shell) waiting(t *testing.T, e *emulator) string {
	t.Helper()
	out := s.capstan(t, onboard(e)...)
	out.wantCode(t, 5)
	return out.document(t).Run
}

// checkOnce checks that Acme was onboarded, by one organization and one link.
func checkOnce(t *testing.T, e *emulator, out outcome) {
	t.Helper()
	out.wantCode(t, 0)
	checkOnboarded(t, e, out, "Acme")
	log := e.log(t)
	for _, key := range []string{"POST /organizations", "POST /portal/generate_link"} {
		if n := len(sent(log, key)); n != 1 {
			t.Errorf("%s was sent %d times", key, n)
		}
	}
}

// checkNoCredential looks at every byte of a state directory.
func checkNoCredential(t *testing.T, dir string) {
	t.Helper()
	for name, text := range files(t, dir) {
		if strings.Contains(text, apiKey) {
			t.Errorf("%s holds the API key", name)
		}
	}
}

// The person takes three days, and meanwhile the machine is another one.
func TestResumedElsewhere(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.foreign(t)
	run := s.waiting(t, e)
	checkNoCredential(t, s.stateDir())
	elsewhere := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(elsewhere, os.DirFS(s.stateDir())); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(s.stateDir()); err != nil {
		t.Fatal(err)
	}
	out := s.resume(t, run, done, "--state", elsewhere)
	checkOnce(t, e, out)
	checkNoCredential(t, elsewhere)
	if _, err := os.Stat(s.stateDir()); err == nil {
		t.Errorf("%s was made again, though --state names another directory", s.stateDir())
	}

	again := s.resume(t, run, "--state", elsewhere)
	checkOnce(t, e, again)
}

// A run goes on with what it was started with.
func TestFileChangesWhileItsRunWaits(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	path := filepath.Join(s.dir, "acme.yaml")
	write(t, path, read(t, filepath.Join(s.dir, file)))
	args := onboard(e)
	args[1] = "acme.yaml"
	s.capstan(t, args...).wantCode(t, 5)
	run := s.only(t)
	if s.show(t, run).SourceChanged {
		t.Error("the file is said to have changed, and has not")
	}
	write(t, path, "name: Something else entirely\n")
	if !s.show(t, run).SourceChanged {
		t.Error("the file was edited, and that is not shown")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	text := s.capstan(t, "runs", "show", run)
	text.wantCode(t, 0)
	if !strings.Contains(text.stdout, "changed since") {
		t.Errorf("the file was deleted, and that is not shown\n%s", text)
	}
	checkOnce(t, e, s.resume(t, run, done))
}

// Of two processes that resume a run one goes on with it, and the other says so.
func TestTwoResumeTheSameRun(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	run := s.waiting(t, e)
	e.fault(t, "GET /connections", "hold")
	first := s.start(t, "", "resume", run, done, "-o", "json")
	waitFor(t, e, "GET /connections")

	second := s.resume(t, run)
	if second.code == 0 {
		t.Errorf("exit 0, though another process drives the run\n%s", second)
	}
	second.wantStderr(t, "another process drives the run")
	if !s.show(t, run).Driven {
		t.Error("it is not shown that a process drives the run")
	}
	e.post(t, "release", nil)
	checkOnce(t, e, first.wait(t))
	if n := len(sent(e.log(t), "GET /directories")); n != 1 {
		t.Errorf("GET /directories was sent %d times", n)
	}
}

// Runs that wait are not due: cron finds nothing to do.
func TestResumeAllLeavesThePersonAlone(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	run := s.waiting(t, e)
	s.capstan(t, "resume", "--all").wantCode(t, 0)
	if status := s.show(t, run).Status; status != "waiting" {
		t.Errorf("status %q", status)
	}
	s.capstan(t, "runs", "cancel", run).wantCode(t, 0)
	if out := s.resume(t, run, done); out.code == 0 {
		t.Errorf("a cancelled run goes on\n%s", out)
	}
	if n := len(sent(e.log(t), "GET /connections")); n != 0 {
		t.Errorf("GET /connections was sent %d times", n)
	}
}

// files returns every file below dir, which must hold some.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out[name] = read(t, name)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return out
}
