package command

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
)

// TestInitOverlayOfBrokenFiles makes faults in compositions, and has an overlay written for
// each: it has no problem of its own, and never makes the file worse. Most of the faults
// that it can mend are mended.
func TestInitOverlayOfBrokenFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(number("CAPSTAN_SEED", 1), 4))
	written, sound := 0, 0
	for range number("CAPSTAN_MUTATIONS", 80) {
		file, args := brokenComposition(t, random)
		with := append([]string{"--config", "none"}, args...)
		before := errorsOf(t, file, args, true)
		if len(before) == 0 {
			continue
		}
		stdout, stderr, code := command(t, append([]string{"init", "overlay", file, "--no-overlay"}, with...)...)
		overlay := strings.TrimSuffix(file, ".yaml") + ".overlay.yaml"
		text, err := os.ReadFile(overlay)
		if err != nil {
			if code != exitInvalid {
				t.Errorf("exit %d without an overlay: %s%s", code, stdout, stderr)
			}
			continue
		}
		written++
		after := errorsOf(t, file, args, false)
		if len(after) == 0 {
			sound++
		}
		if (len(after) == 0) != (code == exitDone) {
			t.Errorf("exit %d with %d errors left: %s", code, len(after), stderr)
		}
		for _, d := range after {
			if d.Pos.File == overlay {
				source, _ := os.ReadFile(file)
				t.Errorf("%v\n%s\n%s", d, source, text)
			}
		}
		if len(after) > len(before) {
			source, _ := os.ReadFile(file)
			t.Errorf("%d errors before, %d with the overlay: %v\n%s\n%s", len(before), len(after), after, source, text)
		}
	}
	t.Logf("%d overlays, %d of which complete the file", written, sound)
	if written < 30 || sound < written/2 {
		t.Errorf("%d overlays, %d of which complete the file", written, sound)
	}
}

// brokenComposition writes a composition with some of its lines left out or misspelt, in a
// folder of its own, and returns the arguments that it is loaded with.
func brokenComposition(t *testing.T, random *rand.Rand) (file string, args []string) {
	t.Helper()
	sources := []string{"testdata/harbour/moor.yaml", "../../capabilities/workos/b2b-enterprise-onboarding.yaml", "../../capabilities/workos/audit-everything-to-siem.yaml"}
	at := random.IntN(len(sources))
	text, err := os.ReadFile(sources[at])
	if err != nil {
		t.Fatal(err)
	}
	if at == 0 {
		args = []string{"--openapi", "testdata/harbour/harbour.openapi.yaml"}
	}
	lines := strings.SplitAfter(string(text), "\n")
	for range 1 + random.IntN(2) {
		i := random.IntN(len(lines))
		key := strings.TrimLeft(lines[i], " -")
		switch {
		case strings.HasPrefix(key, "operation: ") && len(key) > 14:
			lines[i] = strings.Replace(lines[i], key[13:15], key[14:15], 1)
		case strings.HasPrefix(key, "source: ") && len(key) > 14:
			lines[i] = strings.TrimRight(lines[i], "\n") + "x\n"
		case strings.HasPrefix(lines[i], "      "), strings.HasPrefix(key, "intent:"), strings.HasPrefix(key, "required:"), strings.HasPrefix(key, "{name"):
			lines[i] = ""
		}
	}
	file = filepath.Join(t.TempDir(), filepath.Base(sources[at]))
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, args
}

func errorsOf(t *testing.T, file string, args []string, bare bool) diag.List {
	t.Helper()
	opts := &engine.LoadOptions{Project: "none", NoOverlay: bare}
	if len(args) > 0 {
		opts.OpenAPI = map[string]string{"": args[1]}
	}
	_, report := opened(t.Context(), file, opts, engine.NewRunner(nil))
	return report.Diagnostics.Errors()
}
