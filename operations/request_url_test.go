package operations_test

import (
	"testing"

	"github.com/capstan-run/capstan/operations"
)

// A base URL without a path is what a relative server of the document is relative to;
// any other is the server.
func TestRelativeServersBelowABaseURL(t *testing.T) {
	for _, c := range []struct{ server, base, want string }{
		{"/v1", "https://api.example.com", "https://api.example.com/v1"},
		{"/v1/", "https://api.example.com/", "https://api.example.com/v1"},
		{"v1/{area}", "https://api.example.com", "https://api.example.com/v1/eu"},
		{"./v1", "https://api.example.com", "https://api.example.com/v1"},
		{"/v1", "https://proxy.example.com/api", "https://proxy.example.com/api"},
		{"/v1", "https://api.example.com/v1", "https://api.example.com/v1"},
		{"/", "https://api.example.com", "https://api.example.com"},
		{"https://api.example.com/v1", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"//api.example.com/v1", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"/{open}", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
	} {
		op := &operations.Operation{Servers: []operations.Server{{URL: c.server, Variables: map[string]operations.ServerVariable{"area": {Default: "eu"}}}}}
		req := &operations.Request{Op: op, BaseURL: c.base}
		got, err := req.Server()
		if err != nil || got.String() != c.want && got.String() != c.want+"/" {
			t.Errorf("%s below %s is %v, %v; want %s", c.server, c.base, got, err, c.want)
		}
		again := &operations.Request{Op: op, BaseURL: got.String()}
		if u, err := again.Server(); err != nil || u.String() != got.String() {
			t.Errorf("%s below %s becomes %v", c.server, got, u)
		}
	}
	if got := (&operations.Operation{}).Below("https://a.example"); got != "https://a.example" {
		t.Errorf("without a server: %s", got)
	}
}

// A Locator gives each request its own server, whatever the one before had.
func TestLocatedRequestsHaveTheirOwnServer(t *testing.T) {
	region := map[string]operations.ServerVariable{"region": {Default: "eu"}}
	other := map[string]operations.ServerVariable{"region": {Default: "us"}}
	var ops []*operations.Operation
	for _, s := range []operations.Server{
		{URL: "https://a.example/v1"}, {URL: "https://b.example"}, {URL: "/v2"}, {URL: "https://{region}.example", Variables: region}, {URL: "https://{region}.example", Variables: other},
	} {
		ops = append(ops, &operations.Operation{Servers: []operations.Server{s}}, &operations.Operation{Servers: []operations.Server{s}})
	}
	ops = append(ops, &operations.Operation{})
	var servers operations.Locator
	for i := range 2000 {
		req := &operations.Request{Op: ops[i*7%len(ops)], BaseURL: []string{"", "https://c.example", "https://d.example/x", "no URL"}[i*5%13%4]}
		want, wantErr := req.Server()
		located := servers.Located(req)
		got, err := located.Server()
		if (err == nil) != (wantErr == nil) || err == nil && got.String() != want.String() {
			t.Fatalf("%v below %q is %v, %v; want %v, %v", req.Op.Servers, req.BaseURL, got, err, want, wantErr)
		}
		if err == nil && located.ServerText() != want.String() {
			t.Fatalf("the text of %s is %s", want, located.ServerText())
		}
	}
}
