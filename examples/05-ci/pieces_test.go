package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// broken is a project whose capability has a misspelt operation.
func broken(t *testing.T) string {
	t.Helper()
	dir := project(t)
	name := filepath.Join(dir, "capabilities", "register-ship.yaml")
	text := strings.Replace(read(t, name), "operation: ships.register", "operation: ships.regster", 1)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sh runs a command line in a project, with capstan on the path.
func sh(t *testing.T, dir, line string, env ...string) (out string, code int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the pieces run in a Unix shell")
	}
	bin := build(t)
	cmd := capstan(t, "bash", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(append(cmd.Env, "PATH="+filepath.Dir(bin)+string(os.PathListSeparator)+os.Getenv("PATH"), "CAPSTAN_BINARY="+bin), env...)
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func match(t *testing.T, file, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s has no %s", file, pattern)
	}
	return m[1]
}

// The action's script is run with the variables that the action gives it.
func TestAction(t *testing.T) {
	action := read(t, "../../action.yml")
	if !strings.Contains(action, `run: '"$GITHUB_ACTION_PATH/.github/validate.sh"'`) {
		t.Fatal("the action runs another script")
	}
	script := read(t, "../../.github/validate.sh")
	for _, m := range regexp.MustCompile(`CAPSTAN_\w+`).FindAllString(script, -1) {
		if m != "CAPSTAN_" && !strings.Contains(action, m+": ${{ inputs.") {
			t.Errorf("the action does not set %s", m)
		}
	}
	for _, m := range regexp.MustCompile(`inputs\.([\w-]+)`).FindAllStringSubmatch(action, -1) {
		if !strings.Contains(action, "\n  "+m[1]+":\n") {
			t.Errorf("the action has no input %s", m[1])
		}
	}

	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	run := func(dir, paths, changed string) (out, summary, sarif, output string, code int) {
		temp := t.TempDir()
		out, code = sh(t, dir, `"$GITHUB_ACTION_PATH/.github/validate.sh"`,
			"GITHUB_ACTION_PATH="+root, "RUNNER_TEMP="+temp, "GITHUB_STEP_SUMMARY="+temp+"/summary", "GITHUB_OUTPUT="+temp+"/output",
			"CAPSTAN_PATHS="+paths, "CAPSTAN_CHANGED="+changed, "CAPSTAN_FAIL_ON=error", "CAPSTAN_MAX_WARNINGS=-1")
		return out, read(t, temp+"/summary"), read(t, temp+"/capstan.sarif"), read(t, temp+"/output"), code
	}
	out, summary, sarif, _, code := run(project(t), ".", "origin/")
	if code != 0 || strings.Contains(out, "::error") || !strings.Contains(summary, "0 errors") || !strings.Contains(sarif, `"results": [`) {
		t.Errorf("a good project: exit %d\n%s\n%s", code, out, summary)
	}
	out, summary, sarif, output, code := run(broken(t), "capabilities/register-ship.yaml\ncapabilities/*.yaml\n", "")
	if code != 3 || strings.Count(out, "title=unknown-operation::") != 1 || !strings.Contains(out, "::error file=capabilities/register-ship.yaml,line=") || !strings.Contains(summary, "ships.regster") ||
		!strings.Contains(sarif, `"uri":"capabilities/register-ship.yaml"`) || !strings.Contains(output, "sarif=/") {
		t.Errorf("a broken project: exit %d, output %s\n%s\n%s", code, output, out, summary)
	}
	if out, _, _, _, code := run(broken(t), "--format=text", ""); code == 0 || strings.Contains(out, "regster") {
		t.Errorf("a path was taken for a flag: exit %d\n%s", code, out)
	}
}

func TestGitLab(t *testing.T) {
	line := match(t, "gitlab.yml", `(?m)^    - (capstan validate .*)$`)
	for _, artifact := range []string{"gl-capstan.json", "capstan-junit.xml"} {
		if !strings.Contains(line, "="+artifact) || !strings.Contains(read(t, "gitlab.yml"), ": "+artifact+"\n") {
			t.Errorf("%s is not kept", artifact)
		}
	}
	dir := broken(t)
	out, code := sh(t, dir, line, "CAPSTAN_ARGS=. --max-warnings 0")
	if code != 3 || !strings.Contains(out, `"ships.regster"`) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if quality := read(t, filepath.Join(dir, "gl-capstan.json")); !strings.Contains(quality, `"path":"capabilities/register-ship.yaml"`) {
		t.Errorf("%s", quality)
	}
	if tests := read(t, filepath.Join(dir, "capstan-junit.xml")); !strings.Contains(tests, "<failure ") {
		t.Errorf("%s", tests)
	}
}

func TestPreCommit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	entry := match(t, "../../.pre-commit-hooks.yaml", `(?m)^  entry: (.* validate .*)$`)
	files := regexp.MustCompile(match(t, "../../.pre-commit-hooks.yaml", `(?m)^  files: (.*)$`))
	for name, wanted := range map[string]bool{"a/b.yaml": true, ".capstan.yaml": true, "openapi/x.json": true, "main.go": false} {
		if files.MatchString(name) != wanted {
			t.Errorf("%s: %v", name, !wanted)
		}
	}
	git := "git -c user.name=Ada -c user.email=ada@example.com "
	dir := project(t)
	if out, code := sh(t, dir, "git init -q . && git add . && "+git+"commit -q -m base"); code != 0 {
		t.Fatal(out)
	}
	if out, code := sh(t, dir, "echo 'a: [' >other.yaml && git add . && "+entry); code != 0 {
		t.Errorf("other YAML: exit %d\n%s", code, out)
	}
	if out, code := sh(t, dir, "sed -i.bak 's/ships.register/ships.regster/' capabilities/register-ship.yaml && git add . && "+entry); code != 3 || !strings.Contains(out, "ships.regster") {
		t.Errorf("a broken capability: exit %d\n%s", code, out)
	}
}

func TestPreCommitLayout(t *testing.T) {
	entry := match(t, "../../.pre-commit-hooks.yaml", `(?m)^  entry: (.* fmt .*)$`)
	dir := project(t)
	loose := "echo 'a: [' >other.yaml && printf 'specification: Naftiko Capability Composition\\nname: x\\n' >capabilities/x.yaml"
	if out, code := sh(t, dir, loose+" && "+entry); code != 0 || !strings.Contains(out, "capabilities/x.yaml\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if text := read(t, filepath.Join(dir, "capabilities/x.yaml")); !strings.HasPrefix(text, "name: x\n") {
		t.Errorf("%s", text)
	}
}
