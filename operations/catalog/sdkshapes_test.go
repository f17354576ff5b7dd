package catalog_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/google/go-cmp/cmp"
)

// The official Node SDK (@workos-inc/node 11) is the oracle: for the same
// arguments, the request that Build makes from WorkOS's document must be the
// one the SDK sends. .ci/e2e/sdk-shapes.mjs recorded those; run it again to
// renew the file.

// shape is one recorded request.
type shape struct {
	Call    string            `json:"call"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   url.Values        `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
}

// shapeCase is the same call in our terms.
type shapeCase struct {
	operation string
	args      map[string]any
	body      map[string]any
}

func shapeCases() map[string]shapeCase {
	const when, later = "2026-11-01T10:00:00.000Z", "2026-11-02T10:00:00.000Z"
	type m = map[string]any
	return map[string]shapeCase{
		"organizations.create": {"OrganizationsController_create", nil, m{
			"name": `Foo & Sons "Ünïted"`, "domain_data": []any{m{"domain": "foo.example", "state": "pending"}}, "external_id": "ext/1", "metadata": m{"tier": "gold"},
		}},
		"organizations.list":   {"OrganizationsController_list", m{"domains": []any{"foo.example", "bar.example"}, "limit": 2, "after": "org_00"}, nil},
		"organizations.get":    {"OrganizationsController_find", m{"id": "org/01 ü"}, nil},
		"portal.generateLink":  {"PortalSessionsController_create", nil, m{"organization": "org_01", "intent": "sso", "return_url": "https://app.example/?a=b&c=d"}},
		"connections.list":     {"ConnectionsController_list", m{"organization_id": "org_01", "connection_type": "OktaSAML", "limit": 10}, nil},
		"directories.list":     {"DirectoriesController_list", m{"organization_id": "org_01", "search": "a+b c"}, nil},
		"directoryUsers.list":  {"DirectoryUsersController_list", m{"directory": "directory_01", "limit": 5}, nil},
		"directoryGroups.list": {"DirectoryGroupsController_list", m{"directory": "directory_01"}, nil},
		"users.list":           {"UserlandUsersController_list[0]", m{"email": "jo+tag@foo.example", "organization_id": "org_01"}, nil},
		"users.get":            {"UserlandUsersController_get[0]", m{"id": "user_01"}, nil},
		"users.create":         {"UserlandUsersController_create[0]", nil, m{"email": "jo@foo.example", "first_name": "Jo", "last_name": "Ñ", "email_verified": true}},
		"memberships.list":     {"UserlandUserOrganizationMembershipsController_list", m{"organization_id": "org_01", "statuses": []any{"active", "pending"}}, nil},
		"memberships.create":   {"UserlandUserOrganizationMembershipsController_create", nil, m{"organization_id": "org_01", "user_id": "user_01", "role_slug": "admin"}},
		"auditLogs.createEvent": {"AuditLogEventsController_create", nil, m{"organization_id": "org_01", "event": m{
			"action": "user.signed_in", "version": 1, "occurred_at": when,
			"actor": m{"id": "user_01", "type": "user", "name": "Jo"}, "targets": []any{m{"id": "team_01", "type": "team"}},
			"context": m{"location": "192.0.2.1", "user_agent": "curl/8"}, "metadata": m{"n": 1},
		}}},
		"auditLogs.createExport": {"AuditLogExportsController_exports", nil, m{"organization_id": "org_01", "range_start": when, "range_end": later, "actions": []any{"user.signed_in"}}},
		"auditLogs.getExport":    {"AuditLogExportsController_export", m{"auditLogExportId": "audit_log_export_01"}, nil},
	}
}

func TestRequestsAreTheSDKs(t *testing.T) {
	var shapes []shape
	if err := json.Unmarshal(readFile(t, "../testdata/sdk-shapes.json"), &shapes); err != nil {
		t.Fatal(err)
	}
	set, cases := builtin(t), shapeCases()
	for _, want := range shapes {
		t.Run(want.Call, func(t *testing.T) {
			c, ok := cases[want.Call]
			if !ok {
				t.Fatal("recorded, but not compared")
			}
			delete(cases, want.Call)
			if diff := cmp.Diff(withoutHabits(want), shapeOf(t, lookup(t, set, c.operation), want, c)); diff != "" {
				t.Errorf("-SDK +Capstan\n%s", diff)
			}
		})
	}
	if len(cases) > 0 {
		t.Errorf("not recorded: %v", slices.Sorted(maps.Keys(cases)))
	}
}

// withoutHabits drops what the SDK adds on its own account:
//   - order=desc on every list: the document's own default;
//   - a random Idempotency-Key for its retries of every POST, which WorkOS
//     documents for audit log events only. Capstan sends one where it is
//     documented, and does not resend other writes;
//   - a Content-Type on requests without a body.
func withoutHabits(s shape) shape {
	s.Query = maps.Clone(s.Query)
	if slices.Equal(s.Query["order"], []string{"desc"}) {
		delete(s.Query, "order")
	}
	s.Headers = maps.Clone(s.Headers)
	if s.Headers["idempotency-key"] == "retry-*" {
		delete(s.Headers, "idempotency-key")
	}
	if s.Body == nil {
		delete(s.Headers, "content-type")
	}
	return s
}

// shapeOf builds our request and reads it as the recorder reads the SDK's.
func shapeOf(t *testing.T, op *operations.Operation, sdk shape, c shapeCase) shape {
	t.Helper()
	req := &operations.Request{Op: op, BaseURL: "http://127.0.0.1", Header: http.Header{}}
	for _, name := range slices.Sorted(maps.Keys(c.args)) {
		i := slices.IndexFunc(op.Params, func(p *operations.Param) bool { return p.Name == name })
		if i < 0 {
			t.Fatalf("%s documents no parameter %q", op.ID, name)
		}
		req.Args = append(req.Args, operations.Arg{Param: op.Params[i], Value: c.args[name]})
	}
	if c.body != nil {
		req.Body = c.body
	}
	if key := withoutHabits(sdk).Headers["idempotency-key"]; key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	hr, err := request.Build(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	got := shape{Call: sdk.Call, Method: hr.Method, Path: hr.URL.EscapedPath(), Query: hr.URL.Query(), Headers: map[string]string{}}
	for _, name := range []string{"content-type", "idempotency-key"} {
		if v := hr.Header.Get(name); v != "" {
			got.Headers[name] = v
		}
	}
	if hr.Body != nil {
		b, err := io.ReadAll(hr.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &got.Body); err != nil {
			t.Fatal(err)
		}
	}
	return got
}
