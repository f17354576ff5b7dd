package readme

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
)

var update = flag.Bool("update", false, "rewrite the outputs in diagnostics.md")

// diagnosticsPages are the pages of diagnostics, which the binary has and readers find,
// with the project file that stands beside the example of a code.
var diagnosticsPages = []struct {
	name  string
	rules func(text string) string
}{
	{"diagnostics.md", func(string) string { return "" }},
	{"ikanos.md", publishedRule},
}

// TestDiagnosticsExamples runs the example of every code: a ```yaml block is
// example.yaml, one with a name (```yaml example.overlay.yaml) stands beside it,
// and `capstan validate example.yaml` must print the ```text block, exactly.
// -update writes what is printed into the page.
func TestDiagnosticsExamples(t *testing.T) {
	bin := build(t)
	for _, d := range diagnosticsPages {
		p := readPage(t, filepath.Join(root, "diag", d.name))
		sections, checked := strings.SplitAfter(p.text, "\n## "), 0
		for i, text := range sections {
			s := page{name: p.name, text: text}
			if i == 0 || len(s.blocks("yaml")) == 0 {
				continue
			}
			checked++
			code, _, _ := strings.Cut(text, ":")
			t.Run(code, func(t *testing.T) { sections[i] = s.checkExample(t, bin, d.rules(text)) })
		}
		if checked < 30 {
			t.Errorf("%s: %d examples, which is fewer than there were", d.name, checked)
		}
		if *update {
			for _, dir := range []string{"diag", "docs"} {
				if err := os.WriteFile(filepath.Join(root, dir, d.name), []byte(strings.Join(sections, "")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// publishedRule turns on the one rule that a section is about, as it is published.
func publishedRule(section string) string {
	id, rest, _ := strings.Cut(section, ": ")
	_, text, _ := strings.Cut(rest, "\n\n")
	level, _, _ := strings.Cut(text, ",")
	return "rules: {" + id + ": " + strings.ToLower(level) + "}\n"
}

// checkExample returns the section with what is printed today, beside a project file
// unless that is empty.
func (p page) checkExample(t *testing.T, bin, project string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if project != "" {
		if err := os.WriteFile(filepath.Join(dir, ".capstan.yaml"), []byte(project), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := regexp.MustCompile("(?s)\n```yaml ?([^\n]*)\n(.*?\n)```\n")
	for _, m := range file.FindAllStringSubmatch(p.text, -1) {
		name := m[1]
		if name == "" {
			name = "example.yaml"
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(m[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(bin, "validate", "example.yaml")
	cmd.Dir, cmd.Env = dir, environment(t, true)
	got, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	printed := strings.ReplaceAll(string(got), dir+string(filepath.Separator), "")
	printed = strings.ReplaceAll(printed, dir, "/home/me/project")
	shown := regexp.MustCompile("(?s)\n```text\n(.*?)```\n").FindStringSubmatchIndex(p.text)
	if shown == nil {
		t.Fatal("the example has no output")
	}
	if diff := cmp.Diff(p.text[shown[2]:shown[3]], printed); diff != "" {
		t.Errorf("the page (-) is not what is printed (+); go test ./internal/readme -update writes it\n%s", diff)
	}
	return p.text[:shown[2]] + printed + p.text[shown[3]:]
}

// Every code that can be found without sending anything has an example. The
// others are of runs, of command lines, or of what does not fit on a page.
func TestStaticChecksHaveExamples(t *testing.T) {
	without := []string{
		// of a run
		"api-error", "bad-argument", "expression-failed", "external-failed", "fail-condition", "foreign-item", "in-doubt", "interrupted", "lookup-failed",
		"nothing-selected", "output-failed", "request-failed", "script-failed", "state", "timed-out", "unexpected-answer", "unreadable-answer",
		// of the command line and what it is run with
		"bad-base-url", "bad-inputs", "bad-override", "failed", "invalid-capability", "missing-credentials", "timeout", "unused-document", "unused-exclude", "usage",
		// of a file that is not there, too long for a page, or not UTF-8
		"encoding", "expression-too-large", "too-large", "unreadable-file",
	}
	for _, code := range diag.Codes() {
		e, _ := diag.Explain(code)
		if has, exempt := e.Example != "", slices.Contains(without, code); has == exempt {
			t.Errorf("%s: has an example: %v, is one that cannot have one: %v", code, has, exempt)
		}
	}
}
