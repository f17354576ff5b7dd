package openapi_test

import (
	"bytes"
	"testing"

	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

func TestSubsetHoldsTheSameOperations(t *testing.T) {
	all, ok := catalog.Builtin("workos")
	if !ok {
		t.Fatal("workos is not built in")
	}
	ids := []string{"DirectoryUsersController_list", "OrganizationsController_create", "AuthorizationController_check"}
	data, err := all.Subset(ids)
	if err != nil {
		t.Fatal(err)
	}
	again, err := all.Subset([]string{ids[1], ids[2], ids[0], ids[0]})
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("another order gives other bytes (%v)", err)
	}
	some, err := openapi.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if some.Len() != 3 || some.API() != "workos" || some.Hash() != all.Hash() {
		t.Errorf("got %v", some)
	}
	for _, id := range ids {
		want, _ := all.Lookup(id)
		got, ok := some.Lookup(id)
		if !ok {
			t.Errorf("%s is missing", id)
			continue
		}
		if d := cmp.Diff(want.Params, got.Params); d != "" {
			t.Errorf("%s: parameters (-whole +subset):\n%s", id, d)
		}
		if d := cmp.Diff(want.Result(), got.Result()); d != "" {
			t.Errorf("%s: result (-whole +subset):\n%s", id, d)
		}
		if v := check.Response(got, 200, "application/json", map[string]any{"object": 1}); len(v) == 0 {
			t.Errorf("%s: the subset does not check answers", id)
		}
	}
	if _, err := all.Subset([]string{"nothing"}); err == nil {
		t.Error("an unknown id made a subset")
	}
}
