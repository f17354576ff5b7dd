package project_test

import (
	"testing"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

func TestRuleCovers(t *testing.T) {
	for _, tt := range []struct {
		glob    string
		in, out []string
	}{
		{"*.draft.yaml", []string{"a.draft.yaml", "x/y/a.draft.yaml"}, []string{"a.yaml", "a.draft.yaml.old"}},
		{"legacy", []string{"legacy", "legacy/a.yaml", "x/legacy/a.yaml"}, []string{"legacy2/a.yaml"}},
		{"legacy/", []string{"legacy/a.yaml", "legacy/x/a.yaml"}, []string{"legacy", "x/legacy/a.yaml"}},
		{"./legacy/*.yaml", []string{"legacy/a.yaml"}, []string{"legacy/x/a.yaml", "a.yaml"}},
		{"x/**/a.yaml", []string{"x/a.yaml", "x/y/a.yaml", "x/y/z/a.yaml"}, []string{"a.yaml", "y/x/a.yaml"}},
		{"**/legacy/**", []string{"legacy/a.yaml", "x/legacy/y/a.yaml"}, []string{"a.yaml"}},
		{"x/?.yaml", []string{"x/a.yaml"}, []string{"x/ab.yaml"}},
		{"**", []string{"a.yaml", "x/a.yaml"}, nil},
	} {
		r := project.Rule{Paths: []spec.Str{{Value: "none.yaml"}, {Value: tt.glob}}}
		for _, file := range tt.in {
			if !r.Covers(file) {
				t.Errorf("%s is not for %s", tt.glob, file)
			}
		}
		for _, file := range tt.out {
			if r.Covers(file) {
				t.Errorf("%s is for %s", tt.glob, file)
			}
		}
	}
	if !(&project.Rule{}).Covers("x/a.yaml") {
		t.Error("a rule without paths is not for all")
	}
}
