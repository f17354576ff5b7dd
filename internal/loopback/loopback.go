// Package loopback recognises this machine: the hosts that are reached without a
// network. Start with [Host].
package loopback

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Host reports whether a host, without a port or brackets, is this machine:
// localhost and every name below it (RFC 6761, section 6.3), in any case and with
// a dot at the end, 127.0.0.0/8, ::1, and these IPv4 addresses within IPv6.
// [Transport] and [Listen] hold names to that, which a resolver need not.
func Host(host string) bool {
	if isName(host) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Address is [Host] for HOST:PORT, or a host alone.
func Address(address string) bool { return Host(Hostname(address)) }

// Hostname returns the host of HOST:PORT, or of a host alone, without brackets.
func Hostname(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
}

// Meet reports whether two addresses, HOST:PORT each, cannot be listened at both: they
// have one port, and one host or a host that stands for all.
func Meet(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if a == b || errA != nil || errB != nil {
		return a == b
	}
	all := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return portA == portB && portA != "0" && (all(hostA) || all(hostB) || listened(hostA) == listened(hostB))
}

// listened is the host at which [Listen] listens.
func listened(host string) string {
	if isName(host) {
		return "127.0.0.1"
	}
	return host
}

// Confidential reports whether a request to u is safe from readers on its way: it
// goes over https, or stays on this machine.
func Confidential(u *url.URL) bool { return u.Scheme == "https" || Host(u.Hostname()) }

// isName reports localhost and the names below it.
func isName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	below, ok := strings.CutSuffix(host, ".localhost")
	return host == "localhost" || ok && isDomain(below)
}

// isDomain reports labels of letters, digits, hyphens and underscores.
func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// Dialer returns dial, nil for Go's own, with the names of this machine dialled at
// 127.0.0.1, or else at ::1, however a resolver has them.
func Dialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || !isName(host) {
			return dial(ctx, network, address)
		}
		conn, err := dial(ctx, network, net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			return conn, nil
		}
		if conn, other := dial(ctx, network, net.JoinHostPort("::1", port)); other == nil {
			return conn, nil
		}
		return nil, err
	}
}

// Transport returns a copy of t, with connections of its own, that reaches the
// names of this machine as [Dialer] does, and through no proxy.
func Transport(t *http.Transport) *http.Transport {
	t = t.Clone()
	if proxy := t.Proxy; proxy != nil {
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if isName(r.URL.Hostname()) {
				return nil, nil
			}
			return proxy(r)
		}
	}
	//lint:ignore SA1019 a transport that dials by it goes on doing so
	if t.DialContext != nil || t.Dial == nil {
		t.DialContext = Dialer(t.DialContext)
	}
	return t
}

// Listen listens at a TCP address, a name of this machine being 127.0.0.1.
func Listen(address string) (net.Listener, error) {
	if host, port, err := net.SplitHostPort(address); err == nil {
		address = net.JoinHostPort(listened(host), port)
	}
	return net.Listen("tcp", address)
}
