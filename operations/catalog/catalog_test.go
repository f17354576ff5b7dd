package catalog_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

// The index that ships is the one `go generate` makes of the document.
func TestBuiltinIndexIsReproducible(t *testing.T) {
	doc := readFile(t, "workos/openapi.yaml")
	built := &openapi.Options{Pace: "6000/m"}
	index, problems := openapi.Compile("workos", doc, built)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(index.Bytes(), readFile(t, "workos.index")) {
		t.Error("workos.index is not what workos/openapi.yaml compiles to; run: go generate ./operations/catalog")
	}
	again, _ := openapi.Compile("workos", doc, built)
	if !bytes.Equal(index.Bytes(), again.Bytes()) {
		t.Error("compiling the same document twice gives different bytes")
	}
}

func TestOriginNamesTheDocument(t *testing.T) {
	sum := sha256.Sum256(readFile(t, "workos/openapi.yaml"))
	hash := hex.EncodeToString(sum[:])
	if !strings.Contains(string(readFile(t, "workos/ORIGIN.md")), hash) {
		t.Errorf("ORIGIN.md does not name the document's SHA-256 %s", hash)
	}
	if got := builtin(t).Hash(); got != hash {
		t.Errorf("Hash() = %s, want %s", got, hash)
	}
}

// The five faults of WorkOS's document are the ones we know.
func TestWorkOSFaults(t *testing.T) {
	_, problems := openapi.Compile("workos", readFile(t, "workos/openapi.yaml"), nil)
	var messages []string
	for _, p := range problems {
		messages = append(messages, p.Message)
	}
	want := []string{
		`"required" names "list_metadata" twice`, `"required" names "list_metadata" twice`, `"required" names "list_metadata" twice`,
		`"required" names "list_metadata" twice`, `"required" names "list_metadata" twice`,
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Error(diff)
	}
}

func TestBuiltin(t *testing.T) {
	if _, ok := catalog.Builtin("nobody"); ok {
		t.Error("an API nobody knows is built in")
	}
	for _, name := range catalog.Builtins() {
		set, ok := catalog.Builtin(name)
		if !ok || set.API() != name || set.Len() == 0 {
			t.Errorf("Builtin(%q) = %v, %v", name, set, ok)
		}
	}
	set := builtin(t)
	if set.Len() != 212 || set.Title() != "WorkOS" || set.Version() != "1.0" {
		t.Errorf("got %v", set)
	}
}

// Every operation decodes, has a success answer or says so, and knows its
// server and credential.
func TestEveryWorkOSOperationDecodes(t *testing.T) {
	set := builtin(t)
	for _, id := range set.IDs() {
		op, ok := set.Lookup(id)
		if !ok {
			t.Fatalf("%s cannot be looked up", id)
		}
		if op.ID != id || op.API != "workos" || !strings.HasPrefix(op.Path, "/") || op.Success() == nil {
			t.Errorf("%s: %s %s, success %v", op.ID, op.Method, op.Path, op.Success())
		}
		if len(op.Servers) == 0 || !strings.HasSuffix(op.Servers[0].URL, ".workos.com") {
			t.Errorf("%s: servers %v", id, op.Servers)
		}
		for _, m := range strings.Split(op.Path, "/") {
			if name, ok := strings.CutPrefix(m, "{"); ok && op.Param(operations.InPath, strings.TrimSuffix(name, "}")) == nil {
				t.Errorf("%s: path parameter %s is missing", id, m)
			}
		}
	}
}

func TestWorkOSOperationsInDetail(t *testing.T) {
	set := builtin(t)
	create := lookup(t, set, "OrganizationsController_create")
	if create.Method != "POST" || create.Path != "/organizations" || create.Effect() != operations.Write {
		t.Errorf("create: %s %s", create.Method, create.Path)
	}
	want := []operations.Requirement{{{Name: "bearer", Scheme: operations.SecurityScheme{Type: "http", Scheme: "bearer"}}}}
	if diff := cmp.Diff(want, create.Security); diff != "" {
		t.Error(diff)
	}
	body := create.Body.JSON().Schema
	state := body.Property("domain_data").Items.Property("state")
	if diff := cmp.Diff([]any{"pending", "verified"}, state.Enum); diff != "" {
		t.Errorf("domain_data[].state: %s", diff)
	}
	list := lookup(t, set, "ConnectionsController_list")
	limit := list.Param(operations.InQuery, "limit").Schema
	if limit.Default != 10 || *limit.Minimum != 1 || *limit.Maximum != 100 {
		t.Errorf("limit: default %v, %v to %v", limit.Default, *limit.Minimum, *limit.Maximum)
	}
	if _, ok := set.Lookup("UserlandUsersController_list"); ok {
		t.Error("an id without its [0] is found")
	}
	lookup(t, set, "UserlandUsersController_list[0]")
}

func TestWorkOSResources(t *testing.T) {
	type resource struct {
		Name    string
		List    bool
		ItemsAt string
	}
	want := map[string]resource{
		"OrganizationsController_create":             {"organization", false, ""},
		"OrganizationsController_list":               {"organization", true, "data"},
		"PortalSessionsController_create":            {"portal_link", false, ""},
		"ConnectionsController_list":                 {"connection", true, "data"},
		"ConnectionsController_find":                 {"connection", false, ""},
		"DirectoriesController_list":                 {"directory", true, "data"},
		"DirectoryUsersController_list":              {"directory_user", true, "data"},
		"UserlandUsersController_list[0]":            {"user", true, "data"},
		"AuditLogExportsController_export":           {"audit_log_export", false, ""},
		"AuditLogValidatorVersionsController_create": {"audit_log_schema", false, ""},
	}
	set := builtin(t)
	got := make(map[string]resource)
	for id := range want {
		r := lookup(t, set, id).Resource()
		got[id] = resource{r.Name, r.List, r.ItemsAt}
		if r.Item == nil {
			t.Errorf("%s: the resource has no schema", id)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDocumentedExamplesPassTheirSchemas(t *testing.T) {
	set := builtin(t)
	checked := 0
	for _, id := range set.IDs() {
		op := lookup(t, set, id)
		for _, r := range op.Responses {
			for _, m := range r.Media {
				if operations.IsJSON(m.Type) && m.Example != nil {
					checked++
					if v := check.Response(op, status(r.Status), m.Type, m.Example); v != nil {
						t.Errorf("%s %s: its own example: %v", id, r.Status, v)
					}
				}
			}
		}
	}
	if checked == 0 {
		t.Error("the document has no example to check")
	}
}

// Events are a choice of so many shapes that they are checked by structure: that
// finds what is wrong with one, too.
func TestEventsAreChecked(t *testing.T) {
	list := lookup(t, builtin(t), "EventsController_list")
	event := map[string]any{
		"object": "event", "id": "event_01", "created_at": "2026-01-15T12:00:00.000Z", "event": "dsync.deleted",
		"data": map[string]any{"object": "directory"},
	}
	answer := map[string]any{"object": "list", "data": []any{event}, "list_metadata": map[string]any{"after": nil}}
	got := check.Response(list, 200, "application/json", answer)
	if len(got) != 1 || got[0].Path != "/data/0" || !strings.Contains(got[0].Message, "fits none of the") {
		t.Errorf("an event without its data: %v", got)
	}
	event["object"] = "invoice"
	if got := check.Response(list, 200, "application/json", answer); !slices.ContainsFunc(got, func(v operations.Violation) bool { return v.Path == "/data/0/object" }) {
		t.Errorf("no event: %v", got)
	}
}

func status(s string) int {
	n := 0
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

func builtin(t testing.TB) *operations.Set {
	t.Helper()
	set, ok := catalog.Builtin("workos")
	if !ok {
		t.Fatal("workos is not built in")
	}
	return set
}

func lookup(t testing.TB, set *operations.Set, id string) *operations.Operation {
	t.Helper()
	op, ok := set.Lookup(id)
	if !ok {
		t.Fatalf("%s does not exist", id)
	}
	return op
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
