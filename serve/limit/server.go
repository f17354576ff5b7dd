package limit

import (
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
)

// Server serves h behind Requests, with every timeout and size of l set, and
// closes connections beyond l.Connections at once. The caller sets Addr or
// gives it a listener, and shuts it down.
func Server(h http.Handler, l Options) *http.Server {
	l = l.filled()
	return &http.Server{
		Handler:           Requests(l, h),
		ReadHeaderTimeout: l.ReadHeader,
		ReadTimeout:       l.ReadHeader + l.Read, // Requests sets its own for the body
		WriteTimeout:      l.Write,               // every write extends it, so that streams last
		IdleTimeout:       l.Idle,
		MaxHeaderBytes:    l.Header,
		ErrorLog:          slog.NewLogLogger(l.Log.Handler(), slog.LevelWarn),
		ConnState:         countConnections(l),
	}
}

func countConnections(l Options) func(net.Conn, http.ConnState) {
	var open atomic.Int64
	var full atomic.Bool // was reported, and still is
	return func(c net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			if open.Add(1) > int64(l.Connections) {
				if full.CompareAndSwap(false, true) {
					l.Log.Warn("connections are refused: too many are open", "limit", l.Connections)
				}
				_ = c.Close()
			}
		case http.StateClosed, http.StateHijacked:
			if open.Add(-1) < int64(l.Connections) {
				full.Store(false)
			}
		}
	}
}
