package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
)

// openBeside opens an import of a corpus file.
func openBeside(from, path string) (string, []byte, error) {
	path = strings.TrimPrefix(path, "file://")
	name := filepath.Join(filepath.Dir(from), path)
	text, err := os.ReadFile(name)
	return name, text, err
}

// TestFrameworkCorpus loads every published file of the dialect: each loads, or
// is refused with a place and a hint for every problem.
func TestFrameworkCorpus(t *testing.T) {
	type row struct{ loaded, refused int }
	rows, reasons := map[string]*row{}, map[string]int{}
	for _, file := range readCorpus(t) {
		if file.source.Dialect() != DialectFramework || file.diags.HasErrors() {
			continue
		}
		for _, strict := range []bool{false, true} {
			version := fmt.Sprintf("%-8s %-14s", file.source.sign.Value, file.source.Version())
			if strict {
				version += " --strict"
			}
			if rows[version] == nil {
				rows[version] = &row{}
			}
			f, diags := file.source.Framework(FrameworkOptions{Strict: strict, Open: openBeside})
			if f == nil {
				t.Errorf("%s: no model", file.path)
				continue
			}
			if os.Getenv("W") != "" && !strict {
				for _, d := range diags {
					if d.Severity != diag.Error {
						t.Log("WARN " + d.Message + " @ " + file.path)
					}
				}
			}
			if !diags.HasErrors() {
				rows[version].loaded++
				continue
			}
			rows[version].refused++
			for _, d := range diags {
				if d.Severity != diag.Error && !strict && os.Getenv("W") != "" {
					t.Log("WARN " + d.Message + " @ " + file.path)
				}
				if d.Severity != diag.Error {
					continue
				}
				if !strict {
					reasons[d.Code]++
					if os.Getenv("V") != "" {
						t.Log(d.String())
					}
				}
				if !d.Pos.IsValid() || d.Hint == "" {
					t.Errorf("%s: a refusal without a place or a hint: %v", file.path, d)
				}
			}
		}
	}
	var table []string
	for version, r := range rows {
		table = append(table, fmt.Sprintf("%-34s loaded %3d  refused %3d", version, r.loaded, r.refused))
	}
	slices.Sort(table)
	t.Log("\n" + strings.Join(table, "\n"))
	var why []string
	for code, n := range reasons {
		why = append(why, fmt.Sprintf("%5d %s", n, code))
	}
	sort.Sort(sort.Reverse(sort.StringSlice(why)))
	t.Log("reasons in the lenient profile\n" + strings.Join(why, "\n"))
}
