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
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
)

// What net/http wraps is found however deep it lies, and the URL that it adds
// is not repeated.
func TestExplainTransport(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	read := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	cert := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	tests := []struct {
		err    error
		reason operations.Reason
		text   string
	}{
		{dial(&net.DNSError{Name: "h", Err: "no such host", IsNotFound: true}), operations.ReasonDNS, "the host h is unknown"},
		{dial(&net.DNSError{Name: "h", Err: "server misbehaving", IsTemporary: true}), operations.ReasonConnect, "the host h cannot be looked up now: server misbehaving"},
		{dial(&net.DNSError{Name: "h", Err: "i/o timeout", IsTimeout: true}), operations.ReasonTimeout, "no answer from h:1 within 1s"},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), operations.ReasonRefused, "h:1 refused the connection"},
		{dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), operations.ReasonConnect, "cannot connect to h:1"},
		{dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), operations.ReasonTimeout, "no answer"},
		{read(os.NewSyscallError("read", syscall.ECONNRESET)), operations.ReasonReset, "closed the connection"},
		{read(os.NewSyscallError("write", syscall.EPIPE)), operations.ReasonReset, "closed the connection"},
		{io.EOF, operations.ReasonReset, "closed the connection"},
		{io.ErrUnexpectedEOF, operations.ReasonReset, "closed the connection"},
		{context.DeadlineExceeded, operations.ReasonTimeout, "no answer"},
		{context.Canceled, operations.ReasonCancelled, "cancelled"},
		{cert(x509.UnknownAuthorityError{}), operations.ReasonTLS, "not trusted: it is self-signed"},
		{cert(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}), operations.ReasonTLS, "for another host"},
		{cert(x509.CertificateInvalidError{Reason: x509.Expired}), operations.ReasonTLS, "expired or not yet valid"},
		{cert(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), operations.ReasonTLS, "is invalid"},
		{cert(errors.New("odd")), operations.ReasonTLS, "not trusted: odd"},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, operations.ReasonTLS, "ended the TLS handshake"},
		{http.ErrSchemeMismatch, operations.ReasonTLS, "does not speak TLS"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, operations.ReasonTLS, "does not speak TLS"},
		{errors.New("odd"), operations.ReasonOther, "odd"},
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
		reason operations.Reason
		want   string
	}{
		{past, context.DeadlineExceeded, operations.ReasonTimeout, "the time for the whole call was up"},
		{grace, context.Canceled, operations.ReasonTimeout, "the time for the whole call was up"},
		{left, context.Canceled, operations.ReasonCancelled, "cancelled"},
	} {
		if reason, text := explainTransport(tt.ctx, tt.err, "h:1", time.Second); reason != tt.reason || !strings.Contains(text, tt.want) {
			t.Errorf("got %s, %s, want %s, %s", reason, text, tt.reason, tt.want)
		}
	}
}
