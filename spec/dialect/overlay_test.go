package dialect

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

const cargo = `name: Ship cargo
specification: Naftiko Capability Composition
providerId: harbour
api: harbour
steps:
  - id: book-hold
    operation: Holds.create
    retry: 3
    with: {ship: a, crates: [salt]}
  - {id: list, operation: Holds.list}
`

func mustRead(t testing.TB, name, src string) *Source {
	t.Helper()
	s, diags := Read(name, []byte(src))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return s
}

func mustOverlay(t testing.TB, name, actions string) *Overlay {
	t.Helper()
	o, diags := ReadOverlay(name, []byte("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n"+actions))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return o
}

// apply returns the steps of cargo under the overlays.
func apply(t *testing.T, overlays ...*Overlay) []*spec.Step {
	t.Helper()
	s, diags := mustRead(t, "cargo.yaml", cargo).With(overlays...)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	c, diags := s.File(spec.Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return c.Units[0].Steps
}

func TestOverlayMergesAndKeepsPlaces(t *testing.T) {
	o := mustOverlay(t, "fix.yaml", `
  - target: $.steps[?@.id=="book-hold"]
    update:
      operation: Holds.create[0]
      until: done
      with: {ship: b, crates: [tea], deck: 2}
`)
	s := apply(t, o)[0]
	op := s.Action.(*spec.Operation)
	with := spec.Value{Kind: spec.Mapping, Fields: op.With}.Go()
	want := map[string]any{"ship": "b", "crates": []any{"salt", "tea"}, "deck": int64(2)}
	if diff := cmp.Diff(want, with); diff != "" {
		t.Errorf("with (-want +got):\n%s", diff)
	}
	for what, c := range map[string]struct{ got, want diag.Pos }{
		"the step":          {s.Pos, diag.Pos{File: "cargo.yaml", Line: 6, Column: 5}},
		"its id":            {s.ID.Pos, diag.Pos{File: "cargo.yaml", Line: 6, Column: 9}},
		"replaced text":     {op.Operation.Pos, diag.Pos{File: "fix.yaml", Line: 7, Column: 18}},
		"added text":        {op.Until.Pos, diag.Pos{File: "fix.yaml", Line: 8, Column: 14}},
		"a kept key":        {op.With[0].Key.Pos, diag.Pos{File: "cargo.yaml", Line: 9, Column: 12}},
		"a replaced value":  {op.With[0].Value.Pos, diag.Pos{File: "fix.yaml", Line: 9, Column: 20}},
		"a list's own item": {op.With[1].Value.Items[0].Pos, diag.Pos{File: "cargo.yaml", Line: 9, Column: 30}},
		"an appended item":  {op.With[1].Value.Items[1].Pos, diag.Pos{File: "fix.yaml", Line: 9, Column: 32}},
		"an added key":      {op.With[2].Key.Pos, diag.Pos{File: "fix.yaml", Line: 9, Column: 38}},
	} {
		if c.got != c.want {
			t.Errorf("%s is at %v, want %v", what, c.got, c.want)
		}
	}
}

func TestOverlayActions(t *testing.T) {
	ids := func(steps []*spec.Step) (ids []string) {
		for _, s := range steps {
			ids = append(ids, s.ID.Value)
		}
		return ids
	}
	t.Run("a list takes the update as one more item", func(t *testing.T) {
		o := mustOverlay(t, "o", "  - {target: $.steps, update: {id: sail, external: true}}\n")
		if diff := cmp.Diff([]string{"book-hold", "list", "sail"}, ids(apply(t, o))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a scalar is replaced", func(t *testing.T) {
		o := mustOverlay(t, "o", "  - {target: '$.steps[0].retry', update: {attempts: 9}}\n")
		if got := apply(t, o)[0].Action.(*spec.Operation).Retry; got != 9 {
			t.Errorf("attempts = %d, want 9", got)
		}
	})
	t.Run("removal takes the key along and wins over update", func(t *testing.T) {
		o := mustOverlay(t, "o", "  - {target: '$.steps[0].retry', remove: true, update: 5}\n  - {target: '$.steps[1]', remove: true}\n")
		steps := apply(t, o)
		if len(steps) != 1 || steps[0].Action.(*spec.Operation).Retry != 0 {
			t.Errorf("steps = %+v", steps)
		}
	})
	t.Run("remove false removes nothing", func(t *testing.T) {
		o := mustOverlay(t, "o", "  - {target: '$.steps[0]', remove: false}\n")
		if got := len(apply(t, o)); got != 2 {
			t.Errorf("%d steps, want 2", got)
		}
	})
	t.Run("every match is updated once, with a value of its own", func(t *testing.T) {
		one := mustOverlay(t, "o", "  - {target: '$.steps[*,0,0]', update: {x: {y: [1]}}}\n")
		two := mustOverlay(t, "p", "  - {target: '$.steps[0].x.y', update: 2}\n")
		steps := apply(t, one, two)
		got := []any{steps[0].Action.(*spec.Operation).Keys[0].Value.Go(), steps[1].Action.(*spec.Operation).Keys[0].Value.Go()}
		want := []any{map[string]any{"y": []any{int64(1), int64(2)}}, map[string]any{"y": []any{int64(1)}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("later actions and overlays see earlier ones", func(t *testing.T) {
		one := mustOverlay(t, "o", "  - {target: $.steps, update: {id: c, external: true}}\n  - {target: '$.steps[?@.id==\"c\"]', update: {timeout: 3d}}\n")
		two := mustOverlay(t, "p", "  - {target: '$.steps[?@.timeout]', remove: true}\n")
		if diff := cmp.Diff([]string{"book-hold", "list"}, ids(apply(t, one, two))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWithLeavesTheSourceAlone(t *testing.T) {
	s := mustRead(t, "cargo.yaml", cargo)
	before, _ := s.File(spec.Options{})
	o := mustOverlay(t, "o.yaml", "  - {target: $.steps, update: {id: c, external: true}}\n  - {target: '$.steps[0]', remove: true}\n  - {target: $, update: {name: other}}\n")
	first, _ := s.With(o)
	second, _ := s.With(o)
	after, _ := s.File(spec.Options{})
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the source changed (-before +after):\n%s", diff)
	}
	a, _ := first.File(spec.Options{})
	b, _ := second.File(spec.Options{})
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("an overlay acts differently the second time:\n%s", diff)
	}
	if before.Title.Value != "Ship cargo" || a.Title.Value != "other" {
		t.Errorf("names %q and %q", before.Title.Value, a.Title.Value)
	}
}

func TestOverlaysTellsWhichActed(t *testing.T) {
	acts := mustOverlay(t, "acts.yaml", "  - {target: $.name, update: x}\n")
	misses := mustOverlay(t, "misses.yaml", "  - {target: $.nothing, update: x}\n")
	s, diags := mustRead(t, "cargo.yaml", cargo).With(misses, acts)
	if diff := cmp.Diff([]string{"acts.yaml"}, s.Overlays()); diff != "" {
		t.Error(diff)
	}
	texts := s.Texts()
	if len(texts) != 2 || !bytes.Contains(texts["acts.yaml"], []byte("overlay:")) || string(texts["cargo.yaml"]) != cargo {
		t.Errorf("texts = %q", texts)
	}
	want := diag.List{{
		Code: "overlay-target-missed", Severity: diag.Warning, EndColumn: 23,
		Pos:     diag.Pos{File: "misses.yaml", Line: 4, Column: 14},
		Message: "target matches nothing in cargo.yaml",
		Hint:    "remove the action if the capability no longer needs it",
	}}
	if diff := cmp.Diff(want, diags); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	misses.Builtin = true
	if _, diags := s.With(misses); len(diags) > 0 {
		t.Errorf("a built-in overlay warns: %v", diags)
	}
}

// Problems of a value that an overlay wrote point into the overlay, and those
// of an update that does not fit as well.
func TestProblemsPointIntoTheOverlay(t *testing.T) {
	o := mustOverlay(t, "o.yaml", `
  - {target: '$.steps[0]', update: {every: soon, until: x}}
  - {target: '$.steps[1]', update: [x]}
  - {target: $, remove: true}
`)
	s, diags := mustRead(t, "cargo.yaml", cargo).With(o)
	_, more := s.File(spec.Options{})
	var got []string
	for _, d := range append(diags, more...).Sort() {
		got = append(got, d.Pos.String()+" "+d.Code)
	}
	want := []string{"o.yaml:5:44 bad-duration", "o.yaml:6:36 overlay-mismatch", "o.yaml:7:14 overlay-action"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestApplies(t *testing.T) {
	s := mustRead(t, "cargo.yaml", cargo)
	for only, want := range map[string]bool{
		"{}":                    true,
		"{providerId: harbour}": true,
		"{providerId: harbour, name: Ship cargo}": true,
		"{providerId: harbour, name: Ship}":       false,
		"{provider: harbour}":                     false,
		"{api: harbour}":                          true,
	} {
		o, diags := ReadOverlay("o", []byte("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nx-capstan-applies-to: "+only+"\nactions: [{target: $.a, remove: true}]"))
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := o.Applies(s); got != want {
			t.Errorf("%s: applies = %v, want %v", only, got, want)
		}
	}
}

func TestTargeted(t *testing.T) {
	for only, want := range map[string]bool{
		"":                           false,
		"x-capstan-applies-to: {}\n": false,
		"x-capstan-applies-to: {name: Ship cargo}\n":    true,
		"x-capstan-applies-to: {providerId: harbour}\n": true,
	} {
		o, diags := ReadOverlay("o", []byte("overlay: 1.0.0\ninfo: {title: t, version: '1'}\n"+only+"actions: [{target: $.a, remove: true}]"))
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := o.Targeted(); got != want {
			t.Errorf("%q: targeted = %v, want %v", only, got, want)
		}
	}
}

// Copying everything into everything doubles the document with each action.
func TestOverlaysCannotGrowWithoutEnd(t *testing.T) {
	var actions bytes.Buffer
	for range 40 {
		actions.WriteString("  - {target: '$..*', update: {a: {b: {}}, c: {d: {}}, e: [{}]}}\n")
	}
	o, diags := ReadOverlay("bomb.yaml", append([]byte("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n"), actions.Bytes()...))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	_, diags = mustRead(t, "cargo.yaml", cargo).With(o)
	if !has1(diags, "too-large") {
		t.Errorf("want %s, got %d others", "too-large", len(diags))
	}
}

func has1(diags diag.List, code string) bool {
	for _, d := range diags {
		if d.Code == code {
			return true
		}
	}
	return false
}
