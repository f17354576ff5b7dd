//go:build e2e && unix

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// event is a server-sent event.
type event struct {
	id         int64 // 0 where there was none
	kind, data string
}

// stream is an open stream of them.
type stream struct {
	body  io.Closer
	lines *bufio.Scanner
	leave context.CancelFunc
}

// follow opens the stream of a run, after an event (0 for all).
func (v *server) follow(t *testing.T, run string, after int64) *stream {
	t.Helper()
	ctx, leave := context.WithTimeout(t.Context(), 2*soon)
	req, err := http.NewRequestWithContext(ctx, "GET", v.url+"/runs/"+run+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	v.authorize(req)
	req.Header.Set("Accept", "text/event-stream")
	if after > 0 {
		req.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the stream answered %d", resp.StatusCode)
	}
	s := &stream{body: resp.Body, lines: bufio.NewScanner(resp.Body), leave: leave}
	t.Cleanup(s.close)
	return s
}

func (s *stream) close() {
	s.leave()
	s.body.Close()
}

// until reads until an event of a kind, which must come.
func (s *stream) until(kind string) (events []event, err error) {
	var e event
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			if e.id, err = strconv.ParseInt(value, 10, 64); err != nil {
				return events, err
			}
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if e.kind != "" {
				events = append(events, e)
			}
			if e.kind == kind {
				return events, nil
			}
			e = event{}
		}
	}
	return events, fmt.Errorf("the stream ended before %q, after %v: %w", kind, events, s.lines.Err())
}

// goneOn is what a follower that goes on with a stream got in the end.
type goneOn struct {
	events []event
	err    error
}

// later reads a stream to the end of the run, meanwhile.
func (s *stream) later() <-chan goneOn {
	got := make(chan goneOn, 1)
	go func() {
		events, err := s.until("ended")
		got <- goneOn{events, err}
	}()
	return got
}

// checkGoneOn checks that the events follow the last one known, none missing and
// none twice, and that none carries the link, which lets in whoever has it.
func checkGoneOn(t *testing.T, got goneOn, after int64) {
	t.Helper()
	if got.err != nil {
		t.Fatal(got.err)
	}
	next := after
	for _, e := range got.events {
		if strings.Contains(e.data, "/portal/sso/") {
			t.Errorf("event %d carries the portal link: %s", e.id, e.data)
		}
		if e.id == 0 && e.kind == "poll" {
			continue // another look
		}
		if next++; e.id != next {
			t.Errorf("event %d (%s) comes where %d was to come", e.id, e.kind, next)
			next = e.id
		}
	}
}

// last is the id to go on after.
func last(events []event) (id int64) {
	for _, e := range events {
		id = max(id, e.id)
	}
	return id
}
