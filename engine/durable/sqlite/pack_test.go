package sqlite

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
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

// A change by a writer that has not seen all records is refused, and leaves an archive alone.
func TestArchivesAreGuarded(t *testing.T) {
	s, err := open(t.Context(), Options{Dir: t.TempDir()}.Archiving())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	ended := []journal.Record{{Seq: 1, At: now, Kind: durable.EventStarted}, {Seq: 2, At: now, Kind: durable.EventEnded}}
	if err := s.Create(t.Context(), durable.Spec{ID: "r", Started: now}, ended, journal.Row{Status: durable.StatusFailed, Ended: now}); err != nil {
		t.Fatal(err)
	}
	for _, after := range []int64{0, 1, 3} {
		for _, add := range [][]journal.Record{nil, {{Seq: after + 1, At: now, Kind: durable.EventReopened}}} {
			if err := s.Append(t.Context(), "r", journal.Change{After: after, Add: add}); !errors.Is(err, journal.ErrMoved) {
				t.Errorf("after %d, with %d records: %v", after, len(add), err)
			}
		}
	}
	var archived bool
	if err := s.reads.QueryRow("SELECT length(archive) > 0 FROM runs").Scan(&archived); err != nil || !archived {
		t.Errorf("archived: %v, %v", archived, err)
	}
	if err := s.Append(t.Context(), "r", journal.Change{After: 2, Add: []journal.Record{{Seq: 3, At: now, Kind: durable.EventReopened}}}); err != nil {
		t.Fatal(err)
	}
	if records, err := s.Records(t.Context(), "r", 0); err != nil || len(records) != 3 {
		t.Errorf("%d records: %v", len(records), err)
	}
}

// Whatever an archive holds, reading it ends with its records or an error.
func FuzzArchive(f *testing.F) {
	s, err := open(f.Context(), Options{Dir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	a, err := newArchiving(nil)
	if err != nil {
		f.Fatal(err)
	}
	archive := func(text []byte) []byte {
		a.reset("r")
		a.doc, a.text, a.records = nil, text, 2
		v, err := a.value()
		if err != nil {
			f.Fatal(err)
		}
		return v
	}
	f.Add(archive([]byte{0, 0, 2, 3, 'x', 0, 0, 0, 1, 2, 3, 'y', 0, 1, 9}))
	f.Add(archive([]byte{2, 0xff, 0xff, 0xff, 0xff, 0x7f}))
	f.Add([]byte{archiveFormat})
	f.Fuzz(func(t *testing.T, v []byte) {
		if len(v) == 0 {
			return
		}
		v[0] = archiveFormat
		a, err := s.openArchive("r", v)
		seen := int64(0)
		if err == nil {
			err = a.each("r", 0, func(k keptRecord) error { seen++; return nil })
		}
		if err == nil && seen != a.records {
			t.Errorf("%d of %d records", seen, a.records)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Error(err)
		}
	})
}
