package main

import (
	"strings"
	"testing"
)

const someLimits = "# a comment\nrun.allocations 100 3%\nrun.bytes 5000 10%\n"

func parsed(t *testing.T, text string) []limit {
	t.Helper()
	limits, err := parseLimits(text)
	if err != nil {
		t.Fatal(err)
	}
	return limits
}

// A count over its limit is named; one within the tolerance, and one below, is not.
func TestLimitsNameWhatIsOverThem(t *testing.T) {
	limits := parsed(t, someLimits)
	var out strings.Builder
	if err := compare(limits, []counted{{"run.allocations", 103}, {"run.bytes", 100}}, &out); err != nil {
		t.Errorf("err = %v", err)
	}
	if !strings.Contains(out.String(), "+3.0 %") || !strings.Contains(out.String(), "-98.0 %") {
		t.Errorf("printed %s", &out)
	}
	err := compare(limits, []counted{{"run.allocations", 104}, {"run.bytes", 6000}, {"run.new", 1}}, &out)
	const want = `run.allocations is 104, 4.0 % over its limit of 100 (at most 3 % are tolerated)
run.bytes is 6000, 20.0 % over its limit of 5000 (at most 10 % are tolerated)
run.new has no limit: bench/run -limits -update`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A written file can be read, and keeps tolerances and limits that were not counted.
func TestLimitsAreWritten(t *testing.T) {
	text := limitsHead + write(parsed(t, someLimits), []counted{{"run.bytes", 4000}, {"version.peak", 7}})
	want := []limit{{"run.allocations", 100, 3}, {"run.bytes", 4000, 10}, {"version.peak", 7, 40}}
	got := parsed(t, text)
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
}

func TestALineThatIsNoLimitIsAnError(t *testing.T) {
	if _, err := parseLimits("run.bytes many 3%\n"); err == nil || !strings.Contains(err.Error(), `"run.bytes many 3%\n"`) {
		t.Errorf("err = %v", err)
	}
}

// The limits that are checked in can be read, and each has its tolerance.
func TestTheLimitsCanBeRead(t *testing.T) {
	limits, err := readLimits("limits.txt")
	if err != nil || len(limits) < 20 {
		t.Fatalf("%d limits, %v", len(limits), err)
	}
	for _, l := range limits {
		if l.value <= 0 || l.tolerance <= 0 {
			t.Errorf("%+v limits nothing", l)
		}
	}
}
