package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// message frames a message as the Language Server Protocol does.
func message(body string) string {
	return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

func TestLspAnswersOnStdout(t *testing.T) {
	a, _, stderr := newTestApp("")
	in, theirs := io.Pipe()
	defer theirs.Close()
	var stdout strings.Builder
	answered := make(chan struct{}, 2)
	a.io.In, a.io.Out = in, writerFunc(func(p []byte) (int, error) {
		stdout.Write(p)
		if strings.Contains(string(p), `"id":`) {
			answered <- struct{}{}
		}
		return len(p), nil
	})
	go func() {
		for _, m := range []string{
			`{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}`,
			`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nowhere/moor.yaml", "text": "specification: Naftiko Capability Composition\nstps: []\n"}}}`,
			`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nowhere/other.yaml", "text": "kind: Service\n"}}}`,
			`{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}`,
		} {
			_, _ = io.WriteString(theirs, message(m))
			if strings.Contains(m, `"id"`) {
				<-answered
			}
		}
		_, _ = io.WriteString(theirs, message(`{"jsonrpc": "2.0", "method": "exit"}`))
	}()
	if code := run(t.Context(), []string{"lsp"}, a.io); code != 0 {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
	for _, want := range []string{`"serverInfo":{"name":"capstan"`, `unknown key \"stps\"`, `{"uri":"file:///nowhere/other.yaml","diagnostics":[]}`} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %s in %s", want, stdout.String())
		}
	}
}

func TestLspIsInterrupted(t *testing.T) {
	a, _, _ := newTestApp("")
	never, theirs := io.Pipe()
	defer theirs.Close()
	ctx, cancel := context.WithCancel(t.Context())
	a.io.In = never
	go func() {
		_, _ = theirs.Write([]byte("C")) // returns when it is being read
		cancel()
	}()
	if code := run(ctx, []string{"lsp"}, a.io); code != exitInterrupted {
		t.Errorf("exit %d", code)
	}
}
