package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/spec/dialect"
)

// The settings that ship are those of the catalogues' files.
func TestShippedSettingsAreTheCatalogues(t *testing.T) {
	files, err := filepath.Glob("../../../capabilities/*/shared/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d catalogues: %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c := parseCatalogue(name, text)
		if c == nil {
			t.Errorf("%s is no catalogue", name)
			continue
		}
		if c.Document.IsSet() {
			t.Errorf("%s names a document, which Shipped leaves out", name)
		}
		if diff := cmp.Diff(cataloged(c), Shipped(strings.TrimSuffix(filepath.Base(name), ".yaml"))); diff != "" {
			t.Errorf("%s (-file +shipped):\n%s", name, diff)
		}
	}
}

// Every overlay that ships is among those for the capability that it is meant for,
// and for no other.
func TestOverlaysAreFoundByName(t *testing.T) {
	for _, f := range capabilities.Overlays() {
		published, ok := capabilities.Lookup(strings.TrimSuffix(filepath.Base(f.Name), ".overlay.yaml"))
		if !ok {
			t.Fatalf("%s is for no capability that ships", f.Name)
		}
		src, _ := dialect.Read(published.Name, published.Data)
		o, _ := dialect.ReadOverlay(f.Name, f.Data)
		found := capabilities.OverlaysFor(src.Name())
		if len(found) != 1 || found[0].Name != f.Name || !o.Targeted() || !o.Applies(src) {
			t.Errorf("the overlays for %q are %d, want %s, which applies: %t", src.Name(), len(found), f.Name, o.Applies(src))
		}
	}
	if found := capabilities.OverlaysFor(""); len(found) > 0 {
		t.Errorf("%d overlays are for a file without a name", len(found))
	}
}
