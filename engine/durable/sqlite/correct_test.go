package sqlite_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// A correction whose process ends before or after it was made has taken effect once or not
// at all: the inputs, the way in which the run is found, and the history agree.
func TestACorrectionIsMadeWhole(t *testing.T) {
	for _, when := range []string{"before ", "after "} {
		dir, gone := t.TempDir(), errors.New("the process is gone")
		rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Fault: func(point string) error {
			if strings.HasPrefix(point, when) && strings.HasSuffix(point, durable.EventCorrected) {
				return gone
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{"city":"Osloo"}`)}); err != nil {
			t.Fatal(err)
		}
		correct := func(durable.Spec, []string) (*durable.Correction, error) {
			return &durable.Correction{Input: json.RawMessage(`{"city":"Oslo"}`), Names: []string{"city"}}, nil
		}
		if err := rt.Correct(t.Context(), "r", correct); !errors.Is(err, gone) {
			t.Fatalf("%s: %v", when, err)
		}
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		city, other, records := "Osloo", "Oslo", 1
		if when == "after " {
			city, other, records = "Oslo", "Osloo", 2
		}
		spec, err := again.Spec(t.Context(), "r")
		if err != nil || string(spec.Input) != `{"city":"`+city+`"}` {
			t.Errorf("%s: %s, %v", when, spec.Input, err)
		}
		for value, want := range map[string]int{city: 1, other: 0} {
			found, err := again.List(t.Context(), durable.Filter{Inputs: map[string]string{"city": value}})
			if err != nil || len(found) != want {
				t.Errorf("%s: %d runs of %s, %v", when, len(found), value, err)
			}
		}
		if events, err := again.History(t.Context(), "r", 0); err != nil || len(events) != records {
			t.Errorf("%s: %v, %v", when, events, err)
		}
		again.Close()
	}
}
