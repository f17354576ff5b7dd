package archtest

import "testing"

// The rules themselves are tested on made-up imports, since a healthy tree
// never shows whether a rule can fail.
func TestRulesCanFail(t *testing.T) {
	tests := []struct {
		pkg, imp string
		want     bool
	}{
		{"spec", "diag", true},
		{"spec", "operations", false},
		{"diag", "spec", false},
		{"operations", "engine", false},
		{"operations/mock", "operations", true},
		{"operations/mock", "operations/catalog", false},
		{"operations/catalog/gen", "operations/catalog", true},
		{"engine", "operations/catalog", true},
		{"engine/internal/plan", "engine/internal/exec", false},
		{"engine/durable/sqlite", "engine/internal/exec", false},
		{"serve/rest", "serve/mcp", false},
		{"examples/02-embed", "engine/internal/plan", false},
		{"examples/02-embed", "engine", true},
	}
	for _, test := range tests {
		rule, ok := ruleFor(test.pkg)
		if !ok {
			t.Errorf("%s has no rule", test.pkg)
			continue
		}
		if got := allows(rule, test.imp); got != test.want {
			t.Errorf("may %s import %s? got %v", test.pkg, test.imp, got)
		}
	}
	if _, ok := ruleFor("util"); ok {
		t.Error("a package nobody decided on has a rule")
	}
}

func TestThirdParty(t *testing.T) {
	for imp, want := range map[string]bool{
		"fmt": false, "net/http": false, module: false, module + "/spec": false,
		"gopkg.in/yaml.v3": true, "github.com/spf13/cobra": true,
	} {
		if got := thirdParty(imp); got != want {
			t.Errorf("thirdParty(%q) = %v", imp, got)
		}
	}
	if m, _ := doorOf("github.com/expr-lang/expr/vm"); m != "github.com/expr-lang/expr" {
		t.Errorf("a sub-package goes through door %q", m)
	}
	if m, _ := doorOf("github.com/expr-lang/exprx"); m != "" {
		t.Errorf("a look-alike goes through door %q", m)
	}
}
