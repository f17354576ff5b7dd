package mcp

import (
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
}

// begin sends the head of an event stream, before there is an event. Of an
// answer that is none it does nothing. The head must have been filled in.
func (a *alive) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over || a.begun || !isStream(a.Header()) {
		return
	}
	a.head(http.StatusOK)
	a.comment()
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
	if a.begun {
		a.mute = a.mute || status >= 400
		return
	}
	a.head(status)
}

// head writes the head of the answer, and sees to it that a stream stays alive.
func (a *alive) head(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
	if isStream(a.Header()) {
		a.timer = time.AfterFunc(commentEvery, a.again)
	}
}

func (a *alive) Write(data []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
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
	return a.flush()
}

func (a *alive) flush() error { return http.NewResponseController(a.ResponseWriter).Flush() }

func isStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}
