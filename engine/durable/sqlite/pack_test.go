package sqlite

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

// What a run waits for is kept in the words of earlier versions.
func TestSuspensionsAreKeptAsBefore(t *testing.T) {
	for _, text := range []string{
		`{"path":"send","reason":"external","description":"send it","with":{"link":"https://x.example","n":12345678901234567890},"sensitive":["link"]}`,
		`{"path":"poll","reason":"timer","until":"2030-01-02T03:04:05Z"}`,
		`{"path":"make","reason":"in_doubt","error":"connection reset"}`,
	} {
		s, err := decodeWaiting([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got, err := encodeWaiting(s); err != nil || string(got) != text {
			t.Errorf("%s comes back as %s, %v", text, got, err)
		}
	}
	s, _ := decodeWaiting([]byte(`{"path":"poll","reason":"timer","with":{"n":1},"until":"2030-01-02T03:04:05Z"}`))
	want := &durable.Suspended{
		Path: "poll", Reason: durable.ReasonTimer, With: map[string]any{"n": json.Number("1")}, Until: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if d := cmp.Diff(want, s); d != "" {
		t.Errorf("read (-want +got)\n%s", d)
	}
}
