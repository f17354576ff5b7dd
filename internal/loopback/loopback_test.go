package loopback_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/internal/loopback"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "localhost.": true, "api.localhost": true, "a.b.LOCALHOST.": true,
		"127.0.0.1": true, "127.9.8.7": true, "::1": true, "0:0:0:0:0:0:0:1": true, "::ffff:127.0.0.1": true, "::ffff:7f00:1": true,
		"": false, ".": false, ".localhost": false, "localhost..": false, "notlocalhost": false, "localhost.example.com": false,
		"127.0.0.1.example.com": false, "128.0.0.1": false, "0.0.0.0": false, "::": false, "::2": false, "::ffff:10.0.0.1": false,
		"127.1": false, "2130706433": false, "localhost:80": false, "[::1]": false, "api.localhost\x00": false,
	} {
		if got := loopback.Host(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"localhost:80": true, "x.localhost.:0": true, "127.0.0.1:8080": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true,
		":80": false, "0.0.0.0:80": false, "example.com:80": false, "localhost": true, "[::1]": true, "::1": true, "": false,
	} {
		if got := loopback.Address(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestMeet(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"127.0.0.1:80", "localhost:80"}: true, {"127.0.0.1:80", "127.0.0.1:81"}: false, {"10.0.0.1:80", "127.0.0.1:80"}: false,
		{"0.0.0.0:80", "10.0.0.1:80"}: true, {"[::]:80", "127.0.0.1:80"}: true, {":80", "127.0.0.1:80"}: true, {"0.0.0.0:80", "0.0.0.0:81"}: false,
		{"127.0.0.1:0", "127.0.0.1:0"}: true, {"127.0.0.1:0", "localhost:0"}: false, {"stdio", "stdio"}: true, {"stdio", "127.0.0.1:80"}: false,
	} {
		if loopback.Meet(pair[0], pair[1]) != want || loopback.Meet(pair[1], pair[0]) != want {
			t.Errorf("%q meet: want %t", pair, want)
		}
	}
}

func TestConfidential(t *testing.T) {
	for text, want := range map[string]bool{
		"https://example.com": true, "http://example.com": false, "http://api.localhost:8080/x": true, "http://[::1]/": true, "ftp://example.com": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := loopback.Confidential(u); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestNamesAreDialledAtLoopbackAddresses(t *testing.T) {
	refused := errors.New("refused")
	for _, test := range []struct {
		address string
		up      string
		want    []string
	}{
		{"api.localhost:80", "127.0.0.1:80", []string{"127.0.0.1:80"}},
		{"LOCALHOST.:80", "[::1]:80", []string{"127.0.0.1:80", "[::1]:80"}},
		{"localhost:80", "", []string{"127.0.0.1:80", "[::1]:80"}},
		{"example.com:80", "example.com:80", []string{"example.com:80"}},
		{"127.0.0.2:80", "127.0.0.2:80", []string{"127.0.0.2:80"}},
	} {
		var dialled []string
		dial := loopback.Dialer(func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			if address == test.up {
				return &net.TCPConn{}, nil
			}
			return nil, refused
		})
		conn, err := dial(t.Context(), "tcp", test.address)
		if (conn != nil) != (test.up != "") || (err == nil) != (test.up != "") || !slices.Equal(dialled, test.want) {
			t.Errorf("%s: dialled %v: %v, %v", test.address, dialled, conn, err)
		}
	}
}

// Neither a resolver nor a proxy stands between a request and this machine.
func TestNamesAreReachedWithoutAProxy(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "proxy.example:3128"}
	transport := loopback.Transport(&http.Transport{Proxy: http.ProxyURL(proxy)})
	for text, want := range map[string]*url.URL{"http://api.localhost:80/": nil, "http://example.com/": proxy} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := transport.Proxy(r); got != want || err != nil {
			t.Errorf("%s goes through %v (%v)", text, got, err)
		}
	}
}

func TestListenAtANameOfThisMachine(t *testing.T) {
	l, err := loopback.Listen("harbour.localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !loopback.Address(l.Addr().String()) {
		t.Errorf("it listens at %s", l.Addr())
	}
}
