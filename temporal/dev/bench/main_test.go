package main

import (
	"strings"
	"testing"
	"time"
)

// The benchmark works. How fast anything is, is not held here.
func TestBench(t *testing.T) {
	var out strings.Builder
	c := config{rounds: 1, lasting: time.Millisecond, parallel: []int{1}, repository: "../../.."}
	if err := c.run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "| 1 | ") || strings.Contains(last, "NaN") {
		t.Errorf("it writes\n%s", out.String())
	}
}

// A quantile lies between two values.
func TestAt(t *testing.T) {
	for quantile, want := range map[float64]float64{0: 1, 0.25: 1.5, 0.5: 2, 1: 3} {
		if got := at([]float64{1, 2, 3}, quantile); got != want {
			t.Errorf("%v: %v, not %v", quantile, got, want)
		}
	}
}
