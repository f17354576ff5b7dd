package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/command"
)

// What keeps a server from being reached is one line: where, what, and what to do.
func TestUnreached(t *testing.T) {
	dir := t.TempDir()
	cert, _ := certificate(t, dir)
	secured := listen(t, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	plain := strings.TrimPrefix(web.URL, "http://")
	closed := closedPort(t)
	for name, test := range map[string]struct {
		address string
		env     map[string]string
		want    string
	}{
		"nothing listens":   {closed, nil, "nothing listens there; check the address in --runtime, --address or TEMPORAL_ADDRESS, and that the server runs"},
		"no such host":      {"no.such.host.invalid:7233", nil, "there is no host no.such.host.invalid; check the address"},
		"another server":    {plain, nil, "what listens there is no Temporal server"},
		"it wants TLS":      {secured, nil, "it wants TLS; set TEMPORAL_TLS=true"},
		"it has no TLS":     {plain, map[string]string{"TEMPORAL_TLS": "true"}, "it does not speak TLS; set TEMPORAL_TLS=false"},
		"a key, and no TLS": {plain, map[string]string{"TEMPORAL_API_KEY": "very-secret"}, "it does not speak TLS; set TEMPORAL_TLS=false"},
		"unknown authority": {secured, map[string]string{"TEMPORAL_TLS": "true"}, "authority that is unknown here; TEMPORAL_TLS_SERVER_CA_CERT_PATH names"},
		"another name":      {secured, map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": filepath.Join(dir, "cert.pem"), "TEMPORAL_TLS_SERVER_NAME": "db.example"}, "db.example; TEMPORAL_TLS_SERVER_NAME is the name that its certificate has to have"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(dir, "none.toml"))
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			_, err := open(t.Context(), command.Place{Address: test.address})
			if err == nil || !strings.HasPrefix(err.Error(), "the Temporal server "+test.address+" cannot be reached: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "rpc error") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "very-secret")) {
				t.Errorf("%q", err)
			}
		})
	}
	left, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(left, command.Place{Address: closed}); !errors.Is(err, context.Canceled) {
		t.Errorf("left, it is %v", err)
	}
}

// listen returns the address of a server that does the handshake and no more.
func listen(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).HandshakeContext(t.Context())
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// closedPort returns an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
