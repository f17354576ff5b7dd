//go:build !race

package jsonvalue

import "testing"

// A value costs one allocation, a list one and an object two; names and the parts of a
// small text cost none.
func TestAllocationsOfDecoding(t *testing.T) {
	text := `{"object": "list", "data": [{"id": "conn_1", "state": "active", "name": "One", "active": true}], "list_metadata": {"before": null, "after": null}}`
	got := testing.AllocsPerRun(100, func() {
		if _, _, err := DecodeText(text); err != nil {
			t.Fatal(err)
		}
	})
	if got > 20 {
		t.Errorf("%v allocations", got)
	}
}
