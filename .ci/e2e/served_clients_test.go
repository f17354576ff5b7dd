//go:build e2e && unix

package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// The protocol's own clients are content with a served composition, in both eras:
// the scenarios that every server must pass, every tool's schema, and a call of a
// capability.
func TestServedToTheProtocolsOwnClients(t *testing.T) {
	if _, err := os.Stat("../mcp/node_modules"); err != nil {
		t.Skip("the clients are not installed: npm ci in .ci/mcp")
	}
	e, s := newEmulator(t), newShell(t)
	v := s.serve(t, e)
	cmd := exec.CommandContext(t.Context(), "../mcp/run.sh", v.url+"/mcp", "--conformance", "base",
		"--inspect", "b2b-enterprise-onboarding", "organization_name=Acme", `domains=["acme.com"]`, "admin_email=it@acme.com")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	runs, _ := v.ask(t, "GET", "/runs?status=waiting", "").want(t, 200).doc["runs"].([]any)
	if len(runs) != 2 {
		t.Errorf("%d runs wait for their person, want one for each era", len(runs))
	}
}
