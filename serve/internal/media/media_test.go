package media_test

import (
	"testing"

	"github.com/capstan-run/capstan/serve/internal/media"
)

func TestType(t *testing.T) {
	for name, want := range map[string]string{
		"guide.md": "text/markdown", "a/B.JSON": "application/json", "LICENSE": "application/octet-stream", "run.sh": "text/plain",
		"openapi.yml": "application/yaml", "x.bin": "application/octet-stream", "a.b/c": "application/octet-stream",
	} {
		if got := media.Type(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if !media.IsText("application/yaml") || media.IsText("application/pdf") {
		t.Error("yaml is text, pdf is none")
	}
}
