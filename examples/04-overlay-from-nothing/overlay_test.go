// Package overlay shows a capability that cannot run, and the overlay that
// makes it run.
package overlay

import (
	"errors"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

const file = "certify-vessel.yaml"

func TestWithoutOverlay(t *testing.T) {
	_, err := engine.Load(t.Context(), file, &engine.LoadOptions{NoOverlay: true})
	var load *engine.LoadError
	if !errors.As(err, &load) {
		t.Fatalf("got %v, want a file that cannot run", err)
	}
	// All at once: the operation that does not exist, with its likely name, and
	// the parameter that nothing feeds.
	for _, want := range []string{"ShipsController_register", "ships.register", "port"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the problems do not mention %q:\n%v", want, err)
		}
	}
}

func TestWithOverlay(t *testing.T) {
	prog, err := engine.Load(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if overlays := prog.Plan().Overlays; len(overlays) != 1 || !strings.HasSuffix(overlays[0], "certify-vessel.overlay.yaml") {
		t.Errorf("the plan names overlays %q", overlays)
	}
	runner := engine.NewRunner(&engine.Options{Mock: true})
	res, err := runner.Run(t.Context(), prog, engine.Inputs{"vessel": "Marie Celeste", "imo_number": "IMO 9074729", "harbour": "NLRTM"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Outputs["number"] == nil {
		t.Error("no certificate number")
	}
}
