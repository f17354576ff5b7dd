package diag

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryCodeIsExplained(t *testing.T) {
	codes := Codes()
	if len(codes) < 40 {
		t.Fatalf("%d codes", len(codes))
	}
	for i, code := range codes {
		e, ok := Explain(code)
		if !ok || e.Code != code || e.Title == "" || e.Text == "" || strings.Contains(e.Text, "```") {
			t.Errorf("%s: got %+v, %v", code, e, ok)
		}
		if i > 0 && codes[i-1] == code {
			t.Errorf("%s is explained twice", code)
		}
		if (e.Example == "") != (e.Output == "") {
			t.Errorf("%s: an example without its output, or the other way round", code)
		}
		ours := func(other string) bool { // a code that stands for the rule
			e, _ := Explain(other)
			return slices.Contains(e.Rules, code)
		}
		m := regexp.MustCompile(`\[([a-z-]+)\]\n`).FindStringSubmatch(e.Output)
		if e.Output != "" && !strings.Contains(e.Output, "["+code+"]") && !ours(m[1]) {
			t.Errorf("%s: the output is about something else:\n%s", code, e.Output)
		}
	}
	if _, ok := Explain("no-such-code"); ok {
		t.Error("an unknown code is explained")
	}
}

func TestExplanation(t *testing.T) {
	got := page{url: docs + "diagnostics.md"}.explanation("a-code: what it is\n\nWhat it\nmeans.\n\n```yaml\na: 1\n```\n\n```text\nwrong\n```\n")
	want := Explanation{Code: "a-code", Title: "what it is", URL: docs + "diagnostics.md#a-code-what-it-is", Text: "What it\nmeans.", Example: "a: 1\n", Output: "wrong\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestThePageIsWhatExplainKnows(t *testing.T) {
	for name, known := range map[string]string{"diagnostics.md": explanations, "ikanos.md": ruleset} {
		page, err := os.ReadFile("../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(page) != known {
			t.Errorf("docs/%s differs from diag/%[1]s; copy one over the other", name)
		}
	}
}

// The codes that the stages report stand in their sources in a few forms.
func TestTheStagesReportNoUnexplainedCode(t *testing.T) {
	forms := regexp.MustCompile(`(?:\bCode: *"|\b[cC]ode[A-Z]\w* *= *"|(?:\b(?:diags|problems)\.Errorf|errorAt|[rR]eport(?:At)?)\([^\n]*?, *"|warn\(")([a-z]+(?:-[a-z]+)*)"[,}\n]`)
	known, seen := Codes(), 0
	for _, stage := range []string{"../spec", "../operations", "../engine", "../cmd"} {
		err := filepath.WalkDir(stage, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			for _, m := range forms.FindAllSubmatch(src, -1) {
				seen++
				if !slices.Contains(known, string(m[1])) {
					t.Errorf("%s reports %q, which docs/diagnostics.md does not explain", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen == 0 {
		t.Error("no code found: the forms above are out of date")
	}
}
