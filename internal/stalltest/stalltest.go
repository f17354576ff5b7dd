// Package stalltest plays servers that stall in one phase of an exchange, for
// tests that every wait ends. Start with [Phases].
package stalltest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// Phase is where in an exchange a server stalls.
type Phase string

// The phases, in the order in which an exchange passes them.
const (
	Connect       Phase = "connect"  // no connection comes about
	TLS           Phase = "tls"      // the handshake is not answered
	Headers       Phase = "headers"  // the request is read and not answered
	Informational Phase = "1xx"      // 103 Early Hints again and again, and no answer
	Switch        Phase = "switch"   // 101 Switching Protocols, then nothing
	Body          Phase = "body"     // a body that stops half way
	Packed        Phase = "gzip"     // a packed body that stops half way
	Trailers      Phase = "trailers" // a whole body whose trailers do not come
)

// Phases returns all of them.
func Phases() []Phase {
	return []Phase{Connect, TLS, Headers, Informational, Switch, Body, Packed, Trailers}
}

// GivesUp is how long the dial of [Connect] and the handshake of [TLS] last. A
// test with a fake clock must sleep for as long before it ends.
const GivesUp = time.Hour

// URL is the base URL that makes a client reach the phase at host, host:port.
func (p Phase) URL(host string) string {
	if p == TLS {
		return "https://" + host
	}
	return "http://" + host
}

// answer is what a server sends before it stalls.
func (p Phase) answer() string {
	switch p {
	case Switch:
		return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"
	case Body:
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"a"
	case Packed:
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 50\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	case Trailers:
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: Checksum\r\n\r\n2\r\n{}\r\n0\r\n"
	}
	return ""
}

// Serve plays the server on a connection until the client closes it.
func (p Phase) Serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	gone := make(chan struct{})
	discard := func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, in)
	}
	if p == TLS {
		discard()
		return
	}
	if _, err := http.ReadRequest(in); err != nil {
		return
	}
	go discard()
	defer func() { <-gone }()
	if p == Informational {
		hint(c, gone)
		return
	}
	if _, err := io.WriteString(c, p.answer()); err == nil {
		<-gone
	}
	_ = c.Close()
}

// hint sends an informational answer every second until the client is gone.
func hint(c net.Conn, gone <-chan struct{}) {
	defer c.Close()
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"); err != nil {
			return
		}
		select {
		case <-every.C:
		case <-gone:
			return
		}
	}
}

// Transport reaches a server that stalls in the phase, whatever the address,
// without a network: it works with the fake clock of testing/synctest.
func (p Phase) Transport() *http.Transport {
	return &http.Transport{TLSHandshakeTimeout: GivesUp, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if p == Connect {
			select { // net/http lets it go on when its request is over
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(GivesUp):
				return nil, context.DeadlineExceeded
			}
		}
		client, server := net.Pipe()
		go p.Serve(server)
		return client, nil
	}}
}

// Server is a server at a loopback address. Close it.
type Server struct {
	Host    string          // host:port
	Reached <-chan struct{} // closed once a client has connected
	Close   func()
}

// Listen plays the server at a loopback address. [Connect] is no phase that it
// can play.
func (p Phase) Listen() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	reached := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if first {
				close(reached)
			}
			go p.Serve(c)
		}
	}()
	return &Server{Host: l.Addr().String(), Reached: reached, Close: func() { _ = l.Close() }}, nil
}
