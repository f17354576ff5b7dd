package access

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// accepted answers whoever gets through.
var accepted = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

func TestCORS(t *testing.T) {
	app := []string{"https://app.example.com", "http://localhost:3000/"}
	preflight := map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, x-door"}
	type headers = map[string]string
	tests := []struct {
		name    string
		origins []string
		method  string
		origin  string
		more    headers
		want    headers // "" for a header that must be absent
		inside  bool    // the handler answers
	}{
		{"off", nil, "GET", "https://app.example.com", nil, headers{"Access-Control-Allow-Origin": "", "Vary": ""}, true},
		{"off, preflight", nil, "OPTIONS", "https://app.example.com", preflight, headers{"Access-Control-Allow-Origin": ""}, true},
		{"welcome", app, "GET", "https://app.example.com", nil, headers{"Access-Control-Allow-Origin": "https://app.example.com", "Vary": "Origin", "Access-Control-Allow-Credentials": ""}, true},
		{"welcome with a port", app, "GET", "http://localhost:3000", nil, headers{"Access-Control-Allow-Origin": "http://localhost:3000"}, true},
		{"foreign", app, "GET", "https://evil.example.com", nil, headers{"Access-Control-Allow-Origin": "", "Vary": "Origin"}, true},
		{"longer", app, "GET", "https://app.example.com.evil.com", nil, headers{"Access-Control-Allow-Origin": ""}, true},
		{"another scheme", app, "GET", "http://app.example.com", nil, headers{"Access-Control-Allow-Origin": ""}, true},
		{"null", app, "GET", "null", nil, headers{"Access-Control-Allow-Origin": ""}, true},
		{"no browser", app, "GET", "", nil, headers{"Access-Control-Allow-Origin": "", "Vary": "Origin"}, true},
		{"preflight", app, "OPTIONS", "https://app.example.com", preflight, headers{"Access-Control-Allow-Origin": "https://app.example.com", "Access-Control-Allow-Headers": "authorization, x-door", "Access-Control-Allow-Credentials": ""}, false},
		{"foreign preflight", app, "OPTIONS", "https://evil.example.com", preflight, headers{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Headers": ""}, true},
		{"plain OPTIONS", app, "OPTIONS", "https://app.example.com", nil, headers{"Access-Control-Allow-Origin": "https://app.example.com"}, true},
		{"everyone", []string{"*"}, "GET", "https://evil.example.com", nil, headers{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": ""}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inside := false
			h := CORS(tt.origins, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside = true }))
			r := httptest.NewRequest(tt.method, "/", nil)
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			for name, value := range tt.more {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := headers{}
			for name := range tt.want {
				got[name] = w.Header().Get(name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || inside != tt.inside {
				t.Errorf("the handler answered: %v, want %v; headers (-want +got):\n%s", inside, tt.inside, diff)
			}
		})
	}
}

func TestLocalHosts(t *testing.T) {
	const loopback, elsewhere = "127.0.0.1:8080", "192.0.2.7:8080"
	allowed := []string{"capstan.example.com", "gate.example.com:8443", "https://app.example.com"}
	tests := []struct {
		name, local, host, origin string
		site, mode                string // Sec-Fetch-
		allowed                   []string
		want                      int
	}{
		{name: "localhost", local: loopback, host: "localhost:8080", want: 200},
		{name: "localhost, odd spelling", local: loopback, host: "LocalHost.:8080", want: 200},
		{name: "address", local: loopback, host: "127.0.0.1:8080", want: 200},
		{name: "address without port", local: loopback, host: "127.0.0.1", want: 200},
		{name: "IPv6", local: "[::1]:8080", host: "[::1]:8080", want: 200},
		{name: "IPv6 without port", local: "[::1]:8080", host: "[::1]", want: 200},
		{name: "rebound name", local: loopback, host: "evil.example.com:8080", want: 403},
		{name: "rebound name and origin", local: loopback, host: "evil.example.com", origin: "http://evil.example.com", want: 403},
		{name: "name that starts alike", local: loopback, host: "localhost.example.com", want: 403},
		{name: "address that starts alike", local: loopback, host: "127.0.0.1.example.com", want: 403},
		{name: "no host", local: loopback, host: "", want: 403},
		{name: "unknown connection", host: "evil.example.com", want: 403},
		{name: "allowed host", local: loopback, host: "capstan.example.com:99", allowed: allowed, want: 200},
		{name: "allowed host with its port", local: loopback, host: "gate.example.com:8443", allowed: allowed, want: 200},
		{name: "allowed host with another port", local: loopback, host: "gate.example.com:80", allowed: allowed, want: 403},
		{name: "an allowed origin is no allowed host", local: loopback, host: "app.example.com", allowed: allowed, want: 403},

		{name: "own page", local: loopback, host: "localhost:8080", origin: "http://localhost:8080", want: 200},
		{name: "other local page", local: loopback, host: "localhost:8080", origin: "http://localhost:3000", want: 200},
		{name: "foreign page", local: loopback, host: "localhost:8080", origin: "https://evil.example.com", want: 403},
		{name: "page from nowhere", local: loopback, host: "localhost:8080", origin: "null", want: 403},
		{name: "allowed page", local: loopback, host: "localhost:8080", origin: "https://app.example.com", allowed: allowed, want: 200},
		{name: "allowed page over http", local: loopback, host: "localhost:8080", origin: "http://app.example.com", allowed: allowed, want: 403},
		{name: "page of an allowed host", local: loopback, host: "localhost:8080", origin: "https://capstan.example.com", allowed: allowed, want: 200},
		{name: "image on a foreign page", local: loopback, host: "localhost:8080", site: "cross-site", mode: "no-cors", want: 403},
		{name: "link on a foreign page", local: loopback, host: "localhost:8080", site: "cross-site", mode: "navigate", want: 200},
		{name: "typed address", local: loopback, host: "localhost:8080", site: "none", mode: "navigate", want: 200},

		{name: "elsewhere, any name", local: elsewhere, host: "capstan.internal", want: 200},
		{name: "elsewhere, own page", local: elsewhere, host: "capstan.internal", origin: "https://capstan.internal", want: 200},
		{name: "elsewhere, foreign page", local: elsewhere, host: "capstan.internal", origin: "https://evil.example.com", want: 403},
		{name: "elsewhere, page of the reader's machine", local: elsewhere, host: "capstan.internal", origin: "http://localhost:3000", want: 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", nil)
			r.Host = tt.host
			for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site, "Sec-Fetch-Mode": tt.mode} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			if tt.local != "" {
				addr, err := net.ResolveTCPAddr("tcp", tt.local)
				if err != nil {
					t.Fatal(err)
				}
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
			}
			w := httptest.NewRecorder()
			LocalHosts(tt.allowed, accepted).ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}
