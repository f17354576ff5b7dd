//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// published is the capability exactly as the provider page has it.
const published = "../../capabilities/workos/b2b-enterprise-onboarding.yaml"

// shell is where a new user stands: an empty folder with the published file in
// it, a home of their own and nothing else in the environment.
type shell struct {
	dir  string
	home string
	env  []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	src, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.Base(published)), string(src))
	home := t.TempDir()
	return &shell{dir: dir, home: home, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "WORKOS_API_KEY=" + apiKey,
	}}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// file is the capability's name in the shell.
const file = "b2b-enterprise-onboarding.yaml"

// outcome is what one invocation did.
type outcome struct {
	args           []string
	stdout, stderr string
	code           int
}

// process is a capstan that runs.
type process struct {
	cmd            *exec.Cmd
	ctx            context.Context
	cancel         context.CancelFunc
	stdout, stderr bytes.Buffer
}

// capstan runs the binary to its end.
func (s *shell) capstan(t *testing.T, args ...string) outcome {
	t.Helper()
	return s.start(t, "", args...).wait(t)
}

// start starts the binary.
func (s *shell) start(t *testing.T, stdin string, args ...string) *process {
	t.Helper()
	p := s.prepare(t, args...)
	p.cmd.Stdin = strings.NewReader(stdin)
	p.start(t)
	return p
}

// prepare makes a process that is not started yet, with nothing on its
// standard input. A run that takes two minutes is hung.
func (s *shell) prepare(t *testing.T, args ...string) *process {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{}
	p.ctx, p.cancel = context.WithTimeout(t.Context(), 2*time.Minute)
	p.cmd = exec.CommandContext(p.ctx, bin, args...)
	p.cmd.Dir, p.cmd.Env = s.dir, s.env
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// wait waits for the end and checks what must hold of every invocation: it
// ends, it does not crash, and it does not print the API key.
func (p *process) wait(t *testing.T) outcome {
	t.Helper()
	defer p.cancel()
	code := exitCode(t, p.cmd.Wait())
	out := outcome{args: p.cmd.Args[1:], stdout: p.stdout.String(), stderr: p.stderr.String(), code: code}
	if p.ctx.Err() != nil {
		t.Fatalf("capstan hung\n%s", out)
	}
	if strings.Contains(out.stderr, "goroutine ") {
		t.Errorf("capstan crashed\n%s", out)
	}
	if strings.Contains(out.stdout+out.stderr, apiKey) {
		t.Errorf("the API key was printed\n%s", out)
	}
	return out
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

func (o outcome) String() string {
	return "$ capstan " + strings.Join(o.args, " ") + "\n--- stdout\n" + o.stdout + "--- stderr\n" + o.stderr
}

func (o outcome) wantCode(t *testing.T, want int) {
	t.Helper()
	if o.code != want {
		t.Fatalf("exit %d, want %d\n%s", o.code, want, o)
	}
}

// wantStderr checks that each text stands in what was said on stderr.
func (o outcome) wantStderr(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("stderr does not say %q\n%s", text, o)
		}
	}
}

// document is the run document of `run -o json`.
type document struct {
	Run     string
	Status  string
	Outputs map[string]any
	Steps   []struct {
		ID       string
		Status   string
		Attempts int
	}
	Waiting *struct {
		Step   string
		With   map[string]any
		Resume string
	}
	Error *struct {
		Step, Message, Hint string
		RequestID           string `json:"request_id"`
		HTTPStatus          int    `json:"http_status"`
	}
}

func (o outcome) document(t *testing.T) (doc document) {
	t.Helper()
	o.decode(t, &doc)
	return doc
}

// decode reads stdout as exactly one JSON document.
func (o outcome) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.stdout), v); err != nil {
		t.Fatalf("stdout is not one JSON document: %v\n%s", err, o)
	}
}

// onboard is the command line: the published file with its inputs,
// polling fast.
func onboard(e *emulator, more ...string) []string {
	args := []string{"run", file, "--base-url", e.URL, "-o", "json"}
	args = append(args, inputs("Acme")...)
	return append(append(args, fast()...), more...)
}

func inputs(name string) []string {
	return []string{"-i", "organization_name=" + name, "-i", "domains=acme.com", "-i", "domains=acme.org", "-i", "admin_email=it@acme.com"}
}

func fast() []string {
	return []string{
		"--override", "poll-connection-active.every=50ms",
		"--override", "verify-directory.every=50ms",
		"--override", "verify-directory-users.every=50ms",
	}
}

const done = "--done=send-portal-link"
