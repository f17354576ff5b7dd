package spec_test

import (
	"testing"
	"time"

	"github.com/capstan-run/capstan/spec"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s":     30 * time.Second,
		"200ms":   200 * time.Millisecond,
		"1.5h":    90 * time.Minute,
		"1h30m":   90 * time.Minute,
		"3d":      72 * time.Hour,
		"2w1d":    15 * 24 * time.Hour,
		"45":      45 * time.Second,
		"1ns":     1,
		"5µs":     5 * time.Microsecond,
		"106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := spec.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0s", "-1", "-5s", "5 minutes", "PT5M", "1:30", "soon", "5x", "s", "0.1ns", "106752d", "99999999999999999999s", "9223372037", "1e3s", "5s 3"} {
		if got, err := spec.ParseDuration(text); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}
