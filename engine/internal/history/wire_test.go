package history

import (
	"context"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// wire is a network of one host, in memory: the client's transport dials it,
// the upstream serves its connections.
type wire struct {
	serve func(c *conn)
	// dialling is asked before a connection is made.
	dialling func() error

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// conn is the server's end of a connection.
type conn struct {
	net.Conn
	line string // the target of the request at hand
}

// clientConn is the client's end. A connection that the server breaks reads as
// a real one does, which a pipe does not.
type clientConn struct{ net.Conn }

func (c clientConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.real("read", err)
}

func (c clientConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.real("write", err)
}

func (c clientConn) real(op string, err error) error {
	if err == nil || err.Error() == "EOF" {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET}
}

// transport is a new process's: it has no connections yet.
func (w *wire) transport() *http.Transport {
	return &http.Transport{DialContext: w.dial}
}

func (w *wire) dial(context.Context, string, string) (net.Conn, error) {
	if err := w.dialling(); err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	c := &conn{Conn: far}
	w.mu.Lock()
	w.conns[c] = struct{}{}
	w.mu.Unlock()
	go func() {
		defer w.forget(c)
		w.serve(c)
	}()
	return clientConn{near}, nil
}

func (w *wire) forget(c *conn) {
	c.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
}

// cut breaks all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

// refused is the error of a host that does not listen.
func refusal() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}
