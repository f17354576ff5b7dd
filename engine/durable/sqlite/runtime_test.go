package sqlite_test

import (
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/durabletest"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

func TestRuntime(t *testing.T) {
	durabletest.Run(t, func(t *testing.T, dir string, now func() time.Time) durable.Runtime {
		rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return rt
	}, durabletest.Options{})
}

func openDir(t *testing.T, dir string) durable.Runtime {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt
}
