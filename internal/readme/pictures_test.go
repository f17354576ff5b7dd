package readme

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Renderers other than browsers know no CSS variables: the pictures of the docs do without.
func TestPicturesAreDrawnEverywhere(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root, "docs/images/*.svg"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "var(") {
			t.Errorf("%s uses var(); write the colour as an attribute", filepath.Base(name))
		}
	}
}
