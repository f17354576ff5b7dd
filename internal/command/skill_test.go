package command

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shippedSkill writes a skill and changes to its folder.
func shippedSkill(t *testing.T, what string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	out := mustCapstan(t, exitDone, "", "skill", what, "-o", dir)
	t.Chdir(strings.TrimSpace(out))
}

// mustCapstan runs a command in process and returns its stdout.
func mustCapstan(t *testing.T, want int, stdin string, args ...string) string {
	t.Helper()
	code, stdout, stderr := inProcess(t, stdin, args)
	if code != want {
		t.Fatalf("capstan %q: exit %d, want %d\n%s%s", args, code, want, stdout, stderr)
	}
	return stdout
}

func inProcess(t *testing.T, stdin string, args []string) (code int, stdout, stderr string) {
	a, out, errs := newTestApp(stdin)
	with := *a.io
	with.Err, with.Getenv = errs, os.Getenv
	return run(t.Context(), args, &with), out.String(), errs.String()
}

// commandsIn returns the command lines of every shell block below a folder, in
// the order of files and lines.
func commandsIn(t *testing.T, dir string) []string {
	t.Helper()
	block := regexp.MustCompile("(?s)```sh\n(.*?)\n```")
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, strings.Split(m[1], "\n")...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// shellWords splits a command line as a POSIX shell does, as far as skills go: plain
// words, single quotes, and "$RUN".
func shellWords(t *testing.T, line, run string) []string {
	t.Helper()
	word := regexp.MustCompile(`^(?:'([^']*)'|\\(.)|"(\$RUN)"|([A-Za-z0-9_./:@%+=,-]+))`)
	var out []string
	started := false
	for rest := line; rest != ""; {
		if rest[0] == ' ' {
			rest, started = rest[1:], false
			continue
		}
		m := word.FindStringSubmatch(rest)
		if m == nil {
			t.Fatalf("a shell takes this otherwise than it is meant: %s", rest)
		}
		part := m[1] + m[2] + strings.Replace(m[3], "$RUN", run, 1) + m[4]
		if started {
			out[len(out)-1] += part
		} else {
			out = append(out, part)
		}
		rest, started = rest[len(m[0]):], true
	}
	return out
}

// Every command of the WorkOS skill can be run: the mock answers it, or says
// that what the example names is not there.
func TestCommandsOfTheWorkOSSkill(t *testing.T) {
	shippedSkill(t, "workos")
	ran, missing := 0, 0
	for _, line := range commandsIn(t, ".") {
		stdin := ""
		if text, rest, piped := strings.Cut(line, " | capstan "); piped {
			stdin, line = shellWords(t, strings.TrimPrefix(text, "printf %s "), "")[0], "capstan "+rest
		}
		args := shellWords(t, line, "")[1:]
		if args[0] == "call" && !slices.Contains(args, "--mock") {
			args = append(args, "--mock", "--strict-responses")
		}
		code, stdout, stderr := inProcess(t, stdin, args)
		switch {
		case code == exitDone:
		case code == exitFailed && strings.Contains(stderr, "answered 404 "):
			missing++
		default:
			t.Errorf("%s\nexit %d\n%s%s", line, code, stdout, stderr)
		}
		ran++
	}
	if ran < 212 || missing > ran/2 {
		t.Errorf("%d commands, %d of them for what the mock does not have", ran, missing)
	}
	t.Logf("%d commands, %d of them for what the mock does not have", ran, missing)
}

// The rehearsal of a skill needs no credential and comes to the end.
func TestSkillsRehearse(t *testing.T) {
	own, err := filepath.Abs("../../examples/03-own-api/register-ship.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"audit-everything-to-siem", "b2b-enterprise-onboarding", own} {
		shippedSkill(t, what)
		for _, line := range commandsIn(t, ".") {
			if strings.Contains(line, " --mock ") {
				mustCapstan(t, exitDone, "", shellWords(t, line, "")[1:]...)
			}
		}
	}
}

// The commands of the onboarding skill, in its order, on a run of the mock.
func TestCommandsOfTheOnboardingSkill(t *testing.T) {
	shippedSkill(t, "b2b-enterprise-onboarding")
	var got []string
	run := ""
	for _, line := range commandsIn(t, ".") {
		args := shellWords(t, line, run)[1:]
		real := args[0] == "run" && !slices.Contains(args, "--mock")
		if real {
			args = append(args, "--mock")
		}
		code, stdout, stderr := inProcess(t, "", args)
		if real {
			run = runID.FindString(stderr)
		}
		verb := args[0]
		if verb == "runs" {
			verb += " " + args[1]
		}
		if slices.Contains(args, "--done") && verb == "resume" {
			verb += " --done"
		}
		got = append(got, verb+" "+exitName(code))
		if strings.Contains(stdout+stderr, "https://setup.workos.com") {
			t.Errorf("%s shows the portal link:\n%s%s", line, stdout, stderr)
		}
	}
	want := []string{
		"validate done", "plan done", "run done", // the rehearsal
		"run waiting",
		"runs list done", "runs show done", "resume waiting", "runs cancel done",
		"resume --done failed", // cancelled by the line before
		"runs resolve failed", "runs resolve failed", "runs resolve failed", "runs resolve failed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// A person's step is finished, and a lost answer settled, with the lines that
// the skill has for it.
func TestTheOnboardingSkillFinishesAndSettles(t *testing.T) {
	shippedSkill(t, "b2b-enterprise-onboarding")
	lines := commandsIn(t, ".")
	line := func(has string) string {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, has) })
		if i < 0 {
			t.Fatalf("no command has %q", has)
		}
		return lines[i]
	}
	start := shellWords(t, line("--non-interactive"), "")[1:]

	_, _, stderr := inProcess(t, "", append(start, "--mock"))
	mustCapstan(t, exitDone, "", shellWords(t, line("--done send-portal-link"), runID.FindString(stderr))[1:]...)

	t.Setenv("WORKOS_API_KEY", "sk_test_1")
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/organizations" {
			panic(http.ErrAbortHandler) // the answer is lost
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"object":"organization","id":"org_1","name":"Example Inc"}`))
	}))
	defer upstream.Close()
	code, _, stderr := inProcess(t, "", append(slices.Clone(start), "--base-url", upstream.URL))
	if code != exitWaiting {
		t.Fatalf("a lost answer: exit %d\n%s", code, stderr)
	}
	run := runID.FindString(stderr)
	mustCapstan(t, exitDone, "", shellWords(t, line("resolve \"$RUN\" generate-admin-portal-link '--happened"), run)[1:]...)
	mustCapstan(t, exitWaiting, "", shellWords(t, line("capstan resume"), run)[1:]...) // for the person, now
}

var runID = regexp.MustCompile(`run_[0-9a-z]{26}`)

func exitName(code int) string {
	switch code {
	case exitDone:
		return "done"
	case exitFailed:
		return "failed"
	case exitWaiting:
		return "waiting"
	case exitInterrupted:
		return "130"
	}
	return "other"
}
