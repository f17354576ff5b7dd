package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestCollectLater(t *testing.T) {
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	gogc := func() uint64 { metrics.Read(percent); return percent[0].Value.Uint64() }
	t.Cleanup(func() { debug.SetGCPercent(100) })

	t.Setenv("GOGC", "50")
	before := gogc()
	if collectLater(); gogc() != before {
		t.Errorf("GOGC of the environment is replaced by %d", gogc())
	}

	t.Setenv("GOGC", "")
	if collectLater(); gogc() != 200 {
		t.Errorf("before the first collection GOGC is %d, want 200", gogc())
	}
	for gogc() != 100 { // by a cleanup, soon after a collection
		if t.Context().Err() != nil {
			t.Fatal("later collections are not as usual")
		}
		runtime.GC()
	}
}
