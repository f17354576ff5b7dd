package inbinary

import (
	"errors"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

func TestNothingIsReadFromTheMachine(t *testing.T) {
	t.Chdir(t.TempDir())
	embedded, err := Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fromBytes, err := FromBytes(t.Context(), read(t, "files/reserve-berth.yaml"), read(t, "files/harbour.openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	runner := engine.NewRunner(&engine.Options{Mock: true})
	for _, prog := range []*engine.Program{embedded, fromBytes} {
		res, err := runner.Run(t.Context(), prog, engine.Inputs{"ship": "Marie Celeste", "day": "2026-12-01"}, nil)
		if err != nil || res.Outputs["quay"] != "North 4" {
			t.Errorf("%+v, %v", res, err)
		}
	}
}

// A problem has its place in the text.
func TestBytesThatCannotRun(t *testing.T) {
	_, err := FromBytes(t.Context(), []byte("name: x\n"), read(t, "files/harbour.openapi.yaml"))
	var load *engine.LoadError
	if !errors.As(err, &load) || load.Report.Diagnostics[0].Pos.File != "capability.yaml" {
		t.Errorf("got %v", err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
