//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

func TestCallPages(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	for i := range 5 {
		s.call(t, e, "OrganizationsController_create", "-p", fmt.Sprintf("name=Org %d", i)).wantCode(t, 0)
	}
	out := s.call(t, e, "OrganizationsController_list", "-p", "limit=2", "--all")
	out.wantCode(t, 0)
	var page struct{ Data []entity }
	out.decode(t, &page)
	if len(page.Data) != 5 {
		t.Errorf("%d organizations, want all 5\n%s", len(page.Data), out)
	}
	if n := len(sent(e.log(t), "GET /organizations")); n != 3 {
		t.Errorf("%d pages were asked for, want 3", n)
	}
}

func (s *shell) call(t *testing.T, e *emulator, args ...string) outcome {
	t.Helper()
	return s.capstan(t, append([]string{"call", "workos", "--base-url", e.URL, "-o", "json"}, args...)...)
}

// Every endpoint of WorkOS's published agent skill is an operation that can be
// called.
func TestCallEveryEndpointOfTheSkill(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	org := e.foreign(t)
	w := e.world(t)
	directory := of(w.Directories, org, "")[0].ID
	create := func(args ...string) string {
		t.Helper()
		out := s.call(t, e, args...)
		out.wantCode(t, 0)
		var made entity
		out.decode(t, &made)
		return made.ID
	}
	user := create("UserlandUsersController_create[0]", "-p", "email=a@acme.com")
	member := create("UserlandUserOrganizationMembershipsController_create", "-p", "user_id="+user, "-p", "organization_id="+org)
	export := create("AuditLogExportsController_exports", "-p", "organization_id="+org,
		"-p", "range_start=2026-01-01T00:00:00Z", "-p", "range_end=2026-02-01T00:00:00Z")

	for _, args := range [][]string{
		{"OrganizationsController_list"},
		{"OrganizationsController_find", "-p", "id=" + org},
		{"ConnectionsController_list", "-p", "organization_id=" + org},
		{"ConnectionsController_find", "-p", "id=" + of(w.Connections, org, "")[0].ID},
		{"DirectoriesController_list", "-p", "organization_id=" + org},
		{"DirectoriesController_find", "-p", "id=" + directory},
		{"DirectoryUsersController_list", "-p", "directory=" + directory},
		{"DirectoryGroupsController_list", "-p", "directory=" + directory},
		{"UserlandUsersController_list[0]", "-p", "limit=5"},
		{"UserlandUsersController_get[0]", "-p", "id=" + user},
		{"UserlandUserOrganizationMembershipsController_list", "-p", "organization_id=" + org},
		{"UserlandUserOrganizationMembershipsController_get", "-p", "id=" + member},
		{"AuditLogExportsController_export", "-p", "auditLogExportId=" + export},
		{"AuthorizationRolesController_list"},
		{"AuthorizationOrganizationRolesController_list", "-p", "organizationId=" + org},
	} {
		t.Run(args[0], func(t *testing.T) {
			out := s.call(t, e, args...)
			out.wantCode(t, 0)
			var value map[string]any
			out.decode(t, &value)
		})
	}
}

func TestCallMistakes(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	out := s.call(t, e, "OrganizationController_list")
	out.wantCode(t, 2)
	out.wantStderr(t, "OrganizationsController_list")

	out = s.call(t, e, "OrganizationsController_list", "-p", "limitt=2")
	out.wantCode(t, 4)
	out.wantStderr(t, "limitt", `"limit"`)

	out = s.call(t, e, "OrganizationsController_find", "-p", "id=org_none")
	out.wantCode(t, 1)
	out.wantStderr(t, "404", "Organization not found")

	if log := e.log(t); len(log) != 1 {
		t.Errorf("%d requests were sent, want the one that was well formed", len(log))
	}
}
