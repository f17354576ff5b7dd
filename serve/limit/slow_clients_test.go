package limit

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// A thousand clients that send or read as slowly as they can are gone within
// the limits, and so is all that served them: a bubble does not end while a
// goroutine of its server still waits.
func TestSlowClientsAreLetGo(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: localhost\r\n"
	tests := []struct {
		name    string
		client  func(net.Conn)
		within  time.Duration
		answers string // "" for none
	}{
		{"nothing sent", func(net.Conn) {}, 10 * time.Second, ""},
		{"headers by the byte", drip("GET / HTTP/1.1\r\nX-Long: ", "x"), 10 * time.Second, ""},
		{"body by the byte", drip(post+"Content-Length: 100000\r\n\r\n", "x"), 66 * time.Second, "408"},
		{"chunks by the byte", drip(post+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), 66 * time.Second, "408"},
		{"body of a request that is too large", drip(post+"Content-Length: 200000\r\n\r\n", "x"), 6 * time.Second, "413"},
		{"idle after a request", drip("GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n", ""), 2 * time.Minute, "200"},
		{"answer never read", func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") }, time.Minute, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { checkSlow(t, tt.client, tt.within, tt.answers) })
		})
	}
}

// drip sends the beginning at once and then more, again and again.
func drip(begin, more string) func(net.Conn) {
	return func(c net.Conn) {
		_, err := io.WriteString(c, begin)
		for more != "" && err == nil {
			time.Sleep(3 * time.Second)
			_, err = io.WriteString(c, more)
		}
	}
}

func checkSlow(t *testing.T, client func(net.Conn), within time.Duration, answers string) {
	var closed, gone sync.WaitGroup
	var busy atomic.Int64
	s := Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		busy.Add(1)
		defer busy.Add(-1)
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "cannot read", http.StatusBadRequest)
			return
		}
		size := 1 << 20
		if r.URL.Path == "/small" {
			size = 10
		}
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	}), Options{Body: 100_000})
	count := s.ConnState
	s.ConnState = func(c net.Conn, state http.ConnState) {
		count(c, state)
		if state == http.StateClosed {
			closed.Done()
		}
	}
	p := newPipes()
	go func() { _ = s.Serve(p) }()
	start := time.Now()
	const clients = 1000
	answer := make(chan string, clients)
	closed.Add(clients)
	for range clients {
		c := p.dial()
		gone.Go(func() { client(c) })
		if answers == "-" {
			continue // does not read at all
		}
		go func() {
			all, _ := io.ReadAll(c)
			answer <- string(all)
			c.Close()
		}()
	}
	closed.Wait()
	if took := time.Since(start); took > within {
		t.Errorf("the last client was let go after %v, want %v", took, within)
	}
	if n := busy.Load(); n != 0 {
		t.Errorf("%d requests are still handled", n)
	}
	if answers != "-" {
		for range clients {
			got := <-answer
			if answers == "" && got != "" && !strings.HasPrefix(got, "HTTP/1.1 4") || !strings.HasPrefix(got, "HTTP/1.1 "+answers) && answers != "" {
				t.Fatalf("answer %q, want status %s", got, answers)
			}
		}
	}
	gone.Wait()
	_ = s.Close()
}

func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &servetest.Log{}
		p := serveFake(t, http.NotFoundHandler(), Options{Connections: 3, Log: slog.New(slog.NewTextHandler(log, nil))})
		ask := func(c net.Conn) error {
			if _, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				return err
			}
			_, err := c.Read(make([]byte, 1000))
			return err
		}
		var open []net.Conn
		for n := range 3 {
			open = append(open, p.dial())
			if err := ask(open[n]); err != nil {
				t.Fatalf("connection %d: %v", n, err)
			}
		}
		if err := ask(p.dial()); err == nil {
			t.Error("a fourth connection is served")
		}
		open[0].Close()
		synctest.Wait()
		if err := ask(p.dial()); err != nil {
			t.Errorf("no connection after one was closed: %v", err)
		}
		if got := log.Take(); strings.Count(got, "too many are open") != 1 {
			t.Errorf("log:\n%s", got)
		}
		for _, c := range open {
			c.Close()
		}
	})
}

func TestHeadersTooLarge(t *testing.T) {
	s := serve(t, http.NotFoundHandler(), Options{Header: 1000})
	r, err := http.NewRequest("GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 10_000))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 431 {
		t.Errorf("status %d, want 431", resp.StatusCode)
	}
}
