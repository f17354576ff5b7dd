package author_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/author"
	"github.com/capstan-run/capstan/operations"
)

func workos(t *testing.T) *operations.Set {
	t.Helper()
	api, err := engine.OpenAPI(t.Context(), "workos", nil)
	if err != nil {
		t.Fatal(err)
	}
	return api.Set
}

// Every path of Gives can be written in an output.
func TestGivenPathsCanBeRead(t *testing.T) {
	set, paths := workos(t), 0
	for _, id := range set.IDs() {
		op, _ := set.Lookup(id)
		text := "name: T\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: workos\nsteps:\n" +
			fmt.Sprintf("  - {id: it, operation: '%s'}\noutputs:\n", id)
		for i, f := range author.Gives(op) {
			text += fmt.Sprintf("  - {name: o%d, source: '%s'}\n", i, author.Reading("it", f.Path))
			paths++
		}
		f, err := engine.Open(t.Context(), "t.yaml", &engine.LoadOptions{Source: []byte(text), Project: "none"})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Report().Diagnostics.Errors() {
			if line := strings.Split(text, "\n")[d.Pos.Line-1]; strings.Contains(line, "source:") {
				t.Errorf("%s: %s: %s", id, line, d.Message)
			}
		}
	}
	if paths < 1000 {
		t.Errorf("%d paths: this test proves nothing", paths)
	}
}

// A thing's id is found by each of its names.
func TestForFindsEachSpelling(t *testing.T) {
	set := workos(t)
	for _, field := range []string{"organization_id", "organizationId", "organization.id", "data[0].organization_id"} {
		gives, takes, _ := author.For(set, field)
		if len(gives) == 0 || gives[0].Op.Resource().Name != "organization" {
			t.Errorf("%s: the organization itself is not the first that gives it", field)
		}
		for _, id := range []string{"PortalSessionsController_create", "DirectoriesController_list", "OrganizationsController_find"} {
			if !slices.ContainsFunc(takes, func(u author.Use) bool { return u.Op.ID == id }) {
				t.Errorf("%s: %s does not take it", field, id)
			}
		}
		if slices.ContainsFunc(takes, func(u author.Use) bool { return u.Op.ID == "DirectoriesController_find" }) {
			t.Errorf("%s: taken for the id of a directory", field)
		}
	}
	if gives, takes, near := author.For(set, "organisation_idd"); len(gives)+len(takes) > 0 || !slices.Contains(near, "organization_id") {
		t.Errorf("a field that nothing has: %d, %d, %v", len(gives), len(takes), near)
	}
}
