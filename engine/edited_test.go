package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/engine"
)

// edited validates a published capability with one text in it replaced, and
// returns the report.
func edited(t *testing.T, name, from, to string) *engine.Report {
	t.Helper()
	f, ok := capabilities.Lookup(name)
	if !ok || !strings.Contains(string(f.Data), from) {
		t.Fatalf("%s has no %q", name, from)
	}
	file, err := engine.Open(context.Background(), "edited.yaml", &engine.LoadOptions{Source: []byte(strings.Replace(string(f.Data), from, to, 1))})
	if err != nil {
		t.Fatal(err)
	}
	return file.Report()
}

// What an author edits in a published file is checked as written: the problem
// stands in the author's file, never in the overlay that made the published one run.
func TestEditsAreCheckedAsWritten(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"b2b-enterprise-onboarding", "verify-directory.data[0].id", "verify-directory.data[0].idd", "unknown-field 59:38"},
		{"b2b-enterprise-onboarding", "verify-directory.data[0].id", "verify-directory.data[0].name", ""},
		{"b2b-enterprise-onboarding", "AdminPortalController_create", "AdminPortalController_make", "unknown-operation 33:16"},
		{"b2b-enterprise-onboarding", "AdminPortalController_create", "PortalSessionsController_create", ""},
		{"b2b-enterprise-onboarding", "name: domains", "name: suffixes", "unused-input 19:11"},
		{"b2b-enterprise-onboarding", "items: string", "items: object", "unused-input 19:11"},
		{"b2b-enterprise-onboarding", "id: verify-directory\n", "id: find-directory\n", "unscoped-list 47:9, unknown-step 59:13"},
		{"b2b-enterprise-onboarding", "id: generate-admin-portal-link", "id: make-link", "unknown-operation 33:16, unknown-step 55:13"},
		{"b2b-enterprise-onboarding", "intent: sso", "intent: dsync", ""},
		{"b2b-enterprise-onboarding", "name: connection_id", "name: connection", ""},
		{"b2b-enterprise-onboarding", "operation: ConnectionsController_list\n", "operation: ConnectionsController_list\n    until: len(result.data) > 0\n", ""},
		{"audit-everything-to-siem", "source: emit-event.id", "source: emit-event.success", ""},
		{"audit-everything-to-siem", "source: emit-event.id", "source: emit-event.succes", "unknown-field 45:24"},
		{"audit-everything-to-siem", "id: emit-event", "id: send-event", "unused-input 21:11, unknown-operation 34:16, unknown-step 45:13"},
		{"audit-everything-to-siem", "steps:", "  - {name: location, type: string, required: true}\nsteps:", ""},
		{"audit-everything-to-siem", "type: object", "type: string", "unused-input 21:11, unknown-operation 34:16"},
	} {
		r := edited(t, c.name, c.from, c.to)
		var got []string
		for _, d := range r.Diagnostics {
			if d.Pos.File != "edited.yaml" {
				t.Errorf("%s -> %s: a problem outside the author's file: %v", c.from, c.to, d)
			}
			got = append(got, fmt.Sprintf("%s %d:%d", d.Code, d.Pos.Line, d.Pos.Column))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %q -> %q: %s\nwant: %s", c.name, c.from, c.to, text, c.want)
		}
	}
}

// Whatever value of a published file is edited, and whichever step, input or output
// is removed, no problem stands in its overlay.
func TestNoEditBreaksAnOverlay(t *testing.T) {
	for _, f := range capabilities.Overlays() {
		published, _ := capabilities.Lookup(strings.TrimSuffix(f.Name[strings.LastIndex(f.Name, "/")+1:], ".overlay.yaml"))
		lines := strings.Split(string(published.Data), "\n")
		for i, line := range lines {
			if line == "" || strings.HasSuffix(line, ":") || strings.HasPrefix(line, "name:") || strings.HasPrefix(line, "description:") {
				continue
			}
			edit := strings.Replace(strings.Replace(line+"x", "truex", "false", 1), "'x", "x'", 1)
			leavesOverlayAlone(t, f.Name, line, slices.Concat(lines[:i], []string{edit}, lines[i+1:]))
			if strings.HasPrefix(line, "  - ") {
				end := i + 1
				for end < len(lines) && strings.HasPrefix(lines[end], "    ") {
					end++
				}
				leavesOverlayAlone(t, f.Name, "without "+line, slices.Concat(lines[:i], lines[end:]))
			}
		}
	}
}

func leavesOverlayAlone(t *testing.T, overlay, edit string, lines []string) {
	t.Helper()
	file, err := engine.Open(context.Background(), "edited.yaml", &engine.LoadOptions{Source: []byte(strings.Join(lines, "\n"))})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Report().Diagnostics {
		if d.Pos.File == overlay {
			t.Errorf("%q: %v", edit, d)
		}
	}
}
