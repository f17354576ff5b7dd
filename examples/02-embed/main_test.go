package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

const file = "../../capabilities/workos/b2b-enterprise-onboarding.yaml"

func TestOnboard(t *testing.T) {
	var out strings.Builder
	if err := onboard(t.Context(), &out, file, &engine.Options{Mock: true}); err != nil {
		t.Fatal(explain(err))
	}
	want := regexp.MustCompile(`^mailing the portal link to it@acme.com
connection: conn_\w+
directory: directory_\w+
$`)
	if !want.MatchString(out.String()) {
		t.Errorf("printed:\n%s\nwant a match of:\n%s", out.String(), want)
	}
}

// A file that cannot run says why, every problem at once.
func TestExplainsWhatCannotRun(t *testing.T) {
	err := onboard(t.Context(), new(strings.Builder), file, &engine.Options{Mock: true, NoOverlay: true})
	var load *engine.LoadError
	if !errors.As(err, &load) || !strings.Contains(explain(err), "AdminPortalController_create") {
		t.Errorf("the published file without its overlay gave: %v", err)
	}
}
