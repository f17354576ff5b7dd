package limit

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are in memory, for bubbles of fake time.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// serveFake serves h in a bubble until the test ends.
func serveFake(t *testing.T, h http.Handler, l Options) *pipes {
	p := newPipes()
	s := Server(h, l)
	go func() { _ = s.Serve(p) }()
	t.Cleanup(func() { _ = s.Close() })
	return p
}

// A stream outlives every timeout as long as its client reads, whatever way
// the request's body was read.
func TestStreamOutlivesTheTimeouts(t *testing.T) {
	ways := map[string]func(io.Reader) error{
		"to the end":    func(r io.Reader) error { _, err := io.ReadAll(r); return err },
		"one value":     func(r io.Reader) error { return json.NewDecoder(r).Decode(new(any)) },
		"not at all":    func(io.Reader) error { return nil },
		"and closed":    func(r io.Reader) error { return r.(io.Closer).Close() },
		"value, closed": func(r io.Reader) error { _ = json.NewDecoder(r).Decode(new(any)); return r.(io.Closer).Close() },
	}
	requests := map[string]string{
		"no body": "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"length":  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n{} \n",
		"chunked": "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	}
	l := Options{ReadHeader: time.Second, Read: 2 * time.Second, Write: 3 * time.Second, Idle: time.Second}
	for way, read := range ways {
		for kind, request := range requests {
			t.Run(kind+" read "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { checkStream(t, l, request, read) })
			})
		}
	}
}

func checkStream(t *testing.T, l Options, request string, read func(io.Reader) error) {
	const events = 20
	p := serveFake(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = read(r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		time.Sleep(10 * time.Second) // the first event takes its time
		for n := range events {
			if err := r.Context().Err(); err != nil {
				t.Errorf("event %d: the request has ended: %v", n, err)
				return
			}
			fmt.Fprintf(w, "data: %d\n\n", n)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("event %d: %v", n, err)
				return
			}
			time.Sleep(10 * time.Second)
		}
	}), l)
	c := p.dial()
	defer c.Close()
	go func() { _, _ = io.WriteString(c, request) }()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	lines := bufio.NewScanner(resp.Body)
	got := 0
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			if want := time.Duration(got) * 10 * time.Second; time.Since(start) != want {
				t.Errorf("event %d came after %v, want %v", got, time.Since(start), want)
			}
			got++
		}
	}
	if err := lines.Err(); err != nil || got != events {
		t.Errorf("%d events, then %v; want %d and a clean end", got, err, events)
	}
}

// The writer shows what net/http's own can do.
func TestStreamControls(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if _, ok := w.(http.Flusher); !ok {
			t.Error("no http.Flusher")
		}
		if err := control.SetReadDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
		if err := control.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		c, rw, err := control.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		_ = rw.Flush()
	}), Options{})
	resp, err := http.Get(s.URL)
	if err != nil || resp.StatusCode != 204 {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
}

// Like a proxy whose upstream answers before it has read the request.
func TestBodyIsReadWhileTheAnswerIsWritten(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, r.Body)
		}()
		w.WriteHeader(http.StatusAccepted)
		<-done
	}), Options{})
	for range 20 {
		if status, _ := send(t, s.URL, strings.Repeat("x", 100_000), true); status != 202 {
			t.Fatalf("status %d", status)
		}
	}
}
