package memory_test

import (
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/durabletest"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

func TestRuntime(t *testing.T) {
	durabletest.Run(t, func(_ *testing.T, _ string, now func() time.Time) durable.Runtime {
		return memory.NewRuntime(memory.RuntimeOptions{Now: now})
	}, durabletest.Options{Forgets: true})
}
