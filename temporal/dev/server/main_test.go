package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"
)

func TestBackground(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal there")
	}
	db := filepath.Join(t.TempDir(), "runs.db")
	server := func(args ...string) (string, error) {
		var out strings.Builder
		err := run(append(args, "-db", db), &out, io.Discard)
		return out.String(), err
	}
	out, err := server("-background", "-port", "0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = server("-stop") })
	address := strings.TrimSpace(out)
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.CheckHealth(t.Context(), &client.CheckHealthRequest{}); err != nil {
		t.Error(err)
	}
	if _, err = server("-port", "0"); err == nil || !strings.Contains(err.Error(), "answers at "+address+" already") {
		t.Errorf("a second one: %v", err)
	}
	if _, err = server("-stop"); err != nil {
		t.Error(err)
	}
	if _, err := c.CheckHealth(context.Background(), &client.CheckHealthRequest{}); err == nil {
		t.Error("it answers after it was stopped")
	}
	if _, err := os.Stat(db + ".pid"); err == nil {
		t.Error("its pid is still written")
	}
	if info, err := os.Stat(db); err != nil || info.Size() == 0 {
		t.Errorf("its database: %v", err)
	}
	if _, err = server("-stop"); err == nil || !strings.Contains(err.Error(), "is running") {
		t.Errorf("stopped twice: %v", err)
	}
}

// A number in a file is no reason to end the process that has it now.
func TestStalePID(t *testing.T) {
	db := filepath.Join(t.TempDir(), "runs.db")
	for _, c := range []struct{ content, want string }{
		{"", "is not what -background writes"}, {"1 127.0.0.1:1", "is not what -background writes"}, {"77 10.0.0.1:7233", "is not what -background writes"},
		{"4194303 127.0.0.1:1", "no server that -background started with " + db + " is running"},
	} {
		if err := os.WriteFile(db+".pid", []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{"-stop", "-db", db}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.content, err)
		}
	}
	if _, err := os.Stat(db + ".pid"); err == nil {
		t.Error("the stale file is still there")
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"start", `argument "start" is not taken`}, {"-db=", "-db is empty"}, {"-port=x", "invalid value"}, {"-nope", "not defined"},
	} {
		if err := run([]string{c.args}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}
