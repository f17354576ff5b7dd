package engine_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// BenchmarkLoad is what a command pays before it does anything: read, overlay,
// resolve, bind, type-check.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := load(b.Context(), onboarding, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun is the interpreter's own cost of a run: the answers come at
// once. Compare "capstan" with "callers", which makes the same five calls
// without a plan, bindings, guards or checks.
func BenchmarkRun(b *testing.B) {
	answers := map[string]any{
		"/organizations":        map[string]any{"object": "organization", "id": "org_1", "name": "Acme"},
		"/portal/generate_link": map[string]any{"link": "https://setup.example/x"},
		"/connections":          list(item("connection", "conn_1", "organization_id", "org_1", "active")),
		"/directories":          list(item("directory", "dir_1", "organization_id", "org_1", "linked")),
		"/directory_users":      list(item("directory_user", "user_1", "directory_id", "dir_1", "active")),
	}
	header := http.Header{"Content-Type": {"application/json"}}
	call := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		return &operations.Response{Status: 200, Header: header, Value: answers[req.Op.Path], IsJSON: true}, nil
	}
	prog, err := load(b.Context(), onboarding, &options{Caller: call, Runtime: memory.NewRuntime(memory.RuntimeOptions{})})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("capstan", func(b *testing.B) {
		for b.Loop() {
			if _, err := prog.RunWith(b.Context(), acme, done); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("callers", func(b *testing.B) {
		api, err := openAPI(b.Context(), "workos", &options{Caller: call})
		if err != nil {
			b.Fatal(err)
		}
		var ops []*operations.Operation
		for _, s := range prog.Plan().Steps {
			if op, ok := api.Set.Lookup(s.Operation); ok {
				ops = append(ops, op)
			}
		}
		for b.Loop() {
			for _, op := range ops {
				if _, err := call(b.Context(), &operations.Request{Op: op}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func list(items ...any) map[string]any {
	return map[string]any{"object": "list", "data": items, "list_metadata": map[string]any{"before": nil, "after": nil}}
}
