package engine_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/capstan-run/capstan/engine"
)

const counterAPI = `
openapi: 3.1.0
info: {title: Counter, version: '1'}
servers: [{url: 'https://counter.test'}]
paths:
  /counts/{id}:
    get:
      operationId: getCount
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {next: {type: string}}}}}}}
`

// chain is a capability whose steps each read the step before.
func chain(steps int) fstest.MapFS {
	var b strings.Builder
	b.WriteString("name: Chain\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: counter\n" +
		"inputs: [{name: id, type: string, required: true}]\nsteps:\n  - {id: get-count-0, operation: getCount, with: {id: '{{ inputs.id }}'}}\n")
	for i := 1; i < steps; i++ {
		fmt.Fprintf(&b, "  - {id: get-count-%d, operation: getCount, with: {id: '{{ get-count-%d.next }}'}}\n", i, i-1)
	}
	return fstest.MapFS{
		"chain.yaml":   {Data: []byte(b.String())},
		"counter.yaml": {Data: []byte(counterAPI)},
	}
}

func loadChain(t testing.TB, files fstest.MapFS, steps int) {
	t.Helper()
	o := &engine.LoadOptions{FS: files, OpenAPI: map[string]string{"counter": "counter.yaml"}}
	prog, err := engine.Load(t.Context(), "chain.yaml", o)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(prog.Plan().Steps); n != steps {
		t.Fatalf("%d steps, want %d", n, steps)
	}
}

// A step costs a load the same however many steps there are. Work is counted in
// allocations.
func TestWorkOfALoadGrowsWithItsSteps(t *testing.T) {
	work := func(steps int) float64 {
		files := chain(steps)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		loadChain(t, files, steps)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	work(10) // what is done once a process
	few, many := work(1000), work(2000)
	if ratio := many / few; ratio < 1.6 || ratio > 2.4 {
		t.Errorf("1,000 steps allocate %.0f bytes, 2,000 steps %.0f: %.2f times as many", few, many, ratio)
	}
}

// BenchmarkLoadSteps shows that a load is linear in its steps: "2000" takes twice
// as long as "1000".
func BenchmarkLoadSteps(b *testing.B) {
	for _, steps := range []int{1000, 2000} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			files := chain(steps)
			for b.Loop() {
				loadChain(b, files, steps)
			}
		})
	}
}
