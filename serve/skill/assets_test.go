package skill_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/skill"
)

// A skill that was written somewhere else loads to the same plan.
func TestASkillBringsWhatItsProgramWasMadeOf(t *testing.T) {
	slower := filepath.Join(t.TempDir(), "slower.overlay.yaml")
	put(t, slower, "overlay: 1.0.0\ninfo: {title: slower, version: '1'}\nactions:\n  - target: $.steps[?@.id == 'await-inspection']\n    update: {every: 3m}\n")
	for name, test := range map[string]struct {
		file string
		opts engine.LoadOptions
	}{
		"shipped": {"b2b-enterprise-onboarding", engine.LoadOptions{}},
		"own API, overlay, override": {ownAPI + "register-ship.yaml", engine.LoadOptions{
			Overlays: []string{slower}, Overrides: []string{"fetch-certificate.every=7m"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			prog := load(t, test.file, &test.opts)
			f, err := skill.Capability(prog, skill.Options{})
			if err != nil {
				t.Fatal(err)
			}
			root, err := f.WriteTo(t.TempDir(), false)
			if err != nil {
				t.Fatal(err)
			}
			again := load(t, filepath.Join(root, "assets", f.Name+".yaml"), nil)
			ignored := cmp.FilterPath(func(p cmp.Path) bool {
				return slices.Contains([]string{".Overlays", ".Diagnostics", ".Files"}, p.Last().String())
			}, cmp.Ignore())
			if diff := cmp.Diff(prog.Plan(), again.Plan(), ignored); diff != "" {
				t.Errorf("plan (-program +skill):\n%s", diff)
			}
			if diff := cmp.Diff(len(prog.Plan().Overlays), len(again.Plan().Overlays)); diff != "" {
				t.Errorf("overlays: %v, then %v", prog.Plan().Overlays, again.Plan().Overlays)
			}
			for _, read := range again.Plan().Files {
				if !strings.HasPrefix(read.Path, root+string(filepath.Separator)) {
					t.Errorf("the skill reads %s, which is not its own", read.Path)
				}
			}
		})
	}
}

func TestADocumentOfSeveralFilesIsRefused(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "part.yaml"), "type: string\n")
	doc := filepath.Join(dir, "parts.openapi.yaml")
	put(t, doc, "openapi: 3.1.0\ninfo: {title: parts, version: '1'}\npaths:\n  /a:\n    get:\n      operationId: a\n      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: './part.yaml'}}}}}\n")
	_, err := skill.API(api(t, doc), skill.Options{})
	if err == nil || !strings.Contains(err.Error(), "bundle it") {
		t.Errorf("error = %v", err)
	}
}

func TestCommandsOfASkillWithoutOverlays(t *testing.T) {
	dir := t.TempDir()
	src, err := os.ReadFile(ownAPI + "register-ship.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "register-ship.yaml")
	put(t, file, string(src))
	prog := load(t, file, &engine.LoadOptions{NoOverlay: true, OpenAPI: map[string]string{"": ownAPI + "fleet.openapi.yaml"}})
	f, err := skill.Capability(prog, skill.Options{NoOverlay: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"capstan validate assets/register-ship.yaml --no-overlay\n", "capstan plan assets/register-ship.yaml --no-overlay\n", "capstan run assets/register-ship.yaml --no-overlay --mock"} {
		if !strings.Contains(string(f.Files[0].Data), want) {
			t.Errorf("no %q", want)
		}
	}
}
