package sim

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// docs/scale.md has the tables that `go run ./dev/sim` writes.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	var needs, scenarios strings.Builder
	WriteNeeds(&needs, Loads())
	WriteScenarios(&scenarios, Scenarios())
	for _, table := range []string{needs.String(), scenarios.String()} {
		if !strings.Contains(string(text), table) {
			t.Errorf("docs/scale.md does not have this table, which `go run ./dev/sim` writes:\n%s", table)
		}
	}
}

func TestNeeds(t *testing.T) {
	n := Needs(Load{Runs: 360_000, Lasting: 10 * time.Hour, Every: time.Hour, Latency: time.Second, Retention: 20 * time.Hour})
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"starts", n.Starts, 10}, {"looks", n.Looks, 100}, {"actions", n.Actions, 10*ActionsPerRun + 100}, {"writes", n.Writes, 10*WritesPerRun + 100*WritesPerLook},
		{"shards", float64(n.Shards), 16}, // 700 writes/s * 5 ms / 0.3 = 11.7
		{"slots", float64(n.Slots), 300},  // (100 looks + 10*5 steps) * 1 s / 0.5
		{"workers", float64(n.Workers), 6}, {"open", n.Open, 360_000 * BytesPerRun}, {"kept", n.Kept, 720_000 * BytesPerRun},
	} {
		if math.Abs(c.got-c.want) > 1e-6*c.want {
			t.Errorf("%s: %v, not %v", c.name, c.got, c.want)
		}
	}
	if n := Needs(Load{Runs: 1, Lasting: time.Hour, Every: time.Hour}); n.Shards != 1 || n.Workers != 2 {
		t.Errorf("one run needs %+v", n)
	}
}
