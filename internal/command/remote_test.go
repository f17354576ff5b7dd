package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

// harbour is a server whose runs are in memory, with one worker.
type harbour struct {
	durable.Runtime
	worker *engine.Runner
	places []Place
}

func newHarbour(t *testing.T) (*harbour, Options) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	h := &harbour{Runtime: rt, worker: engine.NewRunner(&engine.Options{Runtime: rt})}
	return h, Options{Name: "capstan-harbour", Form: "harbour://HOST", Open: func(_ context.Context, p Place) (*Remote, error) {
		h.places = append(h.places, p)
		return &Remote{Runtime: h, Where: "the harbour", Unattended: func(context.Context) bool { return false }}, nil
	}}
}

func (h *harbour) Close() error { return nil }

func (h *harbour) Drive(ctx context.Context, id string, _ durable.Executor, o durable.DriveOptions) (durable.State, error) {
	for {
		_, _ = h.worker.Resume(ctx, id, nil) // its error is in the state
		s, err := h.Get(ctx, id)
		waiting := s.Status == durable.StatusWaiting
		running := s.Status == durable.StatusRunning // it was signalled between the two lines above
		if err != nil || !running && !(waiting && o.MaxBlock < 0) || ctx.Err() != nil {
			return s, cmp.Or(err, ctx.Err())
		}
		time.Sleep(time.Millisecond)
	}
}

// as runs a command line of o, with the variables of env.
func as(t *testing.T, o Options, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	a, out, errs := newTestApp("")
	a.io.Getenv = func(name string) string { return env[name] }
	code = runAs(t.Context(), args, a.io, o)
	return code, out.String(), errs.String()
}

var onboard = []string{
	"run", "b2b-enterprise-onboarding", "--mock", "-i", "organization_name=Acme", "-i", "domains=acme.com", "-i", "admin_email=it@acme.com",
}

// The runs of a server are followed: events, results, exit codes and hints are those of runs
// that are executed here.
func TestRunsOfAServer(t *testing.T) {
	h, o := newHarbour(t)
	at := []string{"--runtime", "harbour://quay"}
	code, _, stderr := as(t, o, nil, slices.Concat(onboard, at)...)
	runs, err := h.List(t.Context(), durable.Filter{})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v\n%s", runs, err, stderr)
	}
	id := runs[0].ID
	for _, want := range []string{
		"✓ create-organization  POST /organizations  201", "✓ generate-admin-portal-link",
		"then: capstan-harbour resume " + id + " --runtime harbour://quay --done send-portal-link",
	} {
		if code != exitWaiting || !strings.Contains(stderr, want) {
			t.Errorf("exit %d, no %q in\n%s", code, want, stderr)
		}
	}
	if n := strings.Count(stderr, "✓ create-organization"); n != 1 {
		t.Errorf("an event is shown %d times:\n%s", n, stderr)
	}
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"runs", "list"}, exitDone, id},
		{[]string{"runs", "show", id[:8]}, exitDone, "capstan-harbour resume " + id + " --runtime harbour://quay --done send-portal-link"},
		{[]string{"runs", "show", "nope"}, exitUsage, "capstan-harbour runs list --runtime harbour://quay shows the runs"},
		{[]string{"runs", "backup", "file"}, exitUsage, "those of a server are in its database"},
		{[]string{"runs", "rekey"}, exitUsage, "those of a server get another key from its workers"},
		{[]string{"resume", id, "--timeout", "1h"}, exitUsage, "workers execute the run, with those that it was started with"},
		{[]string{"resume", id, "--request-timeout", "1m"}, exitUsage, "= hint: start runs with them: capstan-harbour run FILE --timeout 30m"},
		{[]string{"resume", "--help"}, exitDone, "With --runtime, workers execute the run: --timeout, --request-timeout and --on-external\nare not taken"},
		{[]string{"resume", id, "--on-external", "send-portal-link=exec:true"}, exitUsage, "the run is executed by a worker"},
		{[]string{"runs", "resolve", id, "create-organization", "--did-not-happen"}, exitUsage, "capstan-harbour runs show " + id + " --runtime"},
		{[]string{"resume", id, "--done", "send-portal-link"}, exitDone, "✓ verify-directory-users"},
		{append(slices.Clone(onboard), "--state", "here"), exitUsage, "--runtime and --state exclude each other"},
		{append(slices.Clone(onboard), "--detach"), exitDone, "a worker executes it; to follow it: capstan-harbour resume run_"},
	} {
		code, stdout, stderr := as(t, o, nil, slices.Concat(test.args, at)...)
		if code != test.code || !strings.Contains(stdout+stderr, test.want) {
			t.Errorf("%q: exit %d, no %q in\n%s%s", test.args, code, test.want, stdout, stderr)
		}
	}
	if n := len(h.places); n == 0 || h.places[0].URL != "harbour://quay" || h.places[0].Work {
		t.Errorf("opened %+v", h.places)
	}
}

// A person who follows a run is asked for what it waits for, and the answer is sent to it.
func TestFollowerIsAsked(t *testing.T) {
	h, o := newHarbour(t)
	person := newTerminal(t)
	ended := make(chan int, 1)
	go func() {
		ended <- runAs(context.Background(), append(slices.Clone(onboard), "--runtime", "harbour://quay"), person.streams, o)
	}()
	person.await("Email the Admin Portal link")
	person.await("done? ")
	fmt.Fprintln(person, "y")
	if code := <-ended; code != exitDone || !strings.Contains(person.out(), "connection_id: ") {
		t.Errorf("exit %d, outputs %q", code, person.out())
	}
	runs, err := h.List(t.Context(), durable.Filter{Status: []durable.Status{durable.StatusSucceeded}})
	if err != nil || len(runs) != 1 {
		t.Errorf("%v, %v", runs, err)
	}
}

// Whoever stops following a run leaves it to the workers.
func TestFollowerLeaves(t *testing.T) {
	h, o := newHarbour(t)
	a, _, errs := newTestApp("")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- runAs(ctx, append(slices.Clone(onboard), "--runtime", "harbour://quay", "--wait"), a.io, o)
	}()
	for {
		runs, err := h.List(t.Context(), durable.Filter{Status: []durable.Status{durable.StatusWaiting}})
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if code := <-ended; code != exitInterrupted || !strings.Contains(errs.String(), "left; workers go on with the run. To follow it again: capstan-harbour resume run_") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// The variable has the server where no flag has a place, and is not repeated in commands.
func TestRuntimeVariable(t *testing.T) {
	h, o := newHarbour(t)
	env := map[string]string{runtimeVariable: "harbour://quay"}
	code, _, stderr := as(t, o, env, onboard...)
	if code != exitWaiting || len(h.places) != 1 || strings.Contains(stderr, "--runtime") {
		t.Errorf("exit %d, opened %v:\n%s", code, h.places, stderr)
	}
	if code, _, _ := as(t, o, env, append(onboard, "--state", noState)...); code != exitWaiting || len(h.places) != 1 {
		t.Errorf("exit %d, opened %v", code, h.places)
	}
	if code, _, stderr := as(t, Options{}, env, append(onboard, "--runtime", "harbour://quay")...); code != exitUsage || !strings.Contains(stderr, "--runtime") {
		t.Errorf("capstan: exit %d\n%s", code, stderr)
	}
}

// A worker checks the files that it is given before it opens anything.
func TestWorkerChecksFiles(t *testing.T) {
	h, o := newHarbour(t)
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--parallel", "0"}, exitUsage, "--parallel 0"},
		{[]string{"--state", "x"}, exitUsage, "--state"},
		{[]string{"nowhere.yaml"}, exitInvalid, "nowhere.yaml does not exist"},
		{[]string{dir}, exitUsage, "there is nothing that could be run"},
	} {
		code, _, stderr := as(t, o, nil, append([]string{"worker"}, test.args...)...)
		if code != test.code || !strings.Contains(stderr, test.want) || len(h.places) > 0 {
			t.Errorf("%q: exit %d, opened %v, no %q in\n%s", test.args, code, h.places, test.want, stderr)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	a, _, errs := newTestApp("")
	cancel()
	code := runAs(ctx, []string{"worker", "b2b-enterprise-onboarding", "--address", "quay:1", "--namespace", "north", "--task-queue", "q"}, a.io, o)
	if code != exitDone || !strings.Contains(errs.String(), "set WORKOS_API_KEY") || !strings.Contains(errs.String(), "executing the runs of the harbour") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if p := h.places[0]; p.Address != "quay:1" || p.Namespace != "north" || p.TaskQueue != "q" || !p.Work {
		t.Errorf("opened %+v", p)
	}
}

// The help of another command is complete, and shows its own name.
func TestHelpOfAnotherCommand(t *testing.T) {
	_, o := newHarbour(t)
	a, _, _ := newTestApp("")
	a.own = o
	root := a.root()
	if root.PersistentFlags().Lookup("runtime") == nil {
		t.Error("there is no --runtime")
	}
	var visit func(cmd *cobra.Command)
	seen := map[string]bool{}
	visit = func(cmd *cobra.Command) {
		seen[cmd.Name()] = true
		text := cmd.Long + cmd.Example + cmd.LocalFlags().FlagUsages()
		for _, name := range []string{"run", "runs", "resume", "serve", "plan", "worker"} {
			if strings.Contains(text, "capstan "+name) {
				t.Errorf("%s: the help has capstan %s", cmd.CommandPath(), name)
			}
		}
		if cmd.Short == "" || cmd.Example == "" && cmd.Name() != "version" {
			t.Errorf("%s lacks a description or an example", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(root)
	if !seen["worker"] {
		t.Error("there is no worker")
	}
}
