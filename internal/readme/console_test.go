package readme

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// command is one command of a console block and what the page says it prints.
type command struct {
	line   int
	args   []string
	output string
}

// TestConsole runs the commands of every console block, "go run" in the
// repository's root and capstan in the page's own folder or in a copy of the one that it
// names, without credentials and in a home of their own. It asks what `capstan serve ... &`
// serves as `curl` would, and compares what they print (stdout and stderr as
// a terminal mixes them) with the page. "..." in the page stands for any text,
// and alone on a line for any lines. `$ echo $?` shows the exit code; a command
// without one must exit 0. What "go run" adds when a program fails, the line
// "exit status N", is the code where the page shows it.
//
// `go test ./...` is only checked to be there: these tests are part of it.
func TestConsole(t *testing.T) {
	bin := build(t)
	for _, p := range pages(t) {
		dir, served := p.workspace(t), &server{}
		for _, b := range p.blocks("console") {
			commands, err := parseConsole(b)
			if err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
			for i, c := range commands {
				if c.isStatus() || slices.Equal(c.args, []string{"go", "test", "./..."}) {
					continue
				}
				if c.isBackground() {
					served.start(t, bin, dir, c)
					continue
				}
				t.Run(fmt.Sprintf("%s:%d", p.name, c.line), func(t *testing.T) {
					switch {
					case c.isCurl():
						served.curl(t, dir, c)
						return
					case c.isCat():
						c.cat(t, dir)
						return
					}
					wantCode := "0\n"
					if i+1 < len(commands) && commands[i+1].isStatus() {
						wantCode = commands[i+1].output
					}
					if shown, code, ok := c.failsUnderGoRun(); ok {
						c.output, wantCode = shown, code
					}
					check(t, bin, dir, c, wantCode)
				})
			}
		}
	}
}

func check(t *testing.T, bin, dir string, c command, wantCode string) {
	t.Helper()
	cmd := exec.Command(bin, c.capstanArgs(bin)...)
	if c.args[0] == "go" && !c.runsCapstan() {
		cmd = exec.Command("go", c.args[1:]...)
	}
	if cmd.Dir = dir; c.args[0] == "go" {
		cmd.Dir = root
	}
	cmd.Env = environment(t, cmd.Path == bin)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := fmt.Sprintln(cmd.ProcessState.ExitCode()); code != wantCode {
		t.Errorf("exit code %swant %s%s", code, wantCode, out)
	}
	got := strings.ReplaceAll(string(out), "\r\n", "\n")
	c.compare(t, got)
}

// failsUnderGoRun splits what a page shows for a "go run" that fails into what
// the program prints and its exit code. "go run" itself exits with 1.
func (c command) failsUnderGoRun() (shown, code string, ok bool) {
	lines := strings.SplitAfter(strings.TrimSuffix(c.output, "\n"), "\n")
	last := lines[len(lines)-1]
	code, ok = strings.CutPrefix(last, "exit status ")
	return strings.Join(lines[:len(lines)-1], ""), code + "\n", ok && c.args[0] == "go"
}

func (c command) isStatus() bool { return slices.Equal(c.args, []string{"echo", "$?"}) }

func (c command) runsCapstan() bool {
	return c.args[0] == "capstan" || len(c.args) > 2 && slices.Equal(c.args[:3], []string{"go", "run", "./cmd/capstan"})
}

func (c command) capstanArgs(bin string) []string {
	if c.args[0] == "go" && c.runsCapstan() {
		return c.args[3:]
	}
	return c.args[1:]
}

// parseConsole splits a block into commands. Words may be quoted with ' or ";
// there is no other shell syntax, so that the tests run on any system.
func parseConsole(b block) (out []command, err error) {
	word := regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
	lines := strings.Split(strings.TrimSuffix(b.text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		for strings.HasPrefix(line, "$ ") && strings.HasSuffix(line, " \\") && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, "\\") + lines[i]
		}
		text, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			args := word.FindAllString(text, -1)
			for i, arg := range args {
				args[i] = strings.Trim(arg, `'"`)
			}
			c := command{line: b.line + i + 1, args: args}
			if !c.runsCapstan() && args[0] != "go" && !c.isStatus() && !c.isCurl() && !c.isCat() {
				return out, fmt.Errorf("line %d: cannot check %q; use a sh block for what is not run", c.line, text)
			}
			out = append(out, c)
		case len(out) == 0:
			return nil, fmt.Errorf("line %d: a console block starts with a command", b.line+i+1)
		default:
			out[len(out)-1].output += line + "\n"
		}
	}
	return out, nil
}

// pattern turns what a page shows into an expression for what was printed.
func pattern(shown string) *regexp.Regexp {
	var b strings.Builder
	for line := range strings.Lines(shown) {
		if line == "...\n" {
			b.WriteString(`(?s:.*)`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `[^\n]*`))
	}
	return regexp.MustCompile(`\A` + b.String() + `\z`)
}

// environment is the caller's without credentials, terminal tricks, or a state
// directory in which somebody keeps runs. capstan gets a whole home of its own;
// the go command needs the caller's for its caches.
func environment(t *testing.T, ownHome bool) []string {
	t.Helper()
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "WORKOS_") || strings.HasPrefix(kv, "COLUMNS=")
	})
	home := t.TempDir()
	env = append(env, "NO_COLOR=1", "XDG_STATE_HOME="+home)
	if ownHome {
		env = append(env, "HOME="+home, "XDG_CACHE_HOME="+home, "LocalAppData="+home)
	}
	return env
}

func build(t *testing.T) string {
	t.Helper()
	dependOnSources(t)
	bin := filepath.Join(t.TempDir(), "capstan")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/capstan")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// dependOnSources looks at every file of the binary, which tells the go command
// that this test's result depends on them: what `go build` reads it does not see.
func dependOnSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"capabilities", "cmd", "diag", "engine", "internal", "operations", "spec"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = os.Stat(name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFailsUnderGoRun(t *testing.T) {
	c := command{args: []string{"go", "run", "./cmd/capstan"}, output: "a problem\nexit status 3\n"}
	if shown, code, ok := c.failsUnderGoRun(); shown != "a problem\n" || code != "3\n" || !ok {
		t.Errorf("%q, %q, %v", shown, code, ok)
	}
	c.output = "exit status 3 is what it is\nall is well\n"
	if _, _, ok := c.failsUnderGoRun(); ok {
		t.Error("a success is taken for a failure")
	}
}

func TestPattern(t *testing.T) {
	for _, test := range []struct {
		shown, got string
		want       bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "b\n", false},
		{"a\n", "a\nb\n", false},
		{"id: org_...\n", "id: org_01\n", true},
		{"id: org_...\n", "id: org_01\nmore\n", false},
		{"a\n...\nz\n", "a\nb\nc\nz\n", true},
		{"a\n...\nz\n", "a\nz\n", true},
		{"a.c\n", "abc\n", false},
	} {
		if got := pattern(test.shown).MatchString(test.got); got != test.want {
			t.Errorf("%q shown for %q: %v", test.shown, test.got, got)
		}
	}
}
