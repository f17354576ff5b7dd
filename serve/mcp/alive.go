package mcp

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"time"
)

// commentEvery is how often a stream without news sends a comment. Proxies cut
// connections that are idle, many of them after 30 seconds.
const commentEvery = 15 * time.Second

// alive is the answer to one HTTP request. Where that is an event stream, it
// never falls silent for longer than commentEvery.
type alive struct {
	http.ResponseWriter

	mu    sync.Mutex // guards the below and writing
	begun bool       // the head of the answer was written
	mute  bool       // nothing more is part of the stream
	over  bool       // the handler returned
	timer *time.Timer

	brief bool   // the answer may be held back
	held  []byte // the start of a stream that is held back; nil when none is
}

// begin sends the head of an event stream, before there is an event. Of an
// answer that is none it does nothing. The head must have been filled in.
func (a *alive) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.over || a.begun || !isStream(a.Header()):
	case a.brief:
		a.held = []byte{}
		a.timer = time.AfterFunc(briefly, a.release)
	default:
		a.head(http.StatusOK)
		a.comment()
	}
}

// release begins a stream that was held back.
func (a *alive) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if held := a.held; held != nil {
		a.held = nil
		a.head(http.StatusOK)
		a.comment()
		_, _ = a.ResponseWriter.Write(held)
	}
}

// complete sends an answer that was held back until it was complete: a single
// event as the JSON that it is.
func (a *alive) complete() {
	held := a.held
	a.held = nil
	if data, ok := onlyEvent(held); ok {
		a.Header().Set("Content-Type", "application/json")
		held = data
	}
	a.head(http.StatusOK)
	_, _ = a.ResponseWriter.Write(held)
}

// onlyEvent returns the data of a stream that is one event on one line.
func onlyEvent(stream []byte) (data []byte, ok bool) {
	for line := range bytes.Lines(stream) {
		text, isData := bytes.CutPrefix(line, []byte("data: "))
		if !isData {
			continue
		}
		if ok {
			return nil, false
		}
		data, ok = bytes.TrimSpace(text), true
	}
	return data, ok
}

// again sends the next comment.
func (a *alive) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over {
		a.comment()
		a.timer.Reset(commentEvery)
	}
}

// comment sends a comment, which clients ignore. A lost client is noticed
// elsewhere.
func (a *alive) comment() {
	_, _ = a.ResponseWriter.Write([]byte(": still here\n\n"))
	_ = a.flush()
}

// end is called when the handler returns: nothing may be written from then on.
func (a *alive) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held != nil {
		a.complete()
	}
	a.over = true
	if a.timer != nil {
		a.timer.Stop()
	}
}

// WriteHeader passes the first status on. An error that comes after the stream
// began cannot be reported any more; the stream ends.
func (a *alive) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.begun:
		a.mute = a.mute || status >= 400
	case a.held != nil && status == http.StatusOK: // the head comes with the held bytes
	default:
		a.held = nil
		a.head(status)
	}
}

// head writes the head of the answer, and sees to it that a stream stays alive.
func (a *alive) head(status int) {
	a.begun = true
	if a.timer != nil {
		a.timer.Stop()
	}
	a.ResponseWriter.WriteHeader(status)
	if isStream(a.Header()) {
		a.timer = time.AfterFunc(commentEvery, a.again)
	}
}

func (a *alive) Write(data []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held != nil {
		a.held = append(a.held, data...)
		return len(data), nil
	}
	if !a.begun {
		a.head(http.StatusOK)
	}
	if a.mute {
		return len(data), nil
	}
	return a.ResponseWriter.Write(data)
}

// FlushError is for http.ResponseController, which is how the SDK flushes.
func (a *alive) FlushError() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held != nil {
		return nil
	}
	return a.flush()
}

func (a *alive) flush() error { return http.NewResponseController(a.ResponseWriter).Flush() }

func isStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}
