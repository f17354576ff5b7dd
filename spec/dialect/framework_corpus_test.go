package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// openBeside opens what a file of the corpus imports.
func openBeside(from, path string) (string, []byte, error) {
	name := filepath.Join(filepath.Dir(from), strings.TrimPrefix(path, "file://"))
	text, err := os.ReadFile(name)
	return name, text, err
}

// TestFrameworkCorpus loads every published file of the dialect in both
// profiles: each loads, or every reason why not has a place and a hint. What is
// refused in the lenient profile is counted by its reasons.
func TestFrameworkCorpus(t *testing.T) {
	loaded, refused, reasons := map[string]int{}, map[string]int{}, map[string]int{}
	for _, file := range readCorpus(t) {
		if file.source.Dialect() != spec.DialectFramework || file.diags.HasErrors() {
			continue
		}
		for _, strict := range []bool{false, true} {
			row := fmt.Sprintf("%-10s %-14s strict %-5v", file.source.doc.Sign.Value, file.source.Version(), strict)
			f, diags := file.source.File(spec.Options{Strict: strict, Open: openBeside})
			switch {
			case f == nil:
				t.Errorf("%s: no model", file.path)
			case diags.HasErrors():
				refused[row]++
				checkRefusal(t, diags)
			default:
				loaded[row]++
			}
			if !strict {
				for _, code := range codes(diags) {
					reasons[code]++
				}
			}
			if strict && isPublishedExample(file.path) && slices.ContainsFunc(codes(diags), func(code string) bool { return code != "import" }) {
				t.Errorf("%s is a published example and is refused: %v", file.path, diags)
			}
		}
	}
	t.Log(table(loaded, refused))
	t.Log("files refused in the lenient profile, by reason: ", reasons)
}

func checkRefusal(t *testing.T, diags diag.List) {
	t.Helper()
	for _, d := range diags {
		if d.Severity == diag.Error && (!d.Pos.IsValid() || d.Hint == "") {
			t.Errorf("no place or no hint: %v", d)
		}
	}
}

// codes returns the codes of the errors, each once.
func codes(diags diag.List) []string {
	var out []string
	for _, d := range diags {
		if d.Severity == diag.Error && !slices.Contains(out, d.Code) {
			out = append(out, d.Code)
		}
	}
	return out
}

// isPublishedExample knows what the format's own projects publish as examples:
// their tests hold files that are wrong on purpose.
func isPublishedExample(path string) bool {
	own := strings.Contains(path, "naftiko__framework") || strings.Contains(path, "naftiko__ikanos")
	return own && (strings.Contains(path, "/main/resources/") || strings.Contains(path, "/tutorial/"))
}

func table(loaded, refused map[string]int) string {
	rows := map[string]bool{}
	for row := range loaded {
		rows[row] = true
	}
	for row := range refused {
		rows[row] = true
	}
	var lines []string
	for row := range rows {
		lines = append(lines, fmt.Sprintf("%s loaded %3d refused %3d", row, loaded[row], refused[row]))
	}
	slices.Sort(lines)
	return "\n" + strings.Join(lines, "\n")
}
