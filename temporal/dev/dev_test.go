//go:build unix

// Package dev tests the programs for trying things out.
package dev

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// output is what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// One command has a server and a worker, the command that it prints runs the onboarding
// there, and nothing is left when it is stopped.
func TestTry(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	try, out := exec.Command("./try", port), new(output)
	try.Stdout, try.Stderr = out, out
	try.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C of the terminal is for the whole group
	if err := try.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(-try.Process.Pid, syscall.SIGKILL) }()
	gone := make(chan error, 1)
	go func() { gone <- try.Wait() }()
	for !strings.Contains(out.String(), "executing the runs") {
		select {
		case err := <-gone:
			t.Fatalf("%v\n%s", err, out)
		case <-t.Context().Done():
			t.Fatal(out)
		case <-time.After(50 * time.Millisecond):
		}
	}
	line := regexp.MustCompile(`(?m)^  go (-C temporal run .*)$`).FindStringSubmatch(out.String())
	if line == nil {
		t.Fatalf("no command in\n%s", out)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil || !strings.Contains(string(readme), "\ngo "+strings.Replace(line[1], port, "7233", 1)+"\n") {
		t.Errorf("the README (%v) does not have the command\n%s", err, line[1])
	}
	args := append(strings.Fields(line[1]), "--non-interactive", "--done", "send-portal-link", "-o", "json")
	run := exec.Command("go", args...)
	run.Dir = "../.."
	if doc, err := run.Output(); err != nil || !strings.Contains(string(doc), `"status": "succeeded"`) {
		t.Errorf("%v\n%s\n%s", err, doc, out)
	}
	if err := syscall.Kill(-try.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err != nil {
		t.Errorf("it ended with %v\n%s", err, out)
	}
	if err := syscall.Kill(-try.Process.Pid, 0); err != syscall.ESRCH {
		t.Errorf("processes of group %s are left", strconv.Itoa(try.Process.Pid))
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("the server still listens")
	}
}
