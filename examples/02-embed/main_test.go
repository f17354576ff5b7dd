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
	runner := engine.NewRunner(&engine.Options{
		Mock:     true,
		External: map[string]engine.ExternalHandler{"send-portal-link": mail(&out)},
	})
	if err := onboard(t.Context(), &out, runner, file); err != nil {
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

// A file that cannot run is an error with every problem at once.
func TestExplainsWhatCannotRun(t *testing.T) {
	_, err := engine.Load(t.Context(), file, &engine.LoadOptions{NoOverlay: true})
	var load *engine.LoadError
	if !errors.As(err, &load) || !strings.Contains(explain(err), "AdminPortalController_create") {
		t.Errorf("the published file without its overlay gave: %v", err)
	}
}
