package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// A server that keeps runs in memory forgets those that ended.
func TestServingGivesMemoryBack(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"berths.openapi.yaml": stalledDocument, "berths.yaml": stalledCapability, ".capstan.yaml": "apis: {berths: {openapi: berths.openapi.yaml}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, _, _ := newTestApp("")
	a.flags.state = noState
	f := &serveFlags{keepRuns: 3}
	f.send.mock = true
	file := filepath.Join(dir, "berths.yaml")
	d, err := a.deploy([]string{file}, f)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := engine.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := d.programs(t.Context(), loaded)
	if err != nil {
		t.Fatal(err)
	}
	defer d.rt.Close()
	runner := engine.NewRunner(&engine.Options{Mock: true, Runtime: d.rt})
	for range 50 {
		if _, err := runner.Run(t.Context(), programs[0], engine.Inputs{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := d.rt.List(t.Context(), durable.Filter{}); err != nil || len(kept) != 3 {
		t.Errorf("%d runs are kept, %v", len(kept), err)
	}
}

func TestKeepRunsIsAboutRunsInMemory(t *testing.T) {
	for want, args := range map[string][]string{
		"is about runs in memory": {"--keep-runs=5"}, "keep one at least": {"--keep-runs=0", "--state=none"},
	} {
		a, _, stderr := newTestApp("")
		if code := run(t.Context(), append([]string{"serve", "x.yaml"}, args...), a.io); code != exitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
}
