package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// Stdio serves one client that writes a JSON-RPC message a line to in and reads
// answers, one a line, from out; nothing else is written there. It returns nil
// when in ends and every call has been answered, or ctx's error when ctx ends,
// which cancels calls in flight. in is closed if it can be, so that reading
// stops; a line that is not JSON-RPC is answered with an error.
func (s *Server) Stdio(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := &lines{out: out, in: in, max: int(s.opts.MaxBody), ids: s.ids}
	lines.idle.L = &lines.mu
	defer context.AfterFunc(ctx, lines.stop)()
	pipe, feed := io.Pipe()
	go func() { feed.CloseWithError(lines.copy(feed)) }()
	err := s.sdk.Run(context.WithValue(ctx, carrierKey{}, ctx), &sdk.IOTransport{Reader: pipe, Writer: lines, MaxLineLength: -1})
	lines.stop()
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if fault := lines.fault(); fault != nil {
		return fault
	}
	return err
}

// lines stands between the client and the SDK, which would end the session at a
// line that it cannot read, and cancel the calls in flight when the input ends.
type lines struct {
	in  io.Reader
	max int
	ids *ids

	mu      sync.Mutex // guards the below and writing to out
	out     io.Writer
	idle    sync.Cond // no call is unanswered, or stopped
	calls   int       // unanswered
	stopped bool
	err     error
}

func (l *lines) copy(to io.Writer) error {
	in := bufio.NewReader(l.in)
	for {
		line, err := l.line(in)
		if line = l.ids.in(line); len(bytes.TrimSpace(line)) > 0 {
			if calls, id, fault := checkLine(line); fault != nil {
				l.refuse(id, fault)
			} else {
				l.count(calls)
				if _, err := to.Write(append(line, '\n')); err != nil {
					return err
				}
			}
		}
		if err != nil {
			l.wait()
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			l.failed(err)
			return err
		}
	}
}

// line reads up to the next newline. A line that is too long is skipped and
// answered.
func (l *lines) line(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, more, err := in.ReadLine()
		if len(line)+len(part) > l.max {
			long = true
		}
		if !long {
			line = append(line, part...)
		}
		if err == nil && more {
			continue
		}
		if long {
			l.refuse(nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "the line is too long"})
			return nil, err
		}
		return line, err
	}
}

// checkLine gives the number of calls in a line of JSON-RPC, and the id of one that
// is refused.
func checkLine(line []byte) (calls int, id any, fault *jsonrpc.Error) {
	m, fault := readMessage(line)
	switch {
	case fault != nil:
		return 0, nil, fault
	case m.request != nil && m.request.IsCall():
		return 1, m.id(), checkVersion(m.version())
	case bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")):
		return 0, nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "write one message a line; batches are not supported"}
	}
	return 0, nil, nil
}

// Write passes one message of the SDK on.
func (l *lines) Write(message []byte) (int, error) {
	var m struct {
		Method *string `json:"method"`
	}
	answer := json.Unmarshal(message, &m) == nil && m.Method == nil
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.out.Write(l.ids.out(message))
	if answer {
		l.calls--
		l.idle.Broadcast()
	}
	return len(message), err
}

// Close is the SDK's end of the session; out is the caller's to close.
func (l *lines) Close() error { return nil }

func (l *lines) refuse(id any, fault *jsonrpc.Error) {
	data, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "error": fault})
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.out.Write(l.ids.out(append(data, '\n'))) // the next read shows that the client is gone
}

func (l *lines) count(calls int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls += calls
}

// wait returns when every call is answered or serving stops.
func (l *lines) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.calls > 0 && !l.stopped {
		l.idle.Wait()
	}
}

func (l *lines) stop() {
	l.mu.Lock()
	l.stopped = true
	l.idle.Broadcast()
	l.mu.Unlock()
	if c, ok := l.in.(io.Closer); ok {
		_ = c.Close()
	}
}

func (l *lines) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *lines) fault() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
