package exec

import (
	"encoding/json"
	"testing"

	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// A sensitive number is hidden as it is written, not as Go would print it.
func TestASensitiveNumberIsHiddenAsItIsWritten(t *testing.T) {
	for text, v := range map[string]any{
		"12345678.25":  12345678.25, // 1.234567825e+07 to fmt
		"0.0000123456": json.Number("0.0000123456"),
		"90717":        90717,
	} {
		r := operations.NewRedactor()
		hideAt(map[string]any{"pin": v}, plan.Path{"pin"}, r)
		if got := r.String("the pin is " + text); got != "the pin is "+operations.Redacted {
			t.Errorf("%v: %s", v, got)
		}
	}
}
