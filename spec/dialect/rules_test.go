package dialect

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/rules"
)

// ruled returns the problems of a file that is held to some rules, all for nil.
func ruled(text string, ids ...string) diag.List {
	s, problems := Read("yard.yaml", []byte(text))
	_, more := s.File(spec.Options{})
	return s.Check(append(problems, more...), func(id string) string {
		if len(ids) > 0 && !slices.Contains(ids, id) {
			return "off"
		}
		return "published"
	})
}

// Each rule has a file that breaks it, which is its example, and one that keeps it.
func TestRules(t *testing.T) {
	kept := map[string]string{}
	for _, chunk := range chunks(t, "rules-kept.yaml") {
		text := strings.TrimLeft(chunk, "\n")
		id, _, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
		kept[id] = text
	}
	for _, r := range rules.All() {
		breaks := func(d diag.Diagnostic) bool { return d.Is(r.ID) }
		e, _ := diag.Explain(r.ID)
		found := ruled(e.Example, r.ID)
		if i := slices.IndexFunc(found, breaks); i < 0 && !r.Ours {
			t.Errorf("%s: its example does not break it: %v", r.ID, found)
		} else if i >= 0 && found[i].Code == r.ID && (found[i].Severity != r.Level || found[i].Pos.Column == 0 || found[i].Hint == "") {
			t.Errorf("%s: %+v", r.ID, found[i])
		}
		if kept[r.ID] == "" {
			t.Errorf("%s: testdata/rules-kept.yaml has no file that keeps it", r.ID)
		} else if found := ruled(kept[r.ID]); slices.ContainsFunc(found, breaks) {
			t.Errorf("%s: broken by a file that keeps it: %v", r.ID, found)
		}
		delete(kept, r.ID)
	}
	if len(kept) > 0 {
		t.Errorf("files of rules that are not there: %v", kept)
	}
}

// A fault that has a problem of ours has no other, and that problem has the id of the
// rule whether the rule is on or not.
func TestOneFaultIsOneProblem(t *testing.T) {
	for _, id := range []string{
		"ikanos-consumes-baseuri-no-trailing-slash", "ikanos-aggregates-unique-function-name", "ikanos-import-import-required", "ikanos-tunnel-fallback-direct-warns",
	} {
		e, _ := diag.Explain(id)
		on := ruled(e.Example, id)
		for _, found := range []diag.List{on, ruled(e.Example, "none")} {
			named := 0
			for _, d := range found {
				if d.Code == id {
					t.Errorf("%s is reported beside ours: %v", id, found)
				}
				if slices.Contains(d.Rules, id) {
					named++
				}
			}
			if named != 1 {
				t.Errorf("%d problems have the id %s: %v", named, id, found)
			}
		}
	}
}

// Holding a file to the rules leaves its tree as it is.
func TestRulesChangeNothing(t *testing.T) {
	for _, r := range rules.All() {
		e, _ := diag.Explain(r.ID)
		s, _ := Read("yard.yaml", []byte(e.Example))
		all := func(string) string { return "published" }
		first := s.Check(nil, all)
		if diff := cmp.Diff(first, s.Check(nil, all)); diff != "" {
			t.Errorf("%s: the second time (+) is another than the first (-)\n%s", r.ID, diff)
		}
	}
}

// The rules are for files of one dialect.
func TestRulesAreForFrameworkFiles(t *testing.T) {
	const text = "name: Yard\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\ninfo: {display: Yard}\napi: yard\nsteps: [{id: list, operation: list}]\n"
	for _, d := range ruled(text) {
		if strings.HasPrefix(d.Code, rules.Set) {
			t.Errorf("a composition has %v", d)
		}
	}
}
