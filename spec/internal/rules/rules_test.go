package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
)

// The page has a section for each rule and for nothing else, which begins with what the
// table has, and names the codes that stand for the rule.
func TestThePageHasTheTable(t *testing.T) {
	var ids []string
	for _, r := range All() {
		ids = append(ids, r.ID)
		e, ok := diag.Explain(r.ID)
		if head := r.head(); !ok || !strings.HasPrefix(e.Text, head) {
			t.Errorf("%s: the page has %q, and the table %q", r.ID, e.Text, head)
		}
		for _, code := range r.Same {
			if !diag.IsCode(code) || !strings.Contains(e.Text, "["+code+"](diagnostics.md#") {
				t.Errorf("%s: the page does not name %s", r.ID, code)
			}
		}
	}
	if !slices.IsSorted(ids) {
		t.Errorf("the table is not in the order of the ids: %v", ids)
	}
	explained := slices.DeleteFunc(diag.Codes(), func(code string) bool { return !strings.HasPrefix(code, Set+"-") })
	if diff := cmp.Diff(explained, ids); diff != "" {
		t.Errorf("the page (-) and the table (+):\n%s", diff)
	}
}

// head begins the section of a rule.
func (r *Rule) head() string {
	level := r.Level.String()
	recommended, on := "not recommended", "off"
	if r.Recommended {
		recommended = "recommended"
	}
	if r.Default {
		on = "on"
	}
	return fmt.Sprintf("%s, %s, %s by default.", strings.ToUpper(level[:1])+level[1:], recommended, on)
}

// A rule that is on by default is recommended, and gives warnings at most.
func TestUnset(t *testing.T) {
	for i := range All() {
		r := &All()[i]
		severity, on := r.Unset()
		if on && (!r.Recommended || severity == diag.Error) {
			t.Errorf("%s: on with %s, recommended: %v", r.ID, severity, r.Recommended)
		}
	}
}
