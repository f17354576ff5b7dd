// Package packaging holds the texts that releases are made with to the repository.
package packaging

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/spec/yamldata"
)

// read returns the value of a YAML file of the repository.
func read(t *testing.T, name string) map[string]any {
	t.Helper()
	v, err := yamldata.Decode([]byte(text(t, name)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v.(map[string]any)
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func isThere(t *testing.T, name, by string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("..", name)); err != nil {
		t.Errorf("%s names %s: %v", by, name, err)
	}
}

// What .goreleaser.yaml names is there, and it builds what the other pieces take.
func TestReleaseConfiguration(t *testing.T) {
	const name = ".goreleaser.yaml"
	config := read(t, name)
	build := config["builds"].([]any)[0].(map[string]any)
	want := map[string]any{
		"main": "./cmd/capstan", "binary": "capstan", "env": []any{"CGO_ENABLED=0"},
		"goos": []any{"linux", "darwin", "windows"}, "goarch": []any{"amd64", "arm64"},
	}
	for key, value := range want {
		if diff := cmp.Diff(value, build[key]); diff != "" {
			t.Errorf("%s of the build (-want +got):\n%s", key, diff)
		}
	}
	if flags, _ := build["flags"].([]any); !slices.Contains(flags, any("-buildvcs=true")) {
		t.Errorf("the flags are %v: the version is the go command's stamp", flags)
	}
	isThere(t, "cmd/capstan/main.go", name)
	if !strings.Contains(text(t, "cmd/capstan/main.go"), "package main") {
		t.Error("./cmd/capstan is no command")
	}
	for _, flag := range build["ldflags"].([]any) {
		if strings.Contains(flag.(string), "-X") {
			t.Errorf("ldflags set a variable: %s; the version is the go command's stamp", flag)
		}
	}
	archive := config["archives"].([]any)[0].(map[string]any)
	for _, file := range archive["files"].([]any) {
		isThere(t, file.(string), name)
	}
	if got := archive["name_template"]; got != "{{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}" || config["project_name"] != "capstan" {
		t.Errorf("archives are called %v: the formula takes other names", got)
	}
	checksums := config["checksum"].(map[string]any)["name_template"].(string)
	workflow := text(t, ".github/workflows/release.yml")
	if !strings.Contains(workflow, `packaging/homebrew/formula "$GITHUB_REF_NAME" dist/`+checksums+` >`) {
		t.Errorf("the workflow makes no formula of dist/%s", checksums)
	}
	if _, err := yamldata.Decode([]byte(workflow)); err != nil {
		t.Error(err)
	}
}

// checksums is a file with the sums of the archives of a version.
func checksums(t *testing.T, version string, platforms ...string) (file string, sums map[string]string) {
	t.Helper()
	file, sums = filepath.Join(t.TempDir(), "checksums.txt"), map[string]string{}
	var lines strings.Builder
	for i, p := range platforms {
		sums[p] = strings.Repeat(fmt.Sprint(i), 64)
		fmt.Fprintf(&lines, "%s  capstan_%s_%s\n", sums[p], version, p)
	}
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, sums
}

func formula(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("releases are made in a Unix shell")
	}
	data, err := exec.Command("homebrew/formula", args...).CombinedOutput()
	return string(data), err
}

func TestFormula(t *testing.T) {
	file, sums := checksums(t, "1.2.3", "linux_amd64.tar.gz", "linux_arm64.tar.gz", "darwin_amd64.tar.gz", "darwin_arm64.tar.gz", "windows_amd64.zip", "linux_amd64.tar.gz.sbom.json")
	got, err := formula(t, "v1.2.3", file)
	if err != nil {
		t.Fatal(err, got)
	}
	for _, p := range []struct{ system, processor, name string }{
		{"macos", "arm", "darwin_arm64"}, {"macos", "intel", "darwin_amd64"}, {"linux", "arm", "linux_arm64"}, {"linux", "intel", "linux_amd64"},
	} {
		want := fmt.Sprintf(`(?s)on_%s do\n.*?on_%s do\n      url "https://github.com/capstan-run/capstan/releases/download/v1\.2\.3/capstan_1\.2\.3_%s\.tar\.gz"\n      sha256 "%s"\n`,
			p.system, p.processor, p.name, sums[p.name+".tar.gz"])
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("the formula has no archive for %s:\n%s", p.name, got)
		}
	}
	if n := strings.Count(got, "url "); n != 4 {
		t.Errorf("%d archives, not 4", n)
	}
	if !strings.Contains(got, "  version \"1.2.3\"\n") || !strings.Contains(got, `bin.install "capstan"`) {
		t.Errorf("the formula is\n%s", got)
	}
	opens, ends := regexp.MustCompile(`(?m)^\s*(class|def|on_\w+ do|test do)`), regexp.MustCompile(`(?m)^\s*end$`)
	if a, b := len(opens.FindAllString(got, -1)), len(ends.FindAllString(got, -1)); a != b {
		t.Errorf("%d blocks are opened, %d are ended", a, b)
	}
}

func TestFormulaOfMissingArchives(t *testing.T) {
	file, _ := checksums(t, "1.2.3", "linux_amd64.tar.gz", "linux_arm64.tar.gz", "darwin_amd64.tar.gz")
	if got, err := formula(t, "v1.2.3", file); err == nil || !strings.Contains(got, "has no SHA-256 of capstan_1.2.3_darwin_arm64.tar.gz") {
		t.Errorf("error %v\n%s", err, got)
	}
}

// The Dockerfile builds the command without C, and copies what it built into an image
// that needs nothing else.
func TestDockerfile(t *testing.T) {
	file := text(t, "Dockerfile")
	steps := regexp.MustCompile(`(?m)^([A-Z]+) (.*)$`).FindAllStringSubmatch(file, -1)
	var names []string
	for _, s := range steps {
		names = append(names, s[1])
		if from, ok := strings.CutPrefix(s[2], "--from=build "); s[1] == "COPY" && !ok {
			for _, source := range strings.Fields(s[2])[:len(strings.Fields(s[2]))-1] {
				isThere(t, source, "the Dockerfile")
			}
		} else if s[1] == "COPY" && !strings.Contains(file, "-o "+strings.Fields(from)[0]+" ./cmd/capstan") {
			t.Errorf("COPY %s takes what no step makes", s[2])
		}
	}
	want := []string{"FROM", "ARG", "ARG", "WORKDIR", "COPY", "RUN", "COPY", "RUN", "FROM", "COPY", "WORKDIR", "ENTRYPOINT"}
	if !slices.Equal(names, want) {
		t.Errorf("the steps are %v", names)
	}
	if last := steps[len(steps)-1][2]; last != `["/usr/bin/capstan"]` || steps[len(steps)-2][2] != "/w" {
		t.Errorf("the image runs %s in %s", last, steps[len(steps)-2][2])
	}
	if !strings.Contains(file, "RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath ") {
		t.Error("the build is not that of every platform, without C")
	}
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(text(t, "go.mod"))[1]
	image := regexp.MustCompile(`golang:(\d+\.\d+)-`).FindStringSubmatch(file)
	if image == nil || image[1] < goVersion {
		t.Errorf("the image has Go %v, go.mod wants %s", image, goVersion)
	}
}
