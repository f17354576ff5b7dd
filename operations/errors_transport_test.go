package operations

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What net/http wraps is found however deep it lies, and the URL that it adds
// is not repeated.
func TestExplainTransport(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	read := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	cert := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	tests := []struct {
		err    error
		reason Reason
		text   string
	}{
		{dial(&net.DNSError{Name: "h", Err: "no such host", IsNotFound: true}), ReasonDNS, "the host h is unknown"},
		{dial(&net.DNSError{Name: "h", Err: "server misbehaving", IsTemporary: true}), ReasonConnect, "the host h cannot be looked up now: server misbehaving"},
		{dial(&net.DNSError{Name: "h", Err: "i/o timeout", IsTimeout: true}), ReasonTimeout, "no answer from h:1 within 1s"},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), ReasonRefused, "h:1 refused the connection"},
		{dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), ReasonConnect, "cannot connect to h:1"},
		{dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), ReasonTimeout, "no answer"},
		{read(os.NewSyscallError("read", syscall.ECONNRESET)), ReasonReset, "closed the connection"},
		{read(os.NewSyscallError("write", syscall.EPIPE)), ReasonReset, "closed the connection"},
		{io.EOF, ReasonReset, "closed the connection"},
		{io.ErrUnexpectedEOF, ReasonReset, "closed the connection"},
		{context.DeadlineExceeded, ReasonTimeout, "no answer"},
		{context.Canceled, ReasonCancelled, "cancelled"},
		{cert(x509.UnknownAuthorityError{}), ReasonTLS, "not trusted: it is self-signed"},
		{cert(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}), ReasonTLS, "for another host"},
		{cert(x509.CertificateInvalidError{Reason: x509.Expired}), ReasonTLS, "expired or not yet valid"},
		{cert(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), ReasonTLS, "is invalid"},
		{cert(errors.New("odd")), ReasonTLS, "not trusted: odd"},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, ReasonTLS, "ended the TLS handshake"},
		{http.ErrSchemeMismatch, ReasonTLS, "does not speak TLS"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, ReasonTLS, "does not speak TLS"},
		{errors.New("odd"), ReasonOther, "odd"},
	}
	for _, tt := range tests {
		wrapped := &url.Error{Op: "Post", URL: "https://h:1/?key=s3cret", Err: fmt.Errorf("wrapped: %w", tt.err)}
		reason, text := explainTransport(t.Context(), wrapped, "h:1", time.Second)
		if reason != tt.reason || !strings.Contains(text, tt.text) {
			t.Errorf("%v\ngot  %s: %s\nwant %s: %s", tt.err, reason, text, tt.reason, tt.text)
		}
		if strings.Contains(text, "s3cret") || strings.Contains(bareError(wrapped).Error(), "s3cret") {
			t.Errorf("%v: the text repeats the URL", tt.err)
		}
	}
}

func TestWhoseTimeWasUp(t *testing.T) {
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	grace, stop := context.WithCancelCause(t.Context()) // some seconds beyond the deadline
	stop(fmt.Errorf("the run's time is up: %w", context.DeadlineExceeded))
	left, leave := context.WithCancel(t.Context())
	leave()
	for _, tt := range []struct {
		ctx    context.Context
		err    error
		reason Reason
		want   string
	}{
		{past, context.DeadlineExceeded, ReasonTimeout, "the time for the whole call was up"},
		{grace, context.Canceled, ReasonTimeout, "the time for the whole call was up"},
		{left, context.Canceled, ReasonCancelled, "cancelled"},
	} {
		if reason, text := explainTransport(tt.ctx, tt.err, "h:1", time.Second); reason != tt.reason || !strings.Contains(text, tt.want) {
			t.Errorf("got %s, %s, want %s, %s", reason, text, tt.reason, tt.want)
		}
	}
}
