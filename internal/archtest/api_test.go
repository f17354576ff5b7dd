package archtest

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/api")

// public lists the packages a program outside the module may import.
var public = []string{
	"diag", "spec", "spec/dialect", "spec/project", "spec/yamldata", "operations", "operations/catalog", "operations/check", "operations/client", "operations/consumed", "operations/formats", "operations/mock",
	"operations/openapi", "operations/paging", "operations/record", "operations/request",
	"engine", "engine/document", "engine/durable", "engine/durable/durabletest", "engine/durable/memory", "engine/durable/sqlite",
	"serve/access", "serve/control", "serve/mcp", "serve/skill", "serve/skills",
	"serve", "serve/limit", "serve/live", "serve/runs", "serve/tools",
}

// TestPublicAPI compares what each public package exports with docs/api, so
// that a change of API shows in review as a diff of a text file. Run
// `go test ./internal/archtest -update` to accept one.
func TestPublicAPI(t *testing.T) {
	for _, pkg := range public {
		t.Run(pkg, func(t *testing.T) {
			dependOn(t, pkg)
			got := goDoc(t, pkg)
			golden := filepath.Join(root, "docs", "api", filepath.FromSlash(pkg)+".txt")
			if *update {
				write(t, golden, got)
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; run go test ./internal/archtest -update", err)
			}
			if diff := cmp.Diff(string(normal(want)), string(got)); diff != "" {
				t.Errorf("the API of %s changed (-docs/api +sources); if that is meant, run go test ./internal/archtest -update\n%s", pkg, diff)
			}
		})
	}
}

func goDoc(t *testing.T, pkg string) []byte {
	t.Helper()
	cmd := exec.Command("go", "doc", "-all", "./"+pkg)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go doc %s: %v\n%s", pkg, err, &stderr)
	}
	return normal(out)
}

// dependOn reads the sources of pkg, which tells the go command that this
// test's result depends on them: what `go doc` reads it does not see.
func dependOn(t *testing.T, pkg string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// normal undoes the line ends of a Windows checkout.
func normal(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
