// Package ci runs the commands of the example workflow, so that the workflow
// cannot go stale.
package ci

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const workflow = ".github/workflows/capabilities.yml"

func TestWorkflowCommands(t *testing.T) {
	bin := build(t)
	commands := commandsOf(t)
	if len(commands) < 2 {
		t.Fatalf("%s runs capstan %d times", workflow, len(commands))
	}
	for _, args := range commands {
		t.Run(args[0], func(t *testing.T) {
			cmd := capstan(t, bin, args...)
			cmd.Dir = project(t)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("capstan %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		})
	}
}

// A mistake fails the workflow.
func TestWorkflowFails(t *testing.T) {
	dir := project(t)
	name := filepath.Join(dir, "capabilities", "register-ship.yaml")
	text := strings.Replace(read(t, name), "operation: ships.register", "operation: ships.regster", 1)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := capstan(t, build(t), "validate", "capabilities")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(string(out), `"ships.register"`) {
		t.Errorf("exit %d (%v), want 3 and the right name:\n%s", code, err, out)
	}
}

// capstan is a command that finds a home of its own, as on a fresh runner: what
// it keeps does not go to where the developer keeps runs.
func capstan(t *testing.T, bin string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home, "XDG_CACHE_HOME="+home, "LocalAppData="+home)
	return cmd
}

// project lays out the repository that the workflow is for: the capability of
// the own-api example in a folder called capabilities.
func project(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "capabilities")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"register-ship.yaml", "fleet.openapi.yaml", ".capstan.yaml"} {
		text := read(t, filepath.Join("..", "03-own-api", name))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Dir(dir)
}

// commandsOf returns the arguments of each capstan command in the workflow.
func commandsOf(t *testing.T) (commands [][]string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^ *run: capstan (.*)$`)
	word := regexp.MustCompile(`"[^"]*"|\S+`)
	for _, m := range line.FindAllStringSubmatch(read(t, workflow), -1) {
		args := word.FindAllString(strings.TrimSpace(m[1]), -1)
		for i, arg := range args {
			args[i] = strings.Trim(arg, `"`)
		}
		commands = append(commands, args)
	}
	return commands
}

// bin is where build puts capstan, once.
var bin struct {
	sync.Once
	dir, path string
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(bin.dir)
	os.Exit(code)
}

func build(t *testing.T) string {
	t.Helper()
	bin.Do(func() { buildIn(t) })
	if bin.path == "" {
		t.Fatal("capstan could not be built")
	}
	return bin.path
}

// buildIn builds capstan. It first looks at the sources, which tells the go
// command that this test's result depends on them.
func buildIn(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"capabilities", "cmd", "diag", "engine", "internal", "operations", "spec"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(name string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if bin.dir, err = os.MkdirTemp("", "capstan-"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(bin.dir, "capstan")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", path, "../../cmd/capstan")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	bin.path = path
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
