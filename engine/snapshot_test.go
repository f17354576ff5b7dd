package engine

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A program made from a snapshot plans the same, whatever has become of the
// files and flags it was loaded with.
func TestSnapshotRestores(t *testing.T) {
	t.Setenv("WORKOS_API_KEY", "sk_not_in_any_snapshot")
	load := func() *Program {
		p, err := Load(t.Context(), "b2b-enterprise-onboarding", &Options{
			BaseURL: "http://127.0.0.1:1", Overrides: []string{"poll-connection-active.every=3s"}, StrictResponses: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	bytesOf := func(p *Program) []byte {
		data, err := p.snapshot()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	p := load()
	snapshot := bytesOf(p)
	if bytes.Contains(snapshot, []byte("sk_not_in_any_snapshot")) {
		t.Error("the snapshot holds a credential")
	}
	if !bytes.Equal(snapshot, bytesOf(load())) {
		t.Error("the same program gives another snapshot")
	}
	q, err := restore(t.Context(), snapshot, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, got := *p.Plan(), *q.Plan()
	want.Diagnostics, got.Diagnostics = nil, nil
	want.Files, got.Files = nil, nil // a kept run brings what it was made from
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("plan (-loaded +restored):\n%s", d)
	}
	if !q.opts.StrictResponses || q.opts.BaseURL != "http://127.0.0.1:1" || q.Plan().Steps[3].Every != "3s" {
		t.Errorf("the flags of the run were lost: %+v", q.opts)
	}
	t.Logf("snapshot: %d bytes", len(snapshot))
}

func TestRestoreRefusesOtherFormats(t *testing.T) {
	for _, data := range []string{`{"format": 99}`, `nonsense`, `{"format": 1, "capability": {"name": "x", "text": ""}}`} {
		if _, err := restore(t.Context(), []byte(data), &Options{}); err == nil {
			t.Errorf("%s was restored", data)
		}
	}
}
