package runs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// fullDisk keeps nothing new while it is full.
type fullDisk struct {
	durable.Runtime
	full atomic.Bool
}

func (d *fullDisk) fault() error {
	if d.full.Load() {
		return errors.New("write /srv/capstan/runs.db: no space left on device")
	}
	return nil
}

func (d *fullDisk) Start(ctx context.Context, s durable.Spec, signals ...durable.Signal) error {
	if err := d.fault(); err != nil {
		return err
	}
	return d.Runtime.Start(ctx, s, signals...)
}

func (d *fullDisk) Cancel(ctx context.Context, id string) error {
	if err := d.fault(); err != nil {
		return err
	}
	return d.Runtime.Cancel(ctx, id)
}

func TestAFullDiskIsSaidAndEndsBeingReady(t *testing.T) {
	disk := &fullDisk{Runtime: memory.NewRuntime(memory.RuntimeOptions{})}
	t.Cleanup(func() { disk.Close() })
	s := serveWith(t, disk, &engine.Options{Mock: true}, live.Options{NoDrive: true}, runs.Options{})
	start := "/capabilities/" + onboarding + "/runs"
	run := s.ask("POST", start, acme).want(t, http.StatusAccepted).header.Get("Location")
	disk.full.Store(true)
	s.ask("GET", "/health/ready", "").want(t, http.StatusOK)
	for _, a := range []answer{s.ask("POST", start, acme), s.ask("POST", start, acme, "Idempotency-Key", "k"), s.ask("POST", run+"/cancel", "")} {
		a.want(t, http.StatusServiceUnavailable)
		if !strings.Contains(a.text, "runs cannot be kept now") || strings.Contains(a.text, "/srv") || a.header.Get("Retry-After") == "" {
			t.Errorf("answered %v %s", a.header, a.text)
		}
	}
	s.ask("POST", start, `{"inputs": {}}`).want(t, http.StatusUnprocessableEntity) // says nothing about the disk
	a := s.ask("GET", "/health/ready", "").want(t, http.StatusServiceUnavailable)
	if strings.Contains(a.text, "/srv") {
		t.Errorf("everybody learns the path: %s", a.text)
	}
	disk.full.Store(false)
	s.ask("POST", start, acme).want(t, http.StatusAccepted)
	s.ask("GET", "/health/ready", "").want(t, http.StatusOK)
}

// Where balancers send nobody to a server that is not ready, no write would
// ever follow the one that failed.
func TestAFailedWriteIsForgottenAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &fullDisk{Runtime: memory.NewRuntime(memory.RuntimeOptions{})}
		defer disk.Close()
		s := serveWith(t, disk, &engine.Options{Mock: true}, live.Options{NoDrive: true}, runs.Options{})
		disk.full.Store(true)
		s.ask("POST", "/capabilities/"+onboarding+"/runs", acme)
		time.Sleep(59 * time.Second)
		s.ask("GET", "/health/ready", "").want(t, http.StatusServiceUnavailable)
		time.Sleep(time.Second)
		s.ask("GET", "/health/ready", "").want(t, http.StatusOK)
	})
}
