package operations_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestInDoubt(t *testing.T) {
	call := func(method string, phase operations.Phase, reason operations.Reason, status int) error {
		return &operations.CallError{Method: method, Phase: phase, Reason: reason, Status: status}
	}
	tests := []struct {
		err     error
		inDoubt bool
		notSent bool
	}{
		{nil, false, false},
		{call("POST", operations.NotSent, operations.ReasonRefused, 0), false, true},
		{call("POST", operations.Sent, operations.ReasonReset, 0), true, false},
		{call("PUT", operations.Sent, operations.ReasonTimeout, 0), true, false},
		{call("DELETE", operations.Sent, operations.ReasonCancelled, 0), true, false},
		{call("GET", operations.Sent, operations.ReasonReset, 0), false, false},
		{call("HEAD", operations.Sent, operations.ReasonReset, 0), false, false},
		{call("POST", operations.Sent, operations.ReasonTooLarge, 201), true, false},
		{call("POST", operations.Sent, operations.ReasonReset, 503), true, false},
		{call("POST", operations.Sent, operations.ReasonReset, 422), false, false},
		{call("POST", operations.Sent, operations.ReasonRedirect, 307), false, false},
		{&operations.RetryLater{Response: &operations.Response{Status: 429}}, false, false},
		{errors.New("an SDK's own error"), true, false},
		{context.Canceled, true, false},
	}
	for _, tt := range tests {
		wrapped := tt.err
		if wrapped != nil {
			wrapped = fmt.Errorf("step: %w", tt.err)
		}
		if operations.IsInDoubt(wrapped) != tt.inDoubt || operations.IsNotSent(wrapped) != tt.notSent {
			t.Errorf("%v: in doubt %v, not sent %v", tt.err, operations.IsInDoubt(wrapped), operations.IsNotSent(wrapped))
		}
	}
}

func TestCallErrorReads(t *testing.T) {
	e := &operations.CallError{Method: "POST", URL: "https://h/a", Phase: operations.Sent, Reason: operations.ReasonReset, Detail: "h closed the connection", Attempts: 3, Err: context.Canceled}
	want := "POST https://h/a: h closed the connection (after 3 attempts); the request was sent and may have taken effect"
	if e.Error() != want || !errors.Is(e, context.Canceled) {
		t.Errorf("got %v", e)
	}
}

func TestExplainResponse(t *testing.T) {
	tests := []struct {
		status      int
		contentType string
		body        string
		want        operations.Problem
	}{
		{404, "application/json", `{"message":"Not found"}`, operations.Problem{Message: "Not found"}},
		{422, "application/json", `{"code":"invalid","message":"Bad domain"}`, operations.Problem{Code: "invalid", Message: "Bad domain"}},
		{422, "application/json", `{"code":"validation","errors":[{"field":"name","message":"is required","code":"required"},"second"],"message":"Validation failed"}`,
			operations.Problem{Code: "validation", Message: "Validation failed", Details: []string{"name: is required (required)", "second"}}},
		{400, "application/json", `{"error":"invalid_grant","error_description":"The code expired"}`, operations.Problem{Code: "invalid_grant", Message: "The code expired"}},
		{401, "application/json", `{"error":"Unauthorized"}`, operations.Problem{Message: "Unauthorized"}},
		{401, "application/json", `{"error":{"message":"No such key","code":"key_missing","type":"x"}}`, operations.Problem{Code: "key_missing", Message: "No such key"}},
		{422, "application/json", `{"errors":[{"message":"first"},{"detail":"second"}]}`, operations.Problem{Message: "first", Details: []string{"second"}}},
		{422, "application/json", `{"errors":{"name":["is short","is odd"],"age":"is low"}}`, operations.Problem{Message: "age: is low", Details: []string{"name: is short: is odd"}}},
		{422, "application/json", `{"message":["a is wrong","b is wrong"],"error":"Bad Request","statusCode":400}`, operations.Problem{Code: "Bad Request", Message: "a is wrong", Details: []string{"b is wrong"}}},
		{403, "application/problem+json", `{"type":"https://example.com/probs/out","title":"Out of credit","detail":"Balance is 30"}`, operations.Problem{Message: "Balance is 30"}},
		{403, "application/problem+json", `{"type":"about:blank","title":"Forbidden"}`, operations.Problem{Message: "Forbidden"}},
		{400, "application/json", `{"type":"invalid_request_error","message":"No"}`, operations.Problem{Code: "invalid_request_error", Message: "No"}},
		{422, "application/json", `{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}`, operations.Problem{Message: "field required (missing)"}},
		{400, "application/json", `{"detail":"Bad"}`, operations.Problem{Message: "Bad"}},
		{400, "application/json", `{"code":1042,"message":"No"}`, operations.Problem{Code: "1042", Message: "No"}},
		{429, "application/json", `"Ratelimited"`, operations.Problem{Message: "Ratelimited"}},
		{429, "text/plain", `Ratelimited`, operations.Problem{Message: "Ratelimited"}},
		{502, "text/html", "<!DOCTYPE html><html><head><title>502 Bad &amp; Gateway</title></head>", operations.Problem{Message: "502 Bad & Gateway"}},
		{502, "text/html", "<html><body><h1>Bad <b>Gateway</b></h1>", operations.Problem{Message: "Bad Gateway"}},
		{503, "text/html", "<html></html>", operations.Problem{Message: "Service Unavailable"}},
		{500, "application/json", ``, operations.Problem{Message: "Internal Server Error"}},
		{500, "application/json", `{}`, operations.Problem{Message: "Internal Server Error"}},
		{500, "application/json", `{"code":"boom"}`, operations.Problem{Code: "boom", Message: "boom"}},
		{599, "", ``, operations.Problem{Message: "HTTP status 599"}},
		{400, "application/json", `[{"message":"first"}]`, operations.Problem{Message: "first"}},
		{400, "application/json", "{\"message\":\"a\\u001b[31m\\nb\"}", operations.Problem{Message: "a[31m b"}},
	}
	for _, tt := range tests {
		r := &operations.Response{Status: tt.status, Body: []byte(tt.body), Header: map[string][]string{"Content-Type": {tt.contentType}}}
		r.Decode(optest.JSON("GET"))
		if diff := cmp.Diff(tt.want, operations.ExplainResponse(r), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s\n%s", tt.body, diff)
		}
	}
}

func TestProblemReads(t *testing.T) {
	p := operations.Problem{Code: "c", Message: "m", Details: []string{"x", "y"}}
	if got := p.String(); got != "m (c): x; y" {
		t.Errorf("got %q", got)
	}
}

func TestExplanationsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	deep := strings.Repeat(`{"error":`, 1000) + `"x"` + strings.Repeat("}", 1000)
	many := `{"errors":[` + strings.Repeat(`{"message":"`+long[:1000]+`"},`, 50) + `1]}`
	for _, body := range []string{`{"message":"` + long + `"}`, `"` + long + `"`, deep, many} {
		r := &operations.Response{Status: 400, Body: []byte(body), Header: map[string][]string{"Content-Type": {"application/json"}}}
		r.Decode(optest.JSON("GET"))
		p := operations.ExplainResponse(r)
		if s := p.String(); utf8.RuneCountInString(s) > 3000 || p.Message == "" {
			t.Errorf("%d characters, message %q", utf8.RuneCountInString(s), p.Message[:min(50, len(p.Message))])
		}
	}
}

func FuzzExplainResponse(f *testing.F) {
	f.Add(`{"errors":{"a":[{"detail":[1]}]}}`)
	f.Add(`<html><title>`)
	f.Fuzz(func(t *testing.T, body string) {
		r := &operations.Response{Status: 400, Body: []byte(body), Header: map[string][]string{"Content-Type": {"application/json"}}}
		r.Decode(optest.JSON("GET"))
		s := operations.ExplainResponse(r).String()
		if s == "" || strings.ContainsAny(s, "\n\x1b") || utf8.RuneCountInString(s) > 3000 {
			t.Errorf("got %q", s)
		}
	})
}
