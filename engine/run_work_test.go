// The race detector allocates itself and empties pools, so this is counted without it.

//go:build !race

package engine_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
)

// A run costs what its steps need: an answer is decoded once, nothing is encoded that
// nothing keeps, nothing is checked or redacted for a reader that there is not.
// The answers come at once, so that all of it is the engine's.
func TestAllocationsOfARun(t *testing.T) {
	header := http.Header{"Content-Type": {"application/json"}}
	answers := map[string]any{
		"/organizations":        map[string]any{"id": "org_1", "name": "Harbour Works"},
		"/portal/generate_link": map[string]any{"link": "https://setup.example/" + string(make([]byte, 60))},
		"/connections":          list(item("connection", "conn_1", "organization_id", "org_1", "active")),
		"/directories":          list(item("directory", "dir_1", "organization_id", "org_1", "linked")),
		"/directory_users":      list(item("directory_user", "user_1", "directory_id", "dir_1", "active")),
	}
	call := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		status := map[string]int{"POST": 201, "GET": 200}[req.Op.Method]
		return &operations.Response{Status: status, Header: header, Value: answers[req.Op.Path], IsJSON: true}, nil
	}
	prog, err := engine.Load(t.Context(), "../bench/files/onboard.yaml", &engine.LoadOptions{Project: "none", OpenAPI: map[string]string{"": "../bench/files/small.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	r := engine.NewRunner(&engine.Options{Caller: call})
	defer r.Close()
	got := testing.AllocsPerRun(200, func() {
		res, err := r.Run(t.Context(), prog, engine.Inputs{"organization_name": "Harbour Works"}, nil)
		if err != nil || res.Outputs["user_id"] != "user_1" {
			t.Fatalf("%+v, %v", res, err)
		}
	})
	t.Logf("%v allocations", got)
	if got > 270 {
		t.Errorf("%v allocations", got)
	}
}

// An answer that is passed on as it came, and that nothing reads or hears of, is not
// searched for names that stand twice in an object.
func TestAllocationsOfAnAnswerThatIsPassedOn(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	body := []byte(`[` + strings.Repeat(`{"id": 1}, `, 100_000) + `0]`)
	answer := func(context.Context, *operations.Request) (*operations.Response, error) {
		return &operations.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
	}
	p := newPort(t, map[string]http.HandlerFunc{})
	tool := unit(t, opened(t, p.file(t, capability(`ship: {path: /ship, operations: {get-ship: {method: GET}}}`, `t: {description: T, call: port.get-ship}`)), &options{Caller: answer}), "t")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := tool.Call(t.Context(), nil)
	runtime.ReadMemStats(&after)
	if err != nil || len(a.Body) != len(body) {
		t.Fatalf("%+v, %v", a, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > uint64(len(body)/2) {
		t.Errorf("%d bytes for an answer of %d", got, len(body))
	}
}
