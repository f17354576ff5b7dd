package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/internal/command"
	"github.com/capstan-run/capstan/temporal/codec"
)

func TestPlace(t *testing.T) {
	for _, test := range []struct {
		in   command.Place
		want string // address namespace queue, or a part of the error
	}{
		{command.Place{}, "  "},
		{command.Place{URL: "temporal://h:7233/ns"}, "h:7233 ns "},
		{command.Place{URL: "temporal://h:7233"}, "h:7233  "},
		{command.Place{URL: "temporal://[::1]:7233/ns?task-queue=q"}, "[::1]:7233 ns q"},
		{command.Place{URL: "temporal://h:7233/ns?task-queue=q", Address: "i:1", Namespace: "n", TaskQueue: "r"}, "i:1 n r"},
		{command.Place{URL: "https://h:7233/ns"}, "its scheme is not temporal"},
		{command.Place{URL: "temporal://h/ns"}, "it has no HOST:PORT"},
		{command.Place{URL: "temporal:h"}, "it has no HOST:PORT"},
		{command.Place{URL: "temporal://h:1/a/b"}, "a namespace has no slash"},
		{command.Place{URL: "temporal://h:1/a?queue=b"}, `"queue" is no parameter`},
		{command.Place{URL: "temporal://h:1/a?task-queue="}, `"task-queue" is no parameter`},
		{command.Place{URL: "temporal://me:hunter2@h:1/a"}, "credentials are not part of it"},
		{command.Place{URL: "temporal://h:1/%zz"}, "it is no URL"},
	} {
		p, err := place(test.in)
		got := p.Address + " " + p.Namespace + " " + p.TaskQueue
		if err != nil {
			got = err.Error()
		}
		if got != test.want && (err == nil || !strings.Contains(got, test.want)) || strings.Contains(got, "hunter2") {
			t.Errorf("%+v: %s, want %s", test.in, got, test.want)
		}
	}
}

// All processes with a key have the same secret for a use, while a new key is put before it
// too, and none without it.
func TestSecret(t *testing.T) {
	one, other := codec.Key{ID: "a", Secret: [codec.KeySize]byte{1}}, codec.Key{ID: "a", Secret: [codec.KeySize]byte{2}}
	if secret(nil, "x") != nil || len(secret([]codec.Key{one}, "x")) != 32 || string(secret([]codec.Key{one}, "x")) != string(secret([]codec.Key{other, one}, "x")) {
		t.Error("the secret does not follow from the last key")
	}
	if string(secret([]codec.Key{one}, "x")) == string(secret([]codec.Key{other}, "x")) || string(secret([]codec.Key{one}, "x")) == string(secret([]codec.Key{one}, "y")) {
		t.Error("two keys or two uses have one secret")
	}
}

// The certificate of the environment is shown to the server.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, pool := certificate(t, dir)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	shown := make(chan string, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c := conn.(*tls.Conn)
			if c.HandshakeContext(t.Context()) == nil {
				select {
				case shown <- c.ConnectionState().PeerCertificates[0].Subject.CommonName:
				default:
				}
			}
			conn.Close()
		}
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEMPORAL_ADDRESS", net.JoinHostPort("127.0.0.1", port))
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(dir, "none.toml"))
	t.Setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", filepath.Join(dir, "cert.pem"))
	t.Setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", filepath.Join(dir, "key.pem"))
	t.Setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", filepath.Join(dir, "cert.pem"))
	if _, err := open(t.Context(), command.Place{}); err == nil || !strings.Contains(err.Error(), "the Temporal server 127.0.0.1:"+port) {
		t.Errorf("it was opened, or %v", err)
	}
	select {
	case name := <-shown:
		if name != "capstan test" {
			t.Errorf("the certificate of %s was shown", name)
		}
	default:
		t.Error("no certificate was shown")
	}
}

// certificate writes cert.pem and key.pem, for both ends.
func certificate(t *testing.T, dir string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "capstan test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) []byte {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		return text
	}
	certPEM, keyPEM := write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pair, pool
}
