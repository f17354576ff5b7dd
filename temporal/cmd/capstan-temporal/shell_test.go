package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// shell is where an operator calls the command: a folder, an environment, and the address of
// a capstan-temporal serve.
type shell struct {
	dir  string
	env  []string
	face string
	logs int
}

// newShell returns a shell whose runs a server keeps, with variables in its environment.
func newShell(t *testing.T, server *devserver.Server, env ...string) *shell {
	dir := t.TempDir()
	base := append(os.Environ(), "HOME="+dir, "CAPSTAN_RUNTIME=temporal://"+server.Address+"/default")
	return &shell{dir: dir, env: append(base, env...)}
}

// file writes a file into the folder.
func (s *shell) file(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is the command as an operator has it.
func (s *shell) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "capstan-temporal", args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// process starts the command, with its output in a file. It is killed when the test ends.
func (s *shell) process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	s.logs++
	log, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("%s-%d.log", args[0], s.logs)))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := s.command(context.Background(), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill(t, cmd) })
	return cmd
}

// kill kills a process that was not killed before. One that ended by itself is an error.
func (s *shell) kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if cmd.ProcessState != nil {
		return
	}
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() >= 0 {
		log, _ := os.ReadFile(cmd.Stderr.(*os.File).Name())
		t.Errorf("%s ended by itself: %v\n%s", cmd, err, log)
	}
}

// writes waits until a process has written a text, and returns what it has written.
func (s *shell) writes(t *testing.T, cmd *exec.Cmd, text string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if log, err := os.ReadFile(cmd.Stderr.(*os.File).Name()); err == nil && strings.Contains(string(log), text) {
			return string(log)
		}
	}
	t.Fatalf("%s does not write %q", cmd, text)
	return ""
}

// serve starts a server of runs.
func (s *shell) serve(t *testing.T, args ...string) {
	t.Helper()
	face := s.process(t, append([]string{"serve", "--rest", "127.0.0.1:0"}, args...)...)
	s.face = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(s.writes(t, face, "http://"))
}

// run runs the command, which may exit with 5 for a run that waits.
func (s *shell) run(ctx context.Context, into any, args ...string) error {
	cmd := s.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 5 {
		err = nil
	}
	if err == nil && into != nil {
		err = json.Unmarshal(stdout.Bytes(), into)
	}
	if err != nil {
		return fmt.Errorf("capstan-temporal %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return nil
}

// ask asks the server of runs.
func (s *shell) ask(ctx context.Context, method, path string, body any, key string, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.face+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return err
}
