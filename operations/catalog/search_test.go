package catalog_test

import (
	"strings"
	"testing"
)

// The best operation for a text is found whatever its number, verb and order of words.
func TestSearch(t *testing.T) {
	for _, test := range []struct{ text, best string }{
		{"create an organization", "OrganizationsController_create"},
		{"organizations create", "OrganizationsController_create"},
		{"make organization", "OrganizationsController_create"},
		{"list the directory users", "DirectoryUsersController_list"},
		{"remove a user", "UserlandUsersController_delete[0]"},
		{"admin portal link", "PortalSessionsController_create"},
		{"organisations", "OrganizationsController_list"},
		{"please create me an organization", "OrganizationsController_create"},
	} {
		found := builtin(t).Search(test.text)
		if len(found) == 0 || found[0].ID != test.best {
			t.Errorf("%q: %v first, want %s", test.text, found[:min(3, len(found))], test.best)
		}
	}
	for _, text := range []string{"", "the of", "submarine periscope"} {
		if found := builtin(t).Search(text); len(found) > 0 {
			t.Errorf("%q finds %v", text, found)
		}
	}
}

// A word of the description alone finds an operation, behind those that are named for it.
func TestSearchReadsDescriptions(t *testing.T) {
	named, described := 0, 0
	for _, s := range builtin(t).Search("email") {
		text := strings.ToLower(strings.Join(append(s.Tags, s.ID, s.Path, s.Summary), " "))
		switch isNamed := strings.Contains(text, "email"); {
		case isNamed && described > 0:
			t.Errorf("%s comes behind operations that only mention one", s.ID)
		case isNamed:
			named++
		default:
			described++
		}
	}
	if named == 0 || described == 0 {
		t.Errorf("%d are named for it, %d described", named, described)
	}
}
