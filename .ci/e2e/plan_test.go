//go:build e2e

package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planned is the document of `plan -o json`.
type planned struct {
	Overlays []string
	Steps    []struct {
		ID, Kind, Operation, Method, Path, Effect string
		Binds                                     []struct{ Param, From, Rule string }
		Needs                                     []string
	}
	Outputs []struct{ Name, Source, Type string }
}

func TestPlanTellsEverything(t *testing.T) {
	e, s := newEmulator(t), newShell(t)

	text := s.capstan(t, "plan", file, "--base-url", e.URL)
	text.wantCode(t, 0)
	for _, line := range []string{
		"name <- inputs.organization_name",
		"domain_data <- inputs.domains (overlay)",
		"external_id <- run.id (overlay)",
		"looked up with OrganizationsController_getByExternalId",
		"organization <- create-organization.id",
		`intent <- "sso" (step key)`,
		"organization_id <- create-organization.id",
		"directory <- verify-directory.match.id",
		"limit <- 100 (overlay)",
	} {
		if !strings.Contains(text.stdout, line) {
			t.Errorf("the plan does not say %q\n%s", line, text)
		}
	}

	out := s.capstan(t, "plan", file, "--base-url", e.URL, "-o", "json")
	out.wantCode(t, 0)
	var plan planned
	out.decode(t, &plan)
	var got []string
	for _, step := range plan.Steps {
		got = append(got, strings.TrimSpace(step.ID+" "+step.Effect+" "+step.Method+" "+step.Path))
	}
	want := []string{
		"create-organization write POST /organizations",
		"generate-admin-portal-link write POST /portal/generate_link",
		"send-portal-link",
		"poll-connection-active read GET /connections",
		"verify-directory read GET /directories",
		"verify-directory-users read GET /directory_users",
	}
	if !slices.Equal(got, want) {
		t.Errorf("steps:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(plan.Overlays) != 1 || len(plan.Outputs) != 4 {
		t.Errorf("overlays %v, %d outputs; want the built-in one and four", plan.Overlays, len(plan.Outputs))
	} else if !strings.Contains(text.stdout, plan.Overlays[0]) {
		t.Errorf("the plan does not name overlay %q\n%s", plan.Overlays[0], text)
	}
	if log := e.log(t); len(log) != 0 {
		t.Errorf("planning sent %d requests", len(log))
	}
}

func TestPlanNeedsNoCredential(t *testing.T) {
	s := newShell(t)
	s.env = slices.DeleteFunc(s.env, func(kv string) bool { return strings.HasPrefix(kv, "WORKOS_") })
	s.capstan(t, "plan", file).wantCode(t, 0)
}

// Without what scopes a list to one tenant, nothing is planned and nothing sent.
func TestTenantGuardRefuses(t *testing.T) {
	overlays := map[string]string{
		"empty filter": `
  - target: $.steps[?@.id == 'poll-connection-active']
    update: {with: {organization_id: ""}}`,
		"no filter": `
  - target: $.steps[?@.id == 'poll-connection-active']
    update: {with: {organization_id: null}}`,
		"users without their directory": `
  - target: $.steps[?@.id == 'verify-directory-users']
    update: {with: {directory: null}}`,
		"no organization": `
  - target: $.steps[?@.id == 'create-organization']
    remove: true`,
	}
	for name, actions := range overlays {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			overlay := filepath.Join(s.dir, "strip.overlay.yaml")
			write(t, overlay, "overlay: 1.0.0\ninfo: {title: Strip, version: 1.0.0}\nactions:"+actions+"\n")
			s.capstan(t, "plan", file, "--overlay", overlay).wantCode(t, 3)
			s.capstan(t, onboard(e, done, "--overlay", overlay)...).wantCode(t, 3)
			if log := e.log(t); len(log) != 0 {
				t.Errorf("%d requests were sent", len(log))
			}
		})
	}
}

func TestPublishedFileAloneIsRefused(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	out := s.capstan(t, onboard(e, done, "--no-overlay")...)
	out.wantCode(t, 3)
	out.wantStderr(t, "AdminPortalController_create", "PortalSessionsController_create", file+":")
	if log := e.log(t); len(log) != 0 {
		t.Errorf("%d requests were sent", len(log))
	}
}

// The audit trail is plannable as published, with its built-in overlay.
func TestAuditTrailIsPlanned(t *testing.T) {
	s := newShell(t)
	out := s.capstan(t, "plan", abs(t, "../../capabilities/workos/audit-everything-to-siem.yaml"), "-o", "json")
	out.wantCode(t, 0)
	var plan planned
	out.decode(t, &plan)
	for _, o := range plan.Outputs {
		if strings.HasPrefix(o.Source, "emit-event.id") {
			t.Errorf("output %s reads %s, which the API never answers", o.Name, o.Source)
		}
	}
}

func TestAgentScopedAuthenticationIsRefused(t *testing.T) {
	s := newShell(t)
	out := s.capstan(t, "validate", abs(t, "../../capabilities/workos/agent-scoped-authentication.yaml"))
	out.wantCode(t, 3)
	if !strings.Contains(out.stdout+out.stderr, "PipesController_create") {
		t.Errorf("the missing operation is not named\n%s", out)
	}
}

func abs(t *testing.T, name string) string {
	t.Helper()
	name, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
