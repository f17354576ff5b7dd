package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/capstan-run/capstan/internal/bounded"
	"github.com/capstan-run/capstan/operations"
)

// explainTransport turns an error of net/http into a reason and words. host is
// "name:port" as dialled; timeout is the request's own limit.
func explainTransport(ctx context.Context, err error, host string, timeout time.Duration) (operations.Reason, string) {
	err = bareError(err)
	var redirect *redirectError
	var dns *net.DNSError
	var dial *net.OpError
	var large *tooLargeError
	var switched *bounded.SwitchError
	switch {
	case errors.As(err, &large):
		return operations.ReasonTooLarge, large.Error()
	case errors.As(err, &switched):
		return operations.ReasonNotHTTP, switched.Error() + "; check the base URL"
	case errors.As(err, &redirect):
		return operations.ReasonRedirect, redirect.Error()
	case timeIsUp(ctx):
		return operations.ReasonTimeout, "the time for the whole call was up before an answer came"
	case errors.Is(err, context.Canceled) || ctx.Err() == context.Canceled:
		return operations.ReasonCancelled, "cancelled while waiting for the answer"
	case errors.As(err, &dns) && dns.IsNotFound:
		return operations.ReasonDNS, fmt.Sprintf("the host %s is unknown (name lookup failed); check the base URL and the network", dns.Name)
	case isTimeout(err):
		return operations.ReasonTimeout, fmt.Sprintf("no answer from %s within %s", host, timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return operations.ReasonRefused, fmt.Sprintf("%s refused the connection; is the server running there?", host)
	}
	if text, ok := explainTLS(err, host); ok {
		return operations.ReasonTLS, text
	}
	switch {
	case isBadPacking(err):
		return operations.ReasonPacked, fmt.Sprintf("%s says that its answer is packed with gzip, and it cannot be unpacked: it is broken, or no gzip at all", host)
	case isLost(err):
		return operations.ReasonReset, fmt.Sprintf("%s closed the connection before a complete answer", host)
	case errors.As(err, &dns):
		return operations.ReasonConnect, fmt.Sprintf("the host %s cannot be looked up now: %s", dns.Name, dns.Err)
	case errors.As(err, &dial) && dial.Op == "dial":
		return operations.ReasonConnect, fmt.Sprintf("cannot connect to %s: %v", host, dial.Err)
	}
	if text, ok := explainNotHTTP(err, host); ok {
		return operations.ReasonNotHTTP, text
	}
	return operations.ReasonOther, strings.TrimPrefix(err.Error(), brokenPrefix)
}

// timeIsUp reports whether a deadline ended ctx. A write that is given some
// seconds beyond it is cancelled with the deadline as the cause.
func timeIsUp(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

// brokenPrefix is put by net/http before the cause when it gives a connection
// up. Causes that it makes itself have no type: their text is all there is.
const brokenPrefix = "net/http: HTTP/1.x transport connection broken: "

// explainNotHTTP recognises an answer that does not begin as HTTP does. A TLS
// server answers a plain request with an alert, record type 21 of version 3.x
// (RFC 8446, section 5.1).
func explainNotHTTP(err error, host string) (string, bool) {
	var header textproto.ProtocolError
	switch text := err.Error(); {
	case strings.Contains(text, `malformed HTTP response "\x15\x03`):
		return fmt.Sprintf("%s speaks TLS; write https:// in the base URL", host), true
	case strings.Contains(text, "malformed HTTP "), errors.As(err, &header):
		return fmt.Sprintf("what answers at %s is not an HTTP server; check the base URL and its port", host), true
	}
	return "", false
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &t) && t.Timeout()
}

// isLost reports a connection that ended before the message did. HTTP/2's own
// errors have no type that can be named.
func isLost(err error) bool {
	var lost lostError
	for _, text := range []string{"http2: server sent GOAWAY", "http2: client connection lost", "http2: client connection force closed"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return errors.As(err, &lost) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED) ||
		errors.Is(err, io.ErrClosedPipe)
}

// explainTLS names the fault of a certificate and its remedy.
func explainTLS(err error, host string) (string, bool) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("the certificate of %s is not trusted: it is self-signed or its authority is unknown here; "+
			"add the authority to the system's certificates or name its file in SSL_CERT_FILE", host), true
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate of %s is for another host; check the base URL", host), true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate of %s is expired or not yet valid; check this machine's clock", host), true
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate of %s is invalid: %v", host, invalid), true
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("%s does not speak TLS; if it is meant to be plain, write http:// in the base URL", host), true
	case errors.As(err, &alert):
		return fmt.Sprintf("%s ended the TLS handshake: %v", host, alert), true
	}
	var other *tls.CertificateVerificationError
	if errors.As(err, &other) {
		return fmt.Sprintf("the certificate of %s is not trusted: %v", host, other.Err), true
	}
	return "", false
}

// bareError drops net/http's wrapper, as its text repeats the URL and with it
// any secret that stands there.
func bareError(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}
