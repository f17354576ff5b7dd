package catalog_test

import (
	"slices"
	"testing"

	"github.com/capstan-run/capstan/operations"
)

// The ids that WorkOS's published capabilities use and its document does not
// have, and where the operation that is meant must stand in the ranking.
func TestSuggestForPublishedIDs(t *testing.T) {
	for _, test := range []struct {
		want operations.Want
		id   string
		top  int
	}{
		{operations.Want{ID: "AdminPortalController_create", StepID: "generate-admin-portal-link", Capability: "admin-portal"}, "PortalSessionsController_create", 1},
		{operations.Want{ID: "AdminPortalController_create"}, "PortalSessionsController_create", 1},
		{operations.Want{ID: "AuditLogsController_createEvent", StepID: "emit-event", Capability: "audit-logging"}, "AuditLogEventsController_create", 1},
		{operations.Want{ID: "AuditLogsController_createEvent"}, "AuditLogEventsController_create", 1},
		{operations.Want{ID: "AuditLogsController_createSchema", StepID: "define-schema", Capability: "audit-logging"}, "AuditLogValidatorVersionsController_create", 2},
		{operations.Want{ID: "AuditLogsController_createSchema"}, "AuditLogValidatorVersionsController_create", 2},
		{operations.Want{ID: "UserManagementController_authenticate", StepID: "authenticate-user", Capability: "authenticate-user"}, "UserlandSessionsController_authenticate[0]", 3},
		{operations.Want{ID: "UserManagementController_authenticate"}, "UserlandSessionsController_authenticate[0]", 3},
		{operations.Want{ID: "UserManagementController_listUsers"}, "UserlandUsersController_list[0]", 1},
		{operations.Want{ID: "OrganizationsController_get"}, "OrganizationsController_find", 1},
		{operations.Want{ID: "DirectoryGroupsController_get"}, "DirectoryGroupsController_find", 1},
		{operations.Want{ID: "WebhooksController_create"}, "WebhookEndpointsController_create", 1},
		// Slips of the pen, other conventions, a forgotten suffix.
		{operations.Want{ID: "OrganizationsController_creat"}, "OrganizationsController_create", 1},
		{operations.Want{ID: "ConnectionsController_lsit"}, "ConnectionsController_list", 1},
		{operations.Want{ID: "organizationsControllerCreate"}, "OrganizationsController_create", 1},
		{operations.Want{ID: "createOrganization"}, "OrganizationsController_create", 1},
		{operations.Want{ID: "UserlandUsersController_list"}, "UserlandUsersController_list[0]", 1},
	} {
		found := builtin(t).Suggest(test.want, 3)
		at := slices.IndexFunc(found, func(s operations.Summary) bool { return s.ID == test.id })
		if at < 0 || at >= test.top {
			t.Errorf("%s: want %s among the first %d, got %+v", test.want.ID, test.id, test.top, found)
			continue
		}
		if s := found[at]; s.Method == "" || s.Path == "" {
			t.Errorf("%s: suggestion is bare: %+v", test.want.ID, s)
		}
	}
}

// What has no equivalent gets no suggestion: a write of something else would be
// worse than none, though it is tagged "pipes".
func TestSuggestNothingForWhatDoesNotExist(t *testing.T) {
	for _, want := range []operations.Want{
		{ID: "PipesController_create", StepID: "create-pipe", Capability: "agent-pipes-mcp",
			Description: "Create a Pipe binding the user, the agent, and the requested provider/scopes; surface human approval prompt."},
		{ID: "PipesController_create"},
		{ID: "RadarController_check"},
		{ID: "FeatureFlagsController_create"},
		{ID: "Invoices_pay"},
		{ID: ""},
	} {
		if found := builtin(t).Suggest(want, 3); len(found) > 0 {
			t.Errorf("%q: %+v", want.ID, found)
		}
	}
}

// A mistyped read never becomes a write, whatever its spelling.
func TestSuggestKeepsTheEffect(t *testing.T) {
	set := builtin(t)
	for _, id := range []string{"listOrganizations", "UserManagementController_getUser", "ConnectionsController_get"} {
		for _, s := range set.Suggest(operations.Want{ID: id}, 5) {
			if s.Method != "GET" {
				t.Errorf("%s: %s %s", id, s.Method, s.Path)
			}
		}
	}
	for _, id := range []string{"deleteOrganization", "UserManagementController_deleteUser"} {
		for _, s := range set.Suggest(operations.Want{ID: id}, 5) {
			if s.Method == "GET" {
				t.Errorf("%s: %s %s", id, s.Method, s.Path)
			}
		}
	}
}

func TestSuggestionsAreOrderedAndBounded(t *testing.T) {
	found := builtin(t).Suggest(operations.Want{ID: "OrganizationsController_get"}, 2)
	if len(found) != 2 || found[0].ID != "OrganizationsController_find" {
		t.Errorf("got %+v", found)
	}
	if found := builtin(t).Suggest(operations.Want{ID: "OrganizationsController_get"}, 0); len(found) != 0 {
		t.Errorf("asked for none, got %+v", found)
	}
}
