package command

import (
	"strings"
	"testing"
)

func TestChangedNeedsGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	a, _, stderr := newTestApp("")
	if code := run(t.Context(), []string{"validate", "--changed", "main"}, a.io); code != exitUsage || !strings.Contains(stderr.String(), "git is needed, and is not installed") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestAlternatives(t *testing.T) {
	for pattern, want := range map[string]string{
		"a":                  "a",
		"{a,b}/c":            "a/c b/c",
		"{a,{b,c}d}{,e}":     "a ae bd bde cd cde",
		"{a}":                "a",
		`\{a,b}`:             `\{a,b}`,
		"{a,b":               "{a,b",
		"a}b{c,d}":           "a}bc a}bd",
		"**/*.y{a,}ml":       "**/*.yaml **/*.yml",
		"{x,y}/{a,b}/{c,d}z": "x/a/cz x/a/dz x/b/cz x/b/dz y/a/cz y/a/dz y/b/cz y/b/dz",
	} {
		if got := strings.Join(alternatives(pattern), " "); got != want {
			t.Errorf("%s: %s", pattern, got)
		}
	}
}
