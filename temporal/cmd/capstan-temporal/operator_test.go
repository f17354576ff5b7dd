package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The operator of a storm starts runs, does what is a person's part in them, and settles
// what is in doubt, by the command line and by the REST API in turn. What fails while the
// server is away is tried again.

// entry is a run as runs list -o json has it.
type entry struct {
	Run     string
	Status  string
	Labels  map[string]string
	Due     *time.Time
	Waiting *struct{ Step, Reason string }
}

func (e entry) ended() bool {
	return !slices.Contains([]string{"running", "waiting", "in_doubt"}, e.Status)
}

// n is the number of the run in the storm, by which it is found.
func (e entry) n() int {
	n, _ := strconv.Atoi(e.Labels["storm"])
	return n
}

// name is that of the run's organization.
func (e entry) name() string { return organization(e.n()) }

func organization(n int) string { return fmt.Sprint("Storm ", n) }

// document is a run as runs show -o json and the REST API have it.
type document struct {
	Status  string
	Outputs map[string]string
	Waiting *struct{ Step string }
	Error   *struct{ Step, Message string }
}

// operate returns once all runs ended. It starts as many runs at once as hands do, so that
// some are in every phase at any time.
func (s *storm) operate(ctx context.Context) error {
	for started, ended := 0, 0; ended < s.runs; {
		next := min(started+hands, s.runs)
		err := together(next-started, func(i int) error {
			return s.insist(ctx, func() error { return s.start(ctx, started+i) })
		})
		if err != nil {
			return err
		}
		started = next
		var runs []entry
		err = s.insist(ctx, func() (err error) { runs, err = s.list(ctx); return err })
		if err != nil {
			return err
		}
		open := slices.DeleteFunc(runs, entry.ended)
		ended = len(runs) - len(open)
		s.progress.Store(int64(started + ended))
		err = together(len(open), func(i int) error {
			return s.insist(ctx, func() error { return s.attend(ctx, open[i]) })
		})
		if err != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}

// hands is how many things the operator does at once.
const hands = 8

// together does n things, as many at once as there are hands.
func together(n int, do func(int) error) error {
	var all sync.WaitGroup
	free, errs := make(chan struct{}, hands), make([]error, n)
	for i := range n {
		free <- struct{}{}
		all.Go(func() {
			errs[i] = do(i)
			<-free
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// insist tries until something succeeds, or returns the last error when ctx ends.
func (s *storm) insist(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// start starts a run, every fifth by the command line.
func (s *storm) start(ctx context.Context, n int) error {
	inputs := map[string]any{"organization_name": organization(n), "domains": []string{"acme.com"}, "admin_email": "it@acme.com"}
	label := strconv.Itoa(n)
	if n%5 != 0 {
		return s.ask(ctx, "POST", "/capabilities/b2b-enterprise-onboarding/runs", map[string]any{"inputs": inputs, "labels": map[string]string{"storm": label}}, "storm-"+label, nil)
	}
	var before []entry
	if err := s.run(ctx, &before, "runs", "list", "--label", "storm="+label, "-o", "json"); err != nil || len(before) > 0 {
		return err // it was kept although the command failed
	}
	args := []string{"run", "b2b-enterprise-onboarding", "--detach", "--label", "storm=" + label}
	for name, value := range inputs {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		args = append(args, "-i", name+":="+string(text))
	}
	err := s.run(ctx, nil, append(args, s.flags()...)...)
	if err != nil {
		time.Sleep(3 * time.Second) // the list is a moment behind
	}
	return err
}

// attend does what a run waits for, as far as that is the operator's. The list is a moment
// behind, so it looks at the run itself.
func (s *storm) attend(ctx context.Context, r entry) error {
	if r.Status == "running" || r.Due != nil || r.Waiting == nil || r.Waiting.Reason == "timer" {
		return nil
	}
	doc, err := s.show(ctx, r.Run)
	switch {
	case err != nil:
		return err
	case doc.Status == "in_doubt" && doc.Error != nil:
		return s.settle(ctx, r, doc.Error.Step)
	case doc.Status != "waiting" || doc.Waiting == nil || doc.Waiting.Step != "send-portal-link":
		return nil
	case r.n()%2 == 0:
		return s.run(ctx, nil, "resume", r.Run, "--done", `send-portal-link={"sent": true}`)
	}
	return s.ask(ctx, "POST", "/runs/"+r.Run+"/steps/send-portal-link", map[string]any{"result": map[string]any{"sent": true}}, "", nil)
}

// settle says what became of the request for a link, which the emulator shows.
func (s *storm) settle(ctx context.Context, r entry, step string) error {
	if step != "generate-admin-portal-link" {
		return nil // an organization is looked up by the run itself, when it is due
	}
	world, err := s.api.world()
	if err != nil {
		return err
	}
	requests, err := s.api.log()
	if err != nil {
		return err
	}
	own := slices.IndexFunc(world.Organizations, func(o entity) bool { return o.ExternalID == r.Run })
	if own < 0 {
		return fmt.Errorf("run %s is in doubt about the link of an organization that is not there", r.Run)
	}
	_, _, links := count(requests, r, world.Organizations[own])
	answer := "--did-not-happen"
	if links > 0 {
		answer = fmt.Sprintf(`--happened={"link": %q}`, s.link(world.Organizations[own].ID))
	}
	if err := s.run(ctx, nil, "runs", "resolve", r.Run, step, answer); err != nil {
		return err
	}
	s.settled.Add(1)
	if links > 0 {
		s.happened.Add(1)
	}
	return nil
}

// list lists all runs.
func (s *storm) list(ctx context.Context) (out []entry, err error) {
	return out, s.run(ctx, &out, "runs", "list", "-o", "json")
}

// show shows where a run stands, with what is sensitive.
func (s *storm) show(ctx context.Context, run string) (out document, err error) {
	return out, s.ask(ctx, "GET", "/runs/"+run+"?show-sensitive=true", nil, "", &out)
}
