package mock_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
)

// client calls operations of one API by id, as a capability's steps do.
type client struct {
	t    *testing.T
	set  *operations.Set
	call operations.Caller
}

func workos(t *testing.T, o *mock.Options) *client {
	t.Helper()
	set, ok := catalog.Builtin("workos")
	if !ok {
		t.Fatal("no built-in document for workos")
	}
	if o == nil {
		o = &mock.Options{}
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	}
	return &client{t, set, mock.New(o)}
}

// any returns the response, whatever its status, after checking it against
// the document.
func (c *client) any(id string, body any, params ...any) *operations.Response {
	c.t.Helper()
	op, ok := c.set.Lookup(id)
	if !ok {
		c.t.Fatalf("no operation %q", id)
	}
	req := &operations.Request{Op: op, Body: body}
	for i := 0; i < len(params); i += 2 {
		p := paramNamed(op, params[i].(string))
		if p == nil {
			c.t.Fatalf("%s has no parameter %q", id, params[i])
		}
		req.Args = append(req.Args, operations.Arg{Param: p, Value: params[i+1]})
	}
	resp, err := c.call(c.t.Context(), req)
	if err != nil {
		c.t.Fatalf("%s: %v", id, err)
	}
	if resp.Status < 300 || documents(op, resp.Status) {
		for _, v := range check.Response(op, resp.Status, resp.Header.Get("Content-Type"), resp.Value) {
			c.t.Errorf("%s %s answers %d, which breaks its schema: %s\n%s", op.Method, op.Path, resp.Status, v, resp.Body)
		}
	}
	if resp.RequestID == "" || resp.Header.Get("X-Request-ID") != resp.RequestID {
		c.t.Errorf("%s: request id %q, header %q", id, resp.RequestID, resp.Header.Get("X-Request-ID"))
	}
	return resp
}

// ok is any for an answer that must be a success; it returns the object.
func (c *client) ok(id string, body any, params ...any) map[string]any {
	c.t.Helper()
	resp := c.any(id, body, params...)
	if resp.Status >= 300 {
		c.t.Fatalf("%s: status %d: %s", id, resp.Status, resp.Body)
	}
	m, _ := resp.Value.(map[string]any)
	return m
}

// data is ok for a list; it returns the items.
func (c *client) data(id string, params ...any) []any {
	c.t.Helper()
	items, ok := c.ok(id, nil, params...)["data"].([]any)
	if !ok {
		c.t.Fatalf("%s: no list", id)
	}
	return items
}

// refused is any for an answer that must be an error; it returns the message.
func (c *client) refused(status int, id string, body any, params ...any) string {
	c.t.Helper()
	resp := c.any(id, body, params...)
	if resp.Status != status {
		c.t.Fatalf("%s: status %d, want %d: %s", id, resp.Status, status, resp.Body)
	}
	m, _ := resp.Value.(map[string]any)
	message, _ := m["message"].(string)
	return message
}

func paramNamed(op *operations.Operation, name string) *operations.Param {
	for _, p := range op.Params {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func documents(op *operations.Operation, status int) bool {
	for _, r := range op.Responses {
		if r.Status == strings.TrimSpace(itoa(status)) {
			return true
		}
	}
	return false
}

func itoa(n int) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

func field(t *testing.T, v any, name string) string {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("no object with %q: %v", name, v)
	}
	s, ok := m[name].(string)
	if !ok {
		t.Fatalf("no text %q in %v", name, m)
	}
	return s
}
