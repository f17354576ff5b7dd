//go:build e2e && !windows

package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C says what was done and what was not, in every phase of a run.
func TestInterrupt(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, e *emulator)
		reached string // the request after which Ctrl-C is pressed
		says    []string
	}{
		"while a write is on its way": {
			func(t *testing.T, e *emulator) { e.fault(t, "POST /organizations", "hang") },
			"POST /organizations", []string{"create-organization"},
		},
		"while a read is on its way": {
			func(t *testing.T, e *emulator) { e.fault(t, "GET /connections", "hang", map[string]any{"times": 99}) },
			"GET /connections", []string{"create-organization", "poll-connection-active"},
		},
		"between two looks": {
			func(t *testing.T, e *emulator) { e.story(t, map[string]any{"looksUntilActive": 1 << 30}) },
			"GET /connections", []string{"create-organization", "poll-connection-active"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			test.prepare(t, e)
			p := s.start(t, "", onboard(e, done)...)
			waitFor(t, e, test.reached)
			if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			out := p.wait(t)
			out.wantCode(t, 130)
			out.wantStderr(t, test.says...)
			if n := len(sent(e.log(t), "POST /organizations")); n != 1 {
				t.Errorf("%d POSTs to /organizations, want 1", n)
			}
		})
	}
}

func TestTerminateIsLikeInterrupt(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.story(t, map[string]any{"looksUntilActive": 1 << 30})
	p := s.start(t, "", onboard(e, done)...)
	waitFor(t, e, "GET /connections")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait(t).wantCode(t, 130)
}

// waitFor returns once the emulator has seen a request; the test's own
// deadline bounds it.
func waitFor(t *testing.T, e *emulator, key string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if len(sent(e.log(t), key)) > 0 {
			return
		}
	}
	t.Fatalf("%s was never sent", key)
}

// Whoever reads stdout may go away, or the disk be full: no crash, and no exit
// code 0 for a product that nobody got.
func TestStdoutUnwritable(t *testing.T) {
	tests := map[string]func(t *testing.T) *os.File{
		"reader gone": func(t *testing.T) *os.File {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			return w
		},
		"disk full": func(t *testing.T) *os.File {
			f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if errors.Is(err, fs.ErrNotExist) {
				t.Skip("this system has no /dev/full")
			} else if err != nil {
				t.Fatal(err)
			}
			return f
		},
	}
	for name, open := range tests {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			stdout := open(t)
			defer stdout.Close()
			p := s.prepare(t, onboard(e, done)...)
			p.cmd.Stdout = stdout
			p.start(t)
			if out := p.wait(t); out.code == 0 {
				t.Errorf("exit 0\n%s", out)
			}
		})
	}
}

func TestNoHome(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	s.env = []string{"PATH=" + os.Getenv("PATH"), "WORKOS_API_KEY=" + apiKey}
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 0)
	checkOnboarded(t, e, out, "Acme")
}

// The folder cannot be written: neither by its mode, nor (for a test run by
// root, whom modes do not stop) because the system does not allow files there.
func TestReadOnlyDirectory(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	if err := os.Chmod(s.dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(s.dir, 0o755) })
	before := list(t, s.dir)
	s.capstan(t, onboard(e, done)...).wantCode(t, 0)
	if after := list(t, s.dir); before != after {
		t.Errorf("the folder held %s and now %s", before, after)
	}

	elsewhere := *s
	args := onboard(e, done)
	args[1] = filepath.Join(s.dir, file)
	if fi, err := os.Stat("/proc/self"); err == nil && fi.IsDir() {
		elsewhere.dir = "/proc"
	}
	elsewhere.capstan(t, args...).wantCode(t, 0)
}

func list(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// The key is nowhere, and the portal link, which lets whoever holds it in, is
// only where it was asked for.
func TestSecrets(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	records := filepath.Join(s.dir, "records")
	args := append(append([]string{"run", file, "--base-url", e.URL, done, "-v"}, inputs("Acme")...), fast()...)
	out := s.capstan(t, append(args, "--record", records)...)
	out.wantCode(t, 0)
	link := "/portal/sso/" + e.world(t).organization(t, "Acme").ID
	if strings.Contains(out.stdout+out.stderr, link) {
		t.Errorf("the portal link was printed\n%s", out)
	}
	if !strings.Contains(out.stdout, "[redacted]") {
		t.Errorf("the output does not say that the link is held back\n%s", out)
	}
	for name, text := range files(t, records) {
		if strings.Contains(text, apiKey) || strings.Contains(text, link) {
			t.Errorf("recording %s holds a secret:\n%s", name, text)
		}
	}
	shown := s.capstan(t, append(args, "--show-sensitive")...)
	shown.wantCode(t, 0)
	if !strings.Contains(shown.stdout, "/portal/sso/org_") {
		t.Errorf("--show-sensitive does not show the link\n%s", shown)
	}
}

func TestSecretsWhileWaiting(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	out := s.capstan(t, append([]string{"run", file, "--base-url", e.URL}, inputs("Acme")...)...)
	out.wantCode(t, 5)
	if strings.Contains(out.stdout+out.stderr, "/portal/sso/") {
		t.Errorf("the portal link was printed\n%s", out)
	}
}
