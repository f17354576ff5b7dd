package archtest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestContributingHasEveryPackage holds the tree in CONTRIBUTING.md to the packages
// that there are, and each large package to its reason there.
func TestContributingHasEveryPackage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, reasons, _ := strings.Cut(string(text), "These stay whole")
	files, lines := map[string]int{}, map[string]int{}
	var packages []string
	for _, f := range goFiles(t) {
		if !slices.Contains(packages, f.pkg()) {
			packages = append(packages, f.pkg())
		}
		if f.test {
			continue
		}
		src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.name)))
		if err != nil {
			t.Fatal(err)
		}
		files[f.pkg()]++
		lines[f.pkg()] += bytes.Count(src, []byte("\n"))
	}
	for _, pkg := range packages {
		if !strings.Contains(string(text), "`"+pkg+"`") {
			t.Errorf("CONTRIBUTING.md has no line for %s: add it to the tree", pkg)
		}
		if files[pkg] > 37 || lines[pkg] > 5000 {
			if !strings.Contains(reasons, "- `"+pkg+"`: ") {
				t.Errorf("%s has %d files and %d lines: split it, or give its reason at the end of CONTRIBUTING.md", pkg, files[pkg], lines[pkg])
			}
		}
	}
}
