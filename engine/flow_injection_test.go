package engine_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

const injected = `ikanos: 1.0.0-beta5
info: {display: Port, description: A port}
binds:
- {namespace: env, keys: {HIDDEN: HIDDEN}}
capability:
  exposes:
  - type: mcp
    transport: http
    port: 3000
    namespace: desk
    tools:
      everywhere:
        description: T
        inputParameters: {a: {type: string}}
        call: port.everywhere
        with: {id: desk.a, in-part: "x-{{a}}-y", q: "{{a}}", X-Head: desk.a, crumb: desk.a, text: desk.a}
      json: {description: T, inputParameters: {a: {type: string}}, call: port.json, with: {a: desk.a}}
      form: {description: T, inputParameters: {a: {type: string}}, call: port.form, with: {a: desk.a}}
      steps:
        description: T
        inputParameters: {a: {type: string}}
        steps:
          one: {type: call, call: port.json, with: {a: desk.a}}
          two: {type: call, call: port.json, with: {a: "{{one.echo}}"}}
        mappings: [{target: out, value: "<{{two.echo}}|{{a}}>"}]
  consumes:
  - type: http
    namespace: port
    baseUri: https://port.example/base
    resources:
      e:
        path: "/ships/{{id}}/part/{{in-part}}.json"
        operations:
          everywhere:
            method: POST
            inputParameters: {id: {in: path}, in-part: {in: path}, q: {in: query}, X-Head: {in: header}, crumb: {in: cookie}, text: {in: body}}
      j: {path: /json, operations: {json: {method: POST, inputParameters: {a: {in: body}}, body: {type: json, data: '{"a": "{{a}}", "b": ["{{a}}"], "x": "-{{a}}-"}'}}}}
      f: {path: /form, operations: {form: {method: POST, inputParameters: {a: {in: body}}, body: {type: formUrlEncoded, data: {a: "{{a}}", b: "-{{a}}"}}}}}
`

// recorder builds the message of every request as it would go out, keeps it,
// and echoes the value it was sent.
type recorder struct {
	mu   sync.Mutex
	sent []*http.Request
	body []string
	echo any
}

func (r *recorder) call(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	hr, err := request.Build(ctx, req)
	if err != nil {
		return nil, err
	}
	body := ""
	if hr.Body != nil {
		b, err := io.ReadAll(hr.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, hr)
	r.body = append(r.body, body)
	return &operations.Response{Status: 200, Header: http.Header{}, Body: []byte("{}"), Value: map[string]any{"echo": r.echo}, IsJSON: true}, nil
}

// injections are values that try to be more than values.
func injections() []string {
	out := append([]string(nil), nasty...)
	return append(out,
		"", ".", "..", "../..", "%2e%2e", "%2e%2e%2f", "..%2f", "a/b", "a\\b", "/", "//evil.example", "@evil.example", "?x=1", "#frag", "&admin=1", ";x", ":80",
		"{{HIDDEN}}", "{{env.HIDDEN}}", "{{a}}", "${HIDDEN}", "$HIDDEN", "$.a", "{id}", "{{{a}}}", "{{", "}}", "{{!x}}",
		"a\r\nX-Injected: 1", "a\nb", "a\rb", "a\x00b", "\xff\xfe", "caf\xe9", "\u2028", "\u202e", "%", "%zz", "%0d%0a", "+", " ", "  a ",
		"http://evil.example/", "1e999", "99999999999999999999999999999999", "-0", strings.Repeat("A", 20000), strings.Repeat("../", 500),
		`"`, `\`, `\"`, `","a":"x`, `"}`, "null", "[]", `{"a":1}`, "a; b=c", "a, b", "=?utf-8?q?x?=",
	)
}

// checkMessage holds a message against the structure that the file gives it,
// whatever the value.
func checkMessage(t *testing.T, value string, hr *http.Request, body string) {
	t.Helper()
	if hr.URL.Scheme != "https" || hr.URL.Host != "port.example" || hr.Host != "" && hr.Host != "port.example" || hr.URL.User != nil || hr.URL.Fragment != "" {
		t.Errorf("%q: the request goes to %s", value, hr.URL)
	}
	for name, values := range hr.Header {
		for _, v := range values {
			if strings.ContainsAny(name+v, "\r\n\x00") {
				t.Errorf("%q: a line break in the header %s: %q", value, name, v)
			}
		}
	}
	if hr.Header.Get("X-Injected") != "" {
		t.Errorf("%q: a header was added", value)
	}
	path := strings.Split(hr.URL.EscapedPath(), "/")
	switch {
	case len(path) == 6 && path[1] == "base" && path[2] == "ships" && path[4] == "part":
		id, err := url.PathUnescape(path[3])
		part, partErr := url.PathUnescape(path[5])
		if err != nil || partErr != nil || id != value || part != "x-"+value+"-y.json" {
			t.Errorf("%q: the path is %s", value, hr.URL.EscapedPath())
		}
		checkPlaces(t, value, hr)
	case len(path) == 3 && path[2] == "json":
		checkJSONBody(t, value, body)
	case len(path) == 3 && path[2] == "form":
		form, err := url.ParseQuery(body)
		if err != nil || len(form) != 2 || form.Get("a") != value || form.Get("b") != "-"+value {
			t.Errorf("%q: the form is %s", value, body)
		}
	default:
		t.Errorf("%q: the path is %s", value, hr.URL.EscapedPath())
	}
}

func checkPlaces(t *testing.T, value string, hr *http.Request) {
	t.Helper()
	query, err := url.ParseQuery(hr.URL.RawQuery)
	if err != nil || len(query) != 1 || query.Get("q") != value {
		t.Errorf("%q: the query is %s", value, hr.URL.RawQuery)
	}
	cookies := hr.Cookies()
	if len(cookies) != 1 || cookies[0].Name != "crumb" || len(hr.Header["X-Head"]) != 1 {
		t.Errorf("%q: the cookies are %v, the headers %v", value, cookies, hr.Header)
	}
}

func checkJSONBody(t *testing.T, value, body string) {
	t.Helper()
	m, _ := fromJSON(t, body).(map[string]any)
	list, _ := m["b"].([]any)
	if len(m) != 3 || len(list) != 1 {
		t.Errorf("%q: the body is %s", value, body)
		return
	}
	if utf8.ValidString(value) && (m["a"] != value || list[0] != value || m["x"] != "-"+value+"-") {
		t.Errorf("%q: the body is %s", value, body)
	}
}

// inject calls every tool with a value. Refusing it is fine; sending anything
// but what the file says is not.
func inject(t *testing.T, s *service, r *recorder, value string) (sent int) {
	t.Helper()
	for _, tool := range []string{"everywhere", "json", "form", "steps"} {
		r.sent, r.body, r.echo = nil, nil, value
		a, err := unit(t, s, tool).Call(t.Context(), engine.Inputs{"a": value})
		sent += len(r.sent)
		for i, hr := range r.sent {
			checkMessage(t, value, hr, r.body[i])
		}
		if tool == "steps" && err == nil && utf8.ValidString(value) {
			if got, _ := a.Value.(map[string]any); got["out"] != "<"+value+"|"+value+">" {
				t.Errorf("%q: the answer is %v", value, a.Value)
			}
		}
	}
	return sent
}

func TestValuesNeverChangeTheStructureOfRequests(t *testing.T) {
	t.Setenv("HIDDEN", "a-hidden-value")
	r := &recorder{}
	p := newPort(t, nil)
	s := opened(t, p.file(t, injected), &options{Caller: r.call})
	for _, value := range injections() {
		sent := inject(t, s, r, value)
		if plain := !strings.ContainsAny(value, "\r\n\x00") && utf8.ValidString(value) && value != ""; plain && sent < 4 {
			t.Errorf("%.50q: only %d of 5 requests were sent", value, sent)
		}
	}
}

func FuzzValuesNeverChangeTheStructureOfRequests(f *testing.F) {
	for _, value := range injections() {
		f.Add(value)
	}
	r := &recorder{}
	s := opened(f, newPort(f, nil).file(f, injected), &options{Caller: r.call})
	f.Fuzz(func(t *testing.T, value string) { inject(t, s, r, value) })
}

// A value that a request cannot carry is the caller's fault, not the API's.
func TestValuesThatRequestsCannotCarryAreSaidSo(t *testing.T) {
	r := &recorder{}
	p := unit(t, opened(t, newPort(t, nil).file(t, injected), &options{Caller: r.call}), "everywhere")
	for _, value := range []string{"..", "", "a\r\nX: 1"} {
		_, err := p.Call(t.Context(), engine.Inputs{"a": value})
		var call *engine.CallError
		if !errors.As(err, &call) || call.Info.Code != "bad-argument" && call.Info.Code != "missing-parameter" || call.Upstream != nil {
			t.Errorf("%q gave %v", value, err)
		}
	}
	if len(r.sent) > 0 {
		t.Errorf("%d requests were sent", len(r.sent))
	}
}
