//go:build e2e

package clock

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const day = 24 * 60 * 60 // seconds, as the clock is set

//go:embed setby.go.txt
var setBy string

// build builds capstan with a time.Now that adds what setBy returns.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	std := filepath.Join(strings.TrimSpace(run(t, "go", "env", "GOROOT")), "src", "time")
	source, err := os.ReadFile(filepath.Join(std, "time.go"))
	if err != nil {
		t.Fatal(err)
	}
	const now = "sec, nsec, mono := runtimeNow()"
	if strings.Count(string(source), now) == 0 {
		t.Fatalf("time.Now does not begin with %q any more", now)
	}
	write(t, filepath.Join(dir, "time.go"), strings.Replace(string(source), now, now+"; sec += setBy()", 1))
	write(t, filepath.Join(dir, "setby.go"), setBy)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(std, "time.go"):  filepath.Join(dir, "time.go"),
		filepath.Join(std, "setby.go"): filepath.Join(dir, "setby.go"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	name := filepath.Join(dir, "capstan")
	run(t, "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", name, "github.com/capstan-run/capstan/cmd/capstan")
	return name
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// libfaketime sets the clock of programs that ask libc, and not that of a Go
// program; once it does, the build with another time.Now has had its time.
func TestLibfaketimeDoesNotReachGo(t *testing.T) {
	year := strconv.Itoa(time.Now().Year() + 2)
	if got := run(t, "faketime", year+"-06-01", "date", "+%Y"); strings.TrimSpace(got) != year {
		t.Fatalf("faketime does not set the clock of date: %s", got)
	}
	file := filepath.Join(t.TempDir(), "now.go")
	write(t, file, "package main\n\nimport \"time\"\n\nfunc main() { print(time.Now().Year()) }\n")
	for _, cgo := range []string{"0", "1"} {
		name := filepath.Join(t.TempDir(), "now")
		cmd := exec.Command("go", "build", "-o", name, file)
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		out, err := exec.Command("faketime", year+"-06-01", name).CombinedOutput()
		if err != nil || string(out) == year {
			t.Errorf("CGO_ENABLED=%s: the program sees the year %s, %v", cgo, out, err)
		}
	}
}

// desk is an API, a state directory and a clock.
type desk struct {
	t   *testing.T
	bin string
	dir string
	api *httptest.Server

	mu    sync.Mutex
	asked []string
	// jobs is after how many looks the job is done.
	jobs int
	// first answers the first request of a path.
	first map[string]http.HandlerFunc
	// onLook is called at each look, with its number.
	onLook func(n int)
}

func newDesk(t *testing.T, bin string) *desk {
	d := &desk{t: t, bin: bin, dir: t.TempDir(), first: map[string]http.HandlerFunc{}, jobs: 2}
	d.api = httptest.NewServer(d)
	t.Cleanup(d.api.Close)
	write(t, filepath.Join(d.dir, "desk.yaml"), document)
	d.set(0)
	return d
}

const document = `openapi: 3.0.3
info: {title: Desk, version: '1'}
servers: [{url: http://127.0.0.1:1}]
paths:
  /jobs:
    get: {operationId: getJob, responses: {'200': {description: it, content: {application/json: {schema: {type: object, properties: {state: {type: string}}}}}}}}
  /things:
    get: {operationId: findThing, responses: {'200': {description: it, content: {application/json: {schema: {type: object}}}}}}
    post: {operationId: makeThing, responses: {'201': {description: it, content: {application/json: {schema: {type: object}}}}}}
`

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	line := r.Method + " " + r.URL.Path
	d.mu.Lock()
	d.asked = append(d.asked, line)
	n := 0
	for _, a := range d.asked {
		if a == line {
			n++
		}
	}
	h, looked := d.first[line], d.onLook
	d.mu.Unlock()
	if n == 1 && h != nil {
		h(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if line != "GET /jobs" {
		fmt.Fprint(w, `{}`)
		return
	}
	if looked != nil {
		looked(n)
	}
	fmt.Fprintf(w, `{"state": %q}`, map[bool]string{true: "done", false: "busy"}[n >= d.jobs])
}

// set sets the clock by some seconds.
func (d *desk) set(seconds int) { write(d.t, filepath.Join(d.dir, "clock"), strconv.Itoa(seconds)) }

// capstan runs the binary and wants an exit code.
func (d *desk) capstan(code int, args ...string) string {
	d.t.Helper()
	cmd := exec.Command(d.bin, args...)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "CAPSTAN_CLOCK="+filepath.Join(d.dir, "clock"), "XDG_STATE_HOME="+filepath.Join(d.dir, "state"))
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		d.t.Fatalf("capstan %s: exit code %d, want %d (%v)\n%s", strings.Join(args, " "), got, code, err, out)
	}
	return string(out)
}

// start runs a capability of one step until it waits or ends.
func (d *desk) start(code int, step string, args ...string) string {
	d.t.Helper()
	write(d.t, filepath.Join(d.dir, "run.yaml"), "name: Run\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: desk\nsteps:\n  - "+step+"\n")
	return d.capstan(code, append([]string{"run", "run.yaml", "--openapi", "desk.yaml", "--base-url", d.api.URL}, args...)...)
}

// wantAsked wants the API to have been asked that often in all.
func (d *desk) wantAsked(what string, want int) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.asked) != want {
		d.t.Errorf("%s: the API was asked %q, want %d times", what, d.asked, want)
	}
}

const polling = `{id: wait, operation: getJob, until: result.state == "done", every: 1h, timeout: 72h}`

func TestClockIsSetWhileRunsWait(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Fatal("the clock's file is read as on Unix")
	}
	bin := build(t)
	for _, by := range []int{day, -day} {
		t.Run(fmt.Sprintf("by %d seconds", by), func(t *testing.T) {
			t.Run("poll", func(t *testing.T) { leftPoll(newDesk(t, bin), by) })
			t.Run("asked to wait", func(t *testing.T) { leftAlone(newDesk(t, bin), by) })
			t.Run("lost write", func(t *testing.T) { lostWrite(newDesk(t, bin), by) })
			t.Run("stays", func(t *testing.T) { stays(newDesk(t, bin), by) })
			t.Run("prune", func(t *testing.T) { prune(newDesk(t, bin), by) })
		})
	}
	t.Run("deadline", func(t *testing.T) {
		d := newDesk(t, bin)
		d.jobs = 1000
		d.start(5, strings.Replace(polling, "72h", "2h", 1))
		d.set(-day)
		d.capstan(0, "resume", "--all") // nothing is due
		d.wantAsked("set back", 1)
		d.set(day)
		d.capstan(1, "resume", "--all") // it timed out
		d.wantAsked("set forward", 2)
	})
}

// leftPoll: what no process stays with is due by the clock, and not before.
func leftPoll(d *desk, by int) {
	d.start(5, polling)
	d.wantAsked("started", 1)
	d.set(by)
	if by < 0 {
		d.capstan(0, "resume", "--all") // nothing is due
		d.wantAsked("set back", 1)
		d.set(2 * 60 * 60)
	}
	d.capstan(0, "resume", "--all")
	d.wantAsked("due", 2)
}

// leftAlone: an API that asked to be left alone for an hour.
func leftAlone(d *desk, by int) {
	d.first["POST /things"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	d.start(5, "{id: make, operation: makeThing, key: Idempotency-Key}")
	d.set(by)
	if by < 0 {
		d.capstan(0, "resume", "--all") // nothing is due
		d.wantAsked("set back", 1)
		d.set(2 * 60 * 60)
	}
	d.capstan(0, "resume", "--all")
	d.wantAsked("due", 2)
}

// lostWrite: it is looked up, and not sent again.
func lostWrite(d *desk, by int) {
	d.first["POST /things"] = func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	out := d.start(5, "{id: make, operation: makeThing, probe: {operation: findThing}}", "--request-timeout", "3s")
	d.set(by)
	id, _, _ := strings.Cut(out[strings.Index(out, "run_"):], "\n")
	d.capstan(0, "resume", strings.Fields(id)[0])
	d.wantAsked("resumed", 2)
	if d.asked[1] != "GET /things" {
		d.t.Errorf("asked %q", d.asked)
	}
}

// stays: the clock is set under a process that stays with its run.
func stays(d *desk, by int) {
	d.jobs = 4
	d.onLook = func(n int) {
		if n == 2 {
			d.set(by)
		}
	}
	d.start(0, strings.Replace(polling, "1h", "1s", 1), "--wait")
	d.wantAsked("ended", 4)
}

// prune: ended runs go by the clock, and a run that waits stays.
func prune(d *desk, by int) {
	d.start(0, "{id: find, operation: findThing}")
	d.start(5, polling)
	d.set(by)
	d.capstan(0, "runs", "prune", "--older-than", "12h")
	left := strings.Count(d.capstan(0, "runs", "list"), "run_")
	if want := map[bool]int{true: 1, false: 2}[by > 0]; left != want {
		d.t.Errorf("%d runs are left, want %d", left, want)
	}
}
