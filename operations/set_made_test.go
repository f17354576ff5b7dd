package operations_test

import (
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

func TestSetOfOperationsMadeByHand(t *testing.T) {
	get, put := optest.Get("/a"), optest.Get("/b")
	put.ID = "putThing"
	get.API = ""
	get.Security = []operations.Requirement{{{Name: "z"}, {Name: "o", Scopes: []string{"r"}}}, {}}
	put.Security = []operations.Requirement{{{Name: "o", Scopes: []string{"w"}}}}
	s := operations.SetOf("fleet", []*operations.Operation{get, put})
	if op, ok := s.Lookup(get.ID); !ok || op.API != "fleet" || op.Path != "/a" || get.API != "" {
		t.Errorf("got %+v, of %+v", op, get)
	}
	if s.String() != "fleet (2 operations)" {
		t.Error(s)
	}
	all, general := s.Schemes()
	if diff := cmp.Diff([]operations.SchemeUse{{Name: "o"}, {Name: "z"}}, all); diff != "" || general != "" {
		t.Errorf("%s, general %q", diff, general)
	}
	if len(get.Security[0][1].Scopes) != 1 {
		t.Error("the operation lost its scopes")
	}
	if data, err := s.Subset([]string{get.ID}); data != nil || err != nil {
		t.Errorf("kept %q, %v", data, err)
	}
	if _, err := s.Subset([]string{"nothing"}); err == nil {
		t.Error("an unknown operation was kept")
	}
}
