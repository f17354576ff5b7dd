package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// unreached is the error of a server that cannot be reached, or that refuses the caller or
// the request.
func unreached(ctx context.Context, o client.Options, err error) error {
	var denied *serviceerror.PermissionDenied
	var away *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	if errors.As(err, &denied) || status.Code(err) == codes.Unauthenticated {
		return fmt.Errorf("the Temporal server %s refuses access: %w; set TEMPORAL_API_KEY to a key, or TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH to a certificate, that may use namespace %q", o.HostPort, err, o.Namespace)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !errors.As(err, &away) && !errors.As(err, &late) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the Temporal server %s: %w", o.HostPort, err) // it has answered
	}
	if why := diagnosis(ctx, o); why != "" {
		return fmt.Errorf("the Temporal server %s cannot be reached: %s", o.HostPort, why)
	}
	return fmt.Errorf("the Temporal server %s cannot be reached: %w", o.HostPort, err)
}

// probeTimeout bounds each connection of a diagnosis.
const probeTimeout = 2 * time.Second

// diagnosis finds out with connections of its own why a server cannot be reached, and what to
// do: the client has the reason as text alone. "" means that it found nothing.
func diagnosis(ctx context.Context, o client.Options) string {
	const address = "; check the address in --runtime, --address or TEMPORAL_ADDRESS"
	connect := func() (net.Conn, error) {
		return (&net.Dialer{Timeout: probeTimeout}).DialContext(ctx, "tcp", o.HostPort)
	}
	conn, err := connect()
	var unknown *net.DNSError
	var slow net.Error
	switch {
	case errors.As(err, &unknown):
		return "there is no host " + unknown.Name + address
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there" + address + ", and that the server runs"
	case errors.As(err, &slow) && slow.Timeout():
		return "it does not answer" + address
	case err != nil:
		return ""
	}
	if o.ConnectionOptions.TLS != nil {
		return distrust(handshake(ctx, conn, o.HostPort, o.ConnectionOptions.TLS.Clone()))
	}
	// Nothing that the certificate says is relied on.
	switch err := handshake(ctx, conn, o.HostPort, &tls.Config{InsecureSkipVerify: true}); {
	case err == nil:
		return "it wants TLS; set TEMPORAL_TLS=true"
	case errors.As(err, &slow) && slow.Timeout():
		return "it does not answer" + address
	}
	return "what listens there is no Temporal server, or one that is starting or overloaded" + address
}

// handshake begins TLS on a connection and closes it.
func handshake(ctx context.Context, conn net.Conn, address string, c *tls.Config) error {
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(address)
	}
	c.NextProtos = []string{"h2"}
	return tls.Client(conn, c).HandshakeContext(ctx)
}

// distrust is what to do about a handshake that failed.
func distrust(err error) string {
	var plain tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &plain):
		return "it does not speak TLS; set TEMPORAL_TLS=false"
	case errors.As(err, &authority):
		return "its certificate is from an authority that is unknown here; TEMPORAL_TLS_SERVER_CA_CERT_PATH names a file with the authority's certificate"
	case errors.As(err, &host), errors.As(err, &invalid):
		return err.Error() + "; TEMPORAL_TLS_SERVER_NAME is the name that its certificate has to have"
	case errors.Is(err, context.DeadlineExceeded):
		return "it does not answer; check the address in --runtime, --address or TEMPORAL_ADDRESS"
	}
	return ""
}
