package openapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/getkin/kin-openapi/openapi3"
)

// workosFile reads a file of the catalogue. The benchmarks stand here and not in
// catalog because this package is the only one that may know kin-openapi.
func workosFile(b *testing.B, name string) []byte {
	b.Helper()
	data, err := os.ReadFile(filepath.Join("..", "catalog", filepath.FromSlash(name)))
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func workos(b *testing.B) *operations.Set {
	b.Helper()
	set, err := openapi.Open(workosFile(b, "workos.index"))
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// onboarding is what the published onboarding capability needs.
var onboarding = [...]string{
	"OrganizationsController_create", "PortalSessionsController_create", "ConnectionsController_list",
	"DirectoriesController_list", "DirectoryUsersController_list",
}

// What a run pays before its first request: opening the index and decoding five
// operations. It is reported with how many times longer reading the document
// itself takes.
func BenchmarkOpenAndLookup(b *testing.B) {
	doc := workosFile(b, "workos/openapi.yaml")
	index := workosFile(b, "workos.index")
	start := time.Now()
	if _, err := openapi3.NewLoader().LoadFromData(doc); err != nil {
		b.Fatal(err)
	}
	whole := time.Since(start)
	b.ReportAllocs()
	for b.Loop() {
		set, err := openapi.Open(index)
		if err != nil {
			b.Fatal(err)
		}
		for _, id := range onboarding {
			optest.Lookup(b, set, id)
		}
	}
	b.ReportMetric(float64(whole)/(float64(b.Elapsed())/float64(b.N)), "x-faster-than-the-document")
}

func BenchmarkCompile(b *testing.B) {
	doc := workosFile(b, "workos/openapi.yaml")
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, problems := openapi.Compile("workos", doc, nil); problems.HasErrors() {
			b.Fatal(problems)
		}
	}
}

const connections = `{"object": "list", "data": [{"object": "connection", "id": "conn_1", "organization_id": "org_1",
"connection_type": "OktaSAML", "name": "Acme", "state": "active", "status": "linked", "domains": [], "options": {"signing_cert": null},
"created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}], "list_metadata": {"before": null, "after": null}}`

func BenchmarkCheckResponse(b *testing.B) {
	list := optest.Lookup(b, workos(b), "ConnectionsController_list")
	var value any
	if err := json.Unmarshal([]byte(connections), &value); err != nil {
		b.Fatal(err)
	}
	for _, v := range check.Response(list, 200, "application/json", value) {
		b.Error(v)
	}
	b.ReportAllocs()
	for b.Loop() {
		check.Response(list, 200, "application/json", value)
	}
}

// The first check of a response compiles its schema, unless that is as large as
// that of WorkOS's events.
func BenchmarkFirstCheckResponse(b *testing.B) {
	index := workosFile(b, "workos.index")
	for _, id := range []string{"ConnectionsController_list", "EventsController_list"} {
		b.Run(id, func(b *testing.B) {
			for b.Loop() {
				set, err := openapi.Open(index)
				if err != nil {
					b.Fatal(err)
				}
				check.Response(optest.Lookup(b, set, id), 200, "application/json", map[string]any{})
			}
		})
	}
}

func BenchmarkSuggest(b *testing.B) {
	set := workos(b)
	for b.Loop() {
		set.Suggest(operations.Want{ID: "AdminPortalController_create"}, 3)
	}
}
