package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
)

// A unit is runnable in the document of validate exactly where plan has a plan for it,
// whatever is wrong with its file.
func TestRunnableIsTheVerdictOfPlan(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, code := range diag.Codes() {
		if e, _ := diag.Explain(code); e.Example != "" {
			file := filepath.Join(dir, code+".yaml")
			if err := os.WriteFile(file, []byte(e.Example), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	for mask := range 8 { // a tool is broken for each bit
		text := "naftiko: 1.0.0-alpha2\ncapability:\n" +
			"  consumes:\n  - {type: http, namespace: lights, baseUri: https://lights.example, resources: [{name: all, path: /lights, operations: [{name: get, method: GET}]}]}\n" +
			"  exposes:\n  - type: mcp\n    namespace: m\n    port: 1\n    tools:\n"
		for tool := range 3 {
			text += fmt.Sprintf("    - {name: t%d, description: D, call: lights.get%s}\n", tool, strings.Repeat("t", mask>>tool&1))
		}
		file := filepath.Join(dir, fmt.Sprintf("mask%d.yaml", mask))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	shipped, err := filepath.Glob("../../capabilities/workos/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := filepath.Glob("../../examples/*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files = append(append(files, shipped...), own...)
	a, _, _ := newTestApp("")
	var out strings.Builder
	a.io.Out = &out
	run(t.Context(), append([]string{"validate", "--format", "json", "-q"}, files...), a.io)
	var doc struct{ Files []diag.Outcome }
	if err := json.Unmarshal([]byte(out.String()), &doc); err != nil {
		t.Fatal(err)
	}
	runs, broken, partly := 0, 0, 0
	for i, f := range doc.Files {
		some, all := false, true
		for _, u := range f.Units {
			a, _, _ := newTestApp("")
			planned := run(t.Context(), []string{"plan", files[i], u.Name, "-q"}, a.io) == exitDone
			if planned != u.Runnable {
				t.Errorf("%s: %s is runnable: %v, is planned: %v", filepath.Base(f.File), u.Name, u.Runnable, planned)
			}
			some, all = some || planned, all && planned
		}
		if some != f.Runnable {
			t.Errorf("%s is runnable: %v, a unit of it is planned: %v", filepath.Base(f.File), f.Runnable, some)
		}
		switch {
		case some && all:
			runs++
		case some:
			partly++
		default:
			broken++
		}
	}
	if len(doc.Files) != len(files) || runs < 20 || broken < 20 || partly < 6 {
		t.Errorf("of %d files %d run, %d do not, %d in part: this test proves little", len(doc.Files), runs, broken, partly)
	}
}

// Of the project's own capabilities one cannot run as it was published, which its
// project file states.
func TestOwnCapabilitiesAreValid(t *testing.T) {
	a, _, errs := newTestApp("")
	if code := run(t.Context(), []string{"validate", "../../capabilities"}, a.io); code != exitDone {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if !strings.Contains(errs.String(), "1 file excluded by ../../capabilities/.capstan.yaml:3: ") || !strings.Contains(errs.String(), "3 files, 0 invalid: 0 errors, 29 ") {
		t.Errorf("the summary is\n%s", errs)
	}
}
