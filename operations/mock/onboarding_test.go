package mock_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/operations/paging"
	"github.com/google/go-cmp/cmp"
)

func acme(c *client) string {
	c.t.Helper()
	org := c.ok("OrganizationsController_create", map[string]any{
		"name":        "Acme",
		"external_id": "ext-acme",
		"domain_data": []any{
			map[string]any{"domain": "acme.com", "state": "pending"},
			map[string]any{"domain": "acme.org", "state": "verified"},
		},
	})
	return field(c.t, org, "id")
}

func TestCreateEchoesTheRequest(t *testing.T) {
	c := workos(t, nil)
	id := acme(c)
	org := c.ok("OrganizationsController_find", nil, "id", id)
	if !strings.HasPrefix(id, "org_01") || len(id) != len("org_01EHWNCE74X7JSDV0X3SZ3KJNY") || id == "org_01EHWNCE74X7JSDV0X3SZ3KJNY" {
		t.Errorf("id %q is no fresh one of the documented form", id)
	}
	var got []string
	for _, d := range org["domains"].([]any) {
		got = append(got, field(t, d, "domain"), field(t, d, "state"), field(t, d, "organization_id"))
	}
	if diff := cmp.Diff([]string{"acme.com", "pending", id, "acme.org", "verified", id}, got); diff != "" {
		t.Error(diff)
	}
	if a, b := field(t, org["domains"].([]any)[0], "id"), field(t, org["domains"].([]any)[1], "id"); a == b {
		t.Errorf("two domains have the id %q", a)
	}
	if org["name"] != "Acme" || org["external_id"] != "ext-acme" || org["created_at"] != "2026-11-21T12:00:00.000Z" {
		t.Errorf("got %v", org)
	}
}

func TestCreateInventsNothingThatTheRequestLeftOut(t *testing.T) {
	c := workos(t, nil)
	// A plain list of domains is deprecated and ignored by the API.
	org := c.ok("OrganizationsController_create", map[string]any{"name": "Bare", "domains": []string{"bare.com"}})
	if len(org["domains"].([]any)) != 0 || len(org["metadata"].(map[string]any)) != 0 || org["external_id"] != nil {
		t.Errorf("got %v", org)
	}
}

func TestEqualRequestsMakeDifferentItems(t *testing.T) {
	c := workos(t, nil)
	if a, b := acme(c), acme(c); a == b {
		t.Errorf("both are %s", a)
	}
}

func TestLookupByExternalID(t *testing.T) {
	c := workos(t, nil)
	c.refused(404, "OrganizationsController_getByExternalId", nil, "external_id", "ext-acme")
	id := acme(c)
	if got := c.ok("OrganizationsController_getByExternalId", nil, "external_id", "ext-acme"); got["id"] != id {
		t.Errorf("got %v, want %s", got["id"], id)
	}
}

func TestUpdateAndDelete(t *testing.T) {
	c := workos(t, nil)
	id := acme(c)
	if got := c.ok("OrganizationsController_updateOrganization", map[string]any{"name": "Acme 2"}, "id", id); got["name"] != "Acme 2" || got["external_id"] != "ext-acme" {
		t.Errorf("got %v", got)
	}
	if got := c.ok("OrganizationsController_find", nil, "id", id); got["name"] != "Acme 2" {
		t.Errorf("got %v", got["name"])
	}
	c.ok("OrganizationsController_deleteOrganization", nil, "id", id)
	c.refused(404, "OrganizationsController_find", nil, "id", id)
	if got := c.data("ConnectionsController_list", "organization_id", id); len(got) != 0 {
		t.Errorf("a deleted organization has %v", got)
	}
}

func TestUnknownIDIsNotFound(t *testing.T) {
	c := workos(t, nil)
	msg := c.refused(404, "OrganizationsController_find", nil, "id", "org_unknown")
	if !strings.Contains(msg, "organization not found: 'org_unknown'") {
		t.Errorf("got %q", msg)
	}
}

// A run that was suspended is resumed in another process, with a mock that has
// seen nothing yet.
func TestIDOfAnEarlierProcessIsKnown(t *testing.T) {
	id := acme(workos(t, nil))
	later := workos(t, nil)
	for range 2 {
		later.data("ConnectionsController_list", "organization_id", id)
	}
	got := later.data("ConnectionsController_list", "organization_id", id)
	if len(got) != 1 || field(t, got[0], "organization_id") != id || field(t, got[0], "state") != "active" {
		t.Errorf("got %v", got)
	}
	if org := later.ok("OrganizationsController_find", nil, "id", id); org["id"] != id {
		t.Errorf("got %v", org["id"])
	}
}

func TestConnectionComesIntoBeing(t *testing.T) {
	c := workos(t, nil)
	id := acme(c)
	var states []string
	for range 4 {
		state := "none"
		if got := c.data("ConnectionsController_list", "organization_id", id); len(got) == 1 {
			state = field(t, got[0], "state")
		}
		states = append(states, state)
	}
	if diff := cmp.Diff([]string{"none", "validating", "active", "active"}, states); diff != "" {
		t.Error(diff)
	}
}

func TestLooksAreCountedByWhatIsAsked(t *testing.T) {
	c := workos(t, nil)
	one, two := acme(c), acme(c)
	for range 3 {
		c.data("ConnectionsController_list", "organization_id", one)
	}
	if got := c.data("ConnectionsController_list", "organization_id", two); len(got) != 0 {
		t.Errorf("the first look at another organization finds %v", got)
	}
}

func TestWithoutLooksEverythingIsThereAtOnce(t *testing.T) {
	c := workos(t, &mock.Options{Looks: -1})
	got := c.data("DirectoriesController_list", "organization_id", acme(c))
	if len(got) != 1 || field(t, got[0], "state") != "linked" {
		t.Errorf("got %v", got)
	}
}

func TestDirectoryUsersBelongToTheDirectory(t *testing.T) {
	c := workos(t, &mock.Options{Looks: -1})
	org := acme(c)
	dir := field(t, c.data("DirectoriesController_list", "organization_id", org)[0], "id")
	users := c.data("DirectoryUsersController_list", "directory", dir)
	if len(users) != 1 || field(t, users[0], "directory_id") != dir || field(t, users[0], "organization_id") != org {
		t.Errorf("got %v", users)
	}
}

func TestForgottenFilterShowsOtherTenants(t *testing.T) {
	for _, filter := range [][]any{nil, {"organization_id", ""}} {
		c := workos(t, &mock.Options{Looks: -1})
		org := acme(c)
		own := c.data("ConnectionsController_list", "organization_id", org)
		all := c.data("ConnectionsController_list", filter...)
		if len(own) != 1 || len(all) != 4 {
			t.Fatalf("%d with the filter, %d without", len(own), len(all))
		}
		if field(t, all[0], "organization_id") == org {
			t.Error("the first of all connections is our own")
		}
	}
}

func TestFilters(t *testing.T) {
	c := workos(t, nil)
	id := acme(c)
	tests := []struct {
		op     string
		params []any
		want   int
	}{
		{"OrganizationsController_list", []any{"domains", []any{"acme.org"}}, 1},
		{"OrganizationsController_list", []any{"domains", []any{"nobody.org"}}, 0},
		{"OrganizationsController_list", []any{"search", "acme"}, 1},
		{"OrganizationsController_list", nil, 4},
		{"ConnectionsController_list", []any{"organization_id", "conn_wrong_kind"}, 0},
		{"ConnectionsController_list", []any{"organization_id", id, "connection_type", "GoogleSAML"}, 0},
	}
	for _, tt := range tests {
		if got := c.data(tt.op, tt.params...); len(got) != tt.want {
			t.Errorf("%s %v: %d items, want %d", tt.op, tt.params, len(got), tt.want)
		}
	}
}

func TestJobIsPendingFirst(t *testing.T) {
	c := workos(t, nil)
	job := c.ok("AuditLogExportsController_exports", map[string]any{
		"organization_id": acme(c), "range_start": "2026-01-01T00:00:00Z", "range_end": "2026-02-01T00:00:00Z",
	})
	states := []string{field(t, job, "state")}
	for range 3 {
		job = c.ok("AuditLogExportsController_export", nil, "auditLogExportId", field(t, job, "id"))
		states = append(states, field(t, job, "state"))
		if _, has := job["url"].(string); has != (job["state"] == "ready") {
			t.Errorf("state %v with url %v", job["state"], job["url"])
		}
	}
	if diff := cmp.Diff([]string{"pending", "pending", "pending", "ready"}, states); diff != "" {
		t.Error(diff)
	}
}

func TestCreatedThingIsNoJob(t *testing.T) {
	c := workos(t, nil)
	user := c.ok("UserlandUsersController_create[0]", map[string]any{"email": "a@acme.com"})
	m := c.ok("UserlandUserOrganizationMembershipsController_create", map[string]any{"user_id": user["id"], "organization_id": acme(c)})
	if m["status"] != "active" || m["user_id"] != user["id"] {
		t.Errorf("got %v", m)
	}
}

func TestAction(t *testing.T) {
	c := workos(t, nil)
	invite := c.ok("UserlandUserInvitesController_create", map[string]any{"email": "a@acme.com"})
	c.ok("UserlandUserInvitesController_revoke", nil, "id", invite["id"])
	if got := c.ok("UserlandUserInvitesController_get", nil, "id", invite["id"]); got["state"] != "revoked" || got["email"] != "a@acme.com" {
		t.Errorf("got %v", got)
	}
}

func TestMistakesAreRefused(t *testing.T) {
	c := workos(t, nil)
	org := acme(c)
	tests := []struct {
		name, op string
		body     any
		params   []any
		want     string
	}{
		{"no body", "OrganizationsController_create", nil, nil, "the request body: is required"},
		{"missing property", "OrganizationsController_create", map[string]any{}, nil, `property "name" is missing`},
		{"nested", "OrganizationsController_create", map[string]any{"name": "x", "domain_data": []any{map[string]any{"domain": "x.com"}}}, nil, `domain_data[0]: property "state" is missing`},
		{"enum", "PortalSessionsController_create", map[string]any{"organization": org, "intent": "sing-sing"}, nil, `intent: is "sing-sing"`},
		{"broken JSON", "OrganizationsController_create", []byte("{"), nil, "the request body: is not valid JSON"},
		{"parameter out of range", "OrganizationsController_list", nil, []any{"limit", 1000}, "limit: is 1000"},
		{"missing path parameter", "OrganizationsController_find", nil, nil, "id: is required"},
		{"empty path parameter", "OrganizationsController_find", nil, []any{"id", ""}, "id: is required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &client{t, c.set, c.call}
			resp := c.any(tt.op, tt.body, tt.params...)
			if resp.Status != 422 && resp.Status != 400 || !strings.Contains(string(resp.Body), strings.ReplaceAll(tt.want, `"`, `\"`)) {
				t.Errorf("status %d: %s", resp.Status, resp.Body)
			}
		})
	}
}

func TestTextStandsForNumbersInParameters(t *testing.T) {
	c := workos(t, nil)
	if got := c.data("OrganizationsController_list", "limit", "2"); len(got) != 2 {
		t.Errorf("got %d", len(got))
	}
}

func TestPages(t *testing.T) {
	c := workos(t, nil)
	for range 4 {
		acme(c)
	}
	seen := map[string]bool{}
	params, pages := []any{"limit", 3}, 0
	for {
		pages++
		page := c.ok("OrganizationsController_list", nil, params...)
		for _, o := range page["data"].([]any) {
			seen[field(t, o, "id")] = true
		}
		after, _ := page["list_metadata"].(map[string]any)["after"].(string)
		if after == "" {
			break
		}
		params = []any{"limit", 3, "after", after}
	}
	if pages != 3 || len(seen) != 7 {
		t.Errorf("%d pages, %d organizations", pages, len(seen))
	}
	c.refused(400, "OrganizationsController_list", nil, "after", "org_nobody")
}

func TestAllFollowsThePages(t *testing.T) {
	c := workos(t, nil)
	op, _ := c.set.Lookup("OrganizationsController_list")
	req := &operations.Request{Op: op, Args: []operations.Arg{{Param: paramNamed(op, "limit"), Value: 2}}}
	resp, err := paging.All(t.Context(), c.call, req, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Value.(map[string]any)["data"].([]any); len(got) != 3 {
		t.Errorf("got %d", len(got))
	}
}

func TestIdempotencyKeyReturnsTheFirstAnswer(t *testing.T) {
	c := workos(t, nil)
	op, _ := c.set.Lookup("OrganizationsController_create")
	req := &operations.Request{Op: op, Body: map[string]any{"name": "Once"}, Header: map[string][]string{"Idempotency-Key": {"k1"}}}
	first, err := c.call(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.call(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Value, again.Value); diff != "" {
		t.Error(diff)
	}
}

func TestEqualSeedsGiveEqualAnswers(t *testing.T) {
	one, two, other := workos(t, &mock.Options{Seed: 7}), workos(t, &mock.Options{Seed: 7}), workos(t, &mock.Options{Seed: 8})
	a, b, x := acme(one), acme(two), acme(other)
	if a != b || a == x {
		t.Errorf("got %s, %s and %s", a, b, x)
	}
}

func TestAnswersAreTheCallersToChange(t *testing.T) {
	c := workos(t, nil)
	id := acme(c)
	c.ok("OrganizationsController_find", nil, "id", id)["name"] = "changed"
	if got := c.ok("OrganizationsController_find", nil, "id", id); got["name"] != "Acme" {
		t.Errorf("got %v", got["name"])
	}
}

func TestConcurrentUse(t *testing.T) {
	c := workos(t, nil)
	org, _ := c.set.Lookup("OrganizationsController_create")
	list, _ := c.set.Lookup("OrganizationsController_list")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for _, req := range []*operations.Request{{Op: org, Body: map[string]any{"name": "n"}}, {Op: list}} {
				if resp, err := c.call(context.Background(), req); err != nil || resp.Status >= 300 {
					t.Errorf("got %v, %v", resp, err)
				}
			}
		})
	}
	wg.Wait()
	if got := c.data("OrganizationsController_list", "limit", 100); len(got) != 23 {
		t.Errorf("%d organizations", len(got))
	}
}

func TestCancelledContext(t *testing.T) {
	c := workos(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	op, _ := c.set.Lookup("OrganizationsController_list")
	if _, err := c.call(ctx, &operations.Request{Op: op}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
