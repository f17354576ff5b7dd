package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// The onboarding is run against the official emulator of its API while workers and the
// Temporal server are killed, and the operator settles what is in doubt. Every run ends with
// the outputs of its own organization, of which there is one, and has requested one link.
// CAPSTAN_TEMPORAL_STORM=1 has 300 runs, 60 kills of workers and 3 of the server.
// CAPSTAN_SEED chooses the times of the kills.
func TestStorm(t *testing.T) {
	t.Parallel() // most of it is waiting
	s := &storm{runs: 10, kills: 4, crashes: 1, patience: 2 * time.Minute}
	if os.Getenv("CAPSTAN_TEMPORAL_STORM") != "" {
		s.runs, s.kills, s.crashes, s.patience = 300, 60, 3, 15*time.Minute
	}
	s.begin(t)
	ctx, cancel := context.WithTimeout(t.Context(), s.patience)
	defer cancel()
	operated := make(chan error, 1)
	go func() {
		defer cancel()
		operated <- s.operate(ctx)
	}()
	s.rage(ctx, t)
	raged := time.Now()
	for over := false; !over; {
		select {
		case err := <-operated:
			if over = true; err != nil {
				t.Fatal(err)
			}
		case <-time.After(5 * time.Second):
			s.revive(ctx, t)
		}
	}
	t.Logf("all runs had ended %v after the last kill", time.Since(raged).Round(time.Second))
	s.check(t)
}

// storm is a Temporal server, workers, a face and an API. Its runs are those of one operator.
type storm struct {
	runs, kills, crashes int
	patience             time.Duration

	*shell
	rand    *rand.Rand
	api     *emulator
	server  *devserver.Server
	workers []*exec.Cmd

	progress atomic.Int64 // runs that started, and runs that ended
	settled  atomic.Int64 // links in doubt
	happened atomic.Int64 // those of them that the emulator had been asked for
}

// often has the polls look more often, for which serve has no flag.
const often = `overlay: 1.0.0
info: {title: Looks often, version: 1.0.0}
actions:
  - {target: "$.steps[?@.id == 'poll-connection-active']", update: {every: 200ms}}
  - {target: "$.steps[?@.id == 'verify-directory']", update: {every: 200ms}}
  - {target: "$.steps[?@.id == 'verify-directory-users']", update: {every: 200ms}}
`

const (
	workosKey = "sk_test_default" // the emulator's
	testKey   = "one:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	atWork    = 3 // workers
)

// begin starts everything.
func (s *storm) begin(t *testing.T) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("CAPSTAN_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("CAPSTAN_SEED=%d", seed)
	s.rand = rand.New(rand.NewPCG(seed, 0))
	s.api = startEmulator(t)
	for _, on := range []string{"POST /organizations", "POST /portal/generate_link"} {
		if err := s.api.slow(on, 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	s.server = devserver.Test(t, devserver.Options{})
	s.shell = newShell(t, s.server, "WORKOS_API_KEY="+workosKey, keyVariable+"="+testKey)
	s.file(t, "often.yaml", often)
	for range atWork {
		s.workers = append(s.workers, s.process(t, "worker"))
	}
	s.serve(t, append([]string{"b2b-enterprise-onboarding"}, s.flags()...)...)
}

// flags are those of run and serve. A request may be on its way for three seconds.
func (s *storm) flags() []string {
	return []string{"--base-url", s.api.URL, "--overlay", "often.yaml", "--request-timeout", "3s", "--pace", "none"}
}

// rage kills workers and the server, and starts others. The kills are spread over the runs,
// however fast these go, each at a random time after a part of them.
func (s *storm) rage(ctx context.Context, t *testing.T) {
	t.Helper()
	for i := range s.kills {
		for s.progress.Load() < int64(2*s.runs*i/s.kills) && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Duration(s.rand.Int64N(int64(time.Second))))
		s.revive(ctx, t)
		n := s.rand.IntN(atWork)
		s.kill(t, s.workers[n])
		s.workers[n] = s.process(t, "worker")
		if i%(s.kills/s.crashes) == s.kills/s.crashes/2 {
			s.writes(t, s.workers[n], "executing the runs") // it does not start without a server
			s.crash(t)
		}
	}
}

// revive crashes a server that does not answer. The development server, under load, is seen to
// hang on its one connection to its database, after "Namespace default is not found".
func (s *storm) revive(ctx context.Context, t *testing.T) {
	t.Helper()
	asking, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	c, err := s.server.Client(asking)
	if err == nil {
		defer c.Close()
		_, err = c.ListWorkflow(asking, &workflowservice.ListWorkflowExecutionsRequest{Namespace: s.server.Options.Namespace, PageSize: 1})
	}
	if err != nil && ctx.Err() == nil {
		t.Logf("the server is started again, since it does not answer: %v", err)
		s.crash(t)
	}
}

// crash kills the server and starts it again on its database.
func (s *storm) crash(t *testing.T) {
	t.Helper()
	err := s.server.Kill()
	if err == nil {
		s.server, err = devserver.Start(t.Context(), s.server.Options)
	}
	if err != nil {
		t.Fatal(err)
	}
	server := s.server
	t.Cleanup(func() { _ = server.Kill() })
}

// check holds what the emulator has, and what the runs yield, to what was promised.
func (s *storm) check(t *testing.T) {
	t.Helper()
	runs, err := s.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	world, err := s.api.world()
	if err != nil {
		t.Fatal(err)
	}
	requests, err := s.api.log()
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != s.runs || len(world.Organizations) != s.runs {
		t.Errorf("%d runs have %d organizations, want %d of both", len(runs), len(world.Organizations), s.runs)
	}
	for _, never := range []string{workosKey, "goroutine "} {
		if bytes.Contains(files(t, filepath.Join(s.dir, "*.log")), []byte(never)) {
			t.Errorf("a process has written %q", never)
		}
	}
	lookedUp := 0
	for _, r := range runs {
		if r.Status != "succeeded" {
			doc, err := s.show(t.Context(), r.Run)
			t.Errorf("run %s is %s: %+v, %v", r.Run, r.Status, doc.Error, err)
			continue
		}
		var own []entity
		for _, o := range world.Organizations {
			if o.Name == r.name() {
				own = append(own, o)
			}
		}
		if len(own) != 1 || own[0].ExternalID != r.Run {
			t.Errorf("run %s: the organizations %+v are called %s", r.Run, own, r.name())
			continue
		}
		s.checkOutputs(t, r, own[0], world)
		made, looked, links := count(requests, r, own[0])
		lookedUp += looked
		if made > 1+looked {
			t.Errorf("run %s: the organization was sent %d times, and looked up %d times", r.Run, made, looked)
		}
		if links != 1 {
			t.Errorf("run %s: %d links were requested", r.Run, links)
		}
	}
	t.Logf("%d runs, %d kills of workers, %d of the server: %d organizations were looked up; of %d links in doubt %d had been requested",
		s.runs, s.kills, s.crashes, lookedUp, s.settled.Load(), s.happened.Load())
}

// checkOutputs holds the outputs of a run to what its organization has.
func (s *storm) checkOutputs(t *testing.T, r entry, own entity, w world) {
	t.Helper()
	active, linked := of(w.Connections, own.ID, "active"), of(w.Directories, own.ID, "linked")
	if len(active) != 1 || len(linked) != 1 {
		t.Errorf("run %s: its organization has the active connections %v and the linked directories %v", r.Run, active, linked)
		return
	}
	want := map[string]string{
		"organization_id": own.ID, "admin_portal_link": s.link(own.ID), "connection_id": active[0].ID, "directory_id": linked[0].ID,
	}
	doc, err := s.show(t.Context(), r.Run)
	if err != nil || !maps.Equal(doc.Outputs, want) {
		t.Errorf("run %s yields %v, want %v: %v", r.Run, doc.Outputs, want, err)
	}
}

// count counts the requests of a run: for an organization, those that look it up, and for
// links.
func count(requests []sent, r entry, own entity) (made, looked, links int) {
	for _, q := range requests {
		var body struct {
			ExternalID   string `json:"external_id"`
			Organization string
		}
		_ = json.Unmarshal([]byte(q.Body), &body) // a GET has none
		switch {
		case q.Method == "POST" && q.Path == "/organizations" && body.ExternalID == r.Run:
			made++
		case q.Method == "GET" && q.Path == "/organizations/external_id/"+r.Run:
			looked++
		case q.Method == "POST" && q.Path == "/portal/generate_link" && body.Organization == own.ID:
			links++
		}
	}
	return made, looked, links
}

// link is the portal link of an organization, as the emulator makes it.
func (s *storm) link(organization string) string { return s.api.URL + "/portal/sso/" + organization }
