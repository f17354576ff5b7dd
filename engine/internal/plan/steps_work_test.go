package plan

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// A step costs the same however many steps there are. Work is counted in the bytes
// that planning allocates.
func TestWorkOfAPlanGrowsWithItsSteps(t *testing.T) {
	few, many := planWork(t, 1000), planWork(t, 2000)
	if ratio := float64(many) / float64(few); ratio < 1.6 || ratio > 2.4 {
		t.Errorf("1,000 steps allocate %d bytes, 2,000 steps %d: %.2f times as many", few, many, ratio)
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, steps := range []int{1000, 2000} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			for b.Loop() {
				planWork(b, steps)
			}
		})
	}
}

func planWork(t testing.TB, steps int) uint64 {
	t.Helper()
	text := &operations.Schema{Types: []string{"string"}}
	ship := &operations.Schema{Name: "Ship", Types: []string{"object"}, Required: []string{"name"}}
	for i := range 40 {
		ship.Properties = append(ship.Properties, operations.Property{Name: fmt.Sprint("flag-", i), Schema: text})
	}
	ship.Properties = append(ship.Properties, operations.Property{Name: "name", Schema: text})
	set := operations.SetOf("registry", []*operations.Operation{{
		ID: "getShip", Method: "GET", Path: "/ships/{imo}",
		Params:    []*operations.Param{{Name: "imo", In: operations.InPath, Required: true, Schema: text}},
		Responses: []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: ship}}}},
	}})
	var src strings.Builder
	src.WriteString("name: Long\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: registry\n" +
		"inputs: [{name: imo, type: string, required: true}]\nsteps:\n  - {id: get-ship-0, operation: getShip, with: {imo: '{{ inputs.imo }}'}}\n")
	for i := 1; i < steps; i++ {
		fmt.Fprintf(&src, "  - {id: get-ship-%d, operation: getShip, when: inputs.imo != 'x', until: result.name != '', with: {imo: '{{ get-ship-%d.name }}'}}\n", i, i-1)
	}
	s, problems := dialect.Read("long.yaml", []byte(src.String()))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c, problems := s.File(spec.Options{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, problems := Build(c, c.Units[0], Sources{API: func(string) (*operations.Set, error) { return set, nil }})
	runtime.ReadMemStats(&after)
	if problems.HasErrors() || len(p.Steps) != steps {
		t.Fatal(problems)
	}
	return after.TotalAlloc - before.TotalAlloc
}
