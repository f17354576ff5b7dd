package plan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// builtin finds the documents that ship; the tests here plan against WorkOS's.
func builtin(name string) (*operations.Set, error) {
	if set, ok := catalog.Builtin(name); ok {
		return set, nil
	}
	return nil, errors.New("there is no OpenAPI document for the API " + name)
}

func load(t *testing.T, name, src string, overlays ...*dialect.Overlay) (*Plan, diag.List) {
	t.Helper()
	s, problems := dialect.Read(name, []byte(src))
	if problems.HasErrors() {
		t.Fatalf("%s does not parse:\n%v", name, problems)
	}
	s, problems = s.With(overlays...)
	if problems.HasErrors() {
		t.Fatalf("the overlays do not apply:\n%v", problems)
	}
	c, decoded := s.File(spec.Options{})
	if c == nil || len(c.Units) == 0 {
		t.Fatalf("%s does not decode:\n%v", name, decoded)
	}
	p, planned := Build(c, c.Units[0], Sources{API: builtin})
	return p, append(decoded, planned...).Sort()
}

func shipped(t *testing.T, name string) (string, *dialect.Overlay) {
	t.Helper()
	f, ok := capabilities.Lookup(name)
	if !ok {
		t.Fatalf("%s does not ship", name)
	}
	for _, o := range capabilities.Overlays() {
		if filepath.Base(o.Name) == name+".overlay.yaml" {
			overlay, problems := dialect.ReadOverlay(o.Name, o.Data)
			if len(problems) > 0 {
				t.Fatalf("overlay: %v", problems)
			}
			return string(f.Data), overlay
		}
	}
	t.Fatalf("%s has no overlay", name)
	return "", nil
}

// bindings prints a plan's bindings, one a line.
func bindings(p *Plan) string {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s\n", s.ID)
		for _, x := range s.Action.Takes() {
			fmt.Fprintf(&b, "  %s <- %s (%s)\n", x.Name, x.From, x.Rule)
		}
		for _, g := range guards(s) {
			fmt.Fprintf(&b, "  guard %s on %s, exact %v\n", g.Param, g.Field, g.Exact)
		}
	}
	return b.String()
}

func TestOnboardingBindings(t *testing.T) {
	src, overlay := shipped(t, "b2b-enterprise-onboarding")
	p, problems := load(t, "b2b.yaml", src, overlay)
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	want := `create-organization
  name <- inputs.organization_name (resource name)
  domain_data <- inputs.domains (overlay)
  external_id <- run.id (overlay)
generate-admin-portal-link
  organization <- create-organization.id (step resource)
  intent <- "sso" (step key)
send-portal-link
  admin_email <- inputs.admin_email (overlay)
  link <- generate-admin-portal-link.link (overlay)
poll-connection-active
  organization_id <- create-organization.id (step resource)
  guard organization_id on organization_id, exact true
verify-directory
  organization_id <- create-organization.id (step resource)
  guard organization_id on organization_id, exact true
verify-directory-users
  limit <- 100 (overlay)
  directory <- verify-directory.match.id (step resource)
  guard directory on directory_id, exact false
`
	if d := cmp.Diff(want, bindings(p)); d != "" {
		t.Errorf("bindings (-want +got):\n%s", d)
	}
	if out := p.Outcome.Parts(); !out[1].Sensitive || out[0].Sensitive {
		t.Errorf("the portal link must be sensitive and the organization id not, got %v and %v", out[1].Sensitive, out[0].Sensitive)
	}
	if got := p.Steps[5].Needs; !cmp.Equal(got, []string{"verify-directory"}) {
		t.Errorf("verify-directory-users needs %v", got)
	}
}

func TestAuditPlans(t *testing.T) {
	src, overlay := shipped(t, "audit-everything-to-siem")
	p, problems := load(t, "audit.yaml", src, overlay)
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	want := `define-schema
  actionName <- inputs.action (overlay)
  targets <- inputs.targets (overlay)
emit-event
  organization_id <- inputs.organization_id (input name)
  event <- inputs.action, run.started_at, inputs.actor, inputs.targets, inputs.location (overlay)
stream-to-siem
query-events
  organization_id <- inputs.organization_id (input name)
  guard organization_id on , exact false
`
	if d := cmp.Diff(want, bindings(p)); d != "" {
		t.Errorf("bindings (-want +got):\n%s", d)
	}
	if s := p.Steps[1].Operation(); s.Policy != "keyed" || s.KeyHeader != "idempotency-key" {
		t.Errorf("emit-event: policy %s, key header %q; the document gives it an idempotency key", s.Policy, s.KeyHeader)
	}
}

func TestAgentScopedIsRefused(t *testing.T) {
	src, overlay := shipped(t, "agent-scoped-authentication")
	_, problems := load(t, "agent.yaml", src, overlay)
	for _, want := range []string{
		`agent.yaml:35:16: error: operation "UserManagementController_authenticate" does not exist`,
		`agent.yaml:39:16: error: operation "PipesController_create" does not exist`,
		`required body property "value" of ApiKeysController_validateApiKey`,
		`required path parameter "organization_membership_id" of AuthorizationController_check`,
		`required body property "permission_slug" of AuthorizationController_check`,
		`required body property "organization_id" of AuditLogEventsController_create`,
	} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("no problem says %q; all:\n%v", want, problems)
		}
	}
}

// TestChecks reads testdata/*.yaml: capabilities separated by "---" lines. A
// comment "# want: text" on a line asks for a problem there whose "message
// [code]; hint" contains the text; several are separated by " | ". A chunk
// without one must plan without problems.
func TestChecks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, chunk := range strings.Split(string(text), "\n---\n") {
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(file), i+1), func(t *testing.T) { checkChunk(t, chunk) })
		}
	}
}

func checkChunk(t *testing.T, chunk string) {
	_, problems := load(t, "c.yaml", chunk)
	met := make([]bool, len(problems))
	for n, line := range strings.Split(chunk, "\n") {
		_, wants, ok := strings.Cut(line, "# want: ")
		if !ok {
			continue
		}
		for want := range strings.SplitSeq(wants, " | ") {
			found := false
			for i, p := range problems {
				if p.Pos.Line == n+1 && !met[i] && strings.Contains(fmt.Sprintf("%s [%s]; %s", p.Message, p.Code, p.Hint), want) {
					met[i], found = true, true
					break
				}
			}
			if !found {
				t.Errorf("line %d: no problem says %q", n+1, want)
			}
		}
	}
	for i, p := range problems {
		if !met[i] {
			t.Errorf("unexpected: %v", p)
		}
	}
}

func guards(s *Step) []Guard {
	if a := s.Operation(); a != nil {
		return a.Guards
	}
	return nil
}
