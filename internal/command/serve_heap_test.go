package command

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestASmallHeapHasRoom(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 4 << 20: 400, 6 << 20: 400, 9 << 20: 250, 12 << 20: 200, 24 << 20: 100, 1 << 30: 100} {
		if got := percentOf(live); got != want {
			t.Errorf("%d bytes in use: GOGC is %d, want %d", live, got, want)
		}
	}
}

// gcPercent is GOGC now.
func gcPercent() int {
	gogc := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(gogc)
	return int(gogc[0].Value.Uint64())
}

func TestServingGivesTheHeapRoomWhileItIsSmall(t *testing.T) {
	t.Setenv("GOGC", "") // and back
	os.Unsetenv("GOGC")
	debug.SetGCPercent(90)
	defer debug.SetGCPercent(100)
	stop := roomy()
	if got := gcPercent(); got != mostPercent {
		t.Errorf("at first GOGC is %d", got)
	}
	large := make([]byte, 2*heapRoom)
	for gcPercent() != 100 {
		runtime.GC() // what follows it runs later
	}
	runtime.KeepAlive(large)
	stop()
	if got := gcPercent(); got != 90 {
		t.Errorf("afterwards GOGC is %d", got)
	}

	t.Setenv("GOGC", "70")
	stop = roomy()
	if got := gcPercent(); got != 90 {
		t.Errorf("with GOGC in the environment it is %d", got)
	}
	stop()
}
