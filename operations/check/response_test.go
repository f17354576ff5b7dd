package check_test

import (
	"encoding/json"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

func TestCheckResponse(t *testing.T) {
	set, _ := optest.Compile(t, "../openapi/testdata/notes-3.1.json")
	get := optest.Lookup(t, set, "notes.get[0]")
	for _, test := range []struct {
		name   string
		status int
		media  string
		body   string
		want   []string
	}{
		{"right", 200, "application/json; charset=utf-8", `{"object": "note", "id": "n", "author": null, "editor": {"name": "x", "notes": []}, "pair": ["a", 1], "tags": {"k": "v"}, "odd": "anything"}`, nil},
		{"undocumented status", 404, "application/json", `{}`, []string{"status 404 is not documented (documented: 200)"}},
		{"undocumented type", 200, "text/html", `""`, []string{"answered text/html where application/json is documented for status 200"}},
		{"no type", 200, "", `""`, []string{"answered without a content type where application/json is documented for status 200"}},
		{"const", 200, "application/json", `{"object": "list", "id": "n"}`, []string{`/object: is "list" where only "note" is documented`}},
		{"missing", 200, "application/json", `{}`, []string{`property "id" is missing`, `property "object" is missing`}},
		{"deep, through components", 200, "application/json", `{"object": "note", "id": "n", "editor": {"notes": [{"object": "note", "id": 7}]}}`, []string{"/editor/notes/0/id: is a number where string is documented"}},
		{"alternatives", 200, "application/json", `{"object": "note", "id": "n", "author": {"name": 1}}`, []string{"/author: fits none of the 2 documented shapes; the nearest: /name: is a number where string is documented"}},
		{"keywords beyond our Schema", 200, "application/json", `{"object": "note", "id": "n", "forbidden": 1, "pair": ["a", 1, 2], "tags": {"K": "v"}}`,
			[]string{`fits the shape that is documented under "not"`, "/pair/2: is documented never to be there", `/tags: "K" is no name that a property may have`}},
		{"exclusive bound", 200, "application/json", `{"object": "note", "id": "n", "size": 0}`, []string{"/size: is 0, more than 0 is documented"}},
		{"not an object", 200, "application/json", `[]`, []string{"is an array where object is documented"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var value any
			if err := json.Unmarshal([]byte(test.body), &value); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, optest.Messages(check.Response(get, test.status, test.media, value))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// 3.0 schemas are checked as what they mean in JSON Schema.
func TestCheckResponse30(t *testing.T) {
	set, _ := optest.Compile(t, "../openapi/testdata/fleet-3.0.yaml")
	get, list, photo := optest.Lookup(t, set, "getShip"), optest.Lookup(t, set, "listShips"), optest.Lookup(t, set, "photo")
	ship := map[string]any{"imo": "1234567", "name": "Ada", "draught": nil, "status": nil, "owner": nil}
	if v := check.Response(get, 200, "application/json", ship); v != nil {
		t.Errorf("nullable: %v", v)
	}
	ship["owner"] = map[string]any{"name": "x", "age": 3}
	ship["draught"] = 0
	want := []string{"/draught: is 0, more than 0 is documented", `/owner: fits none of the 2 documented shapes; the nearest: property "age" is not documented`}
	if diff := cmp.Diff(want, optest.Messages(check.Response(get, 200, "application/json", ship))); diff != "" {
		t.Error(diff)
	}
	if v := check.Response(list, 404, "", nil); v != nil {
		t.Errorf("documented without content: %v", v)
	}
	if v := check.Response(list, 429, "text/plain", "slow down"); v != nil {
		t.Errorf("4XX: %v", v)
	}
	if v := optest.Messages(check.Response(list, 500, "application/problem+json", map[string]any{})); len(v) != 1 {
		t.Errorf("default: %v", v)
	}
	if v := check.Response(list, 500, "application/json", map[string]any{"message": "m"}); v != nil {
		t.Errorf("one JSON type for another: %v", v)
	}
	if v := check.Response(photo, 204, "", nil); v != nil {
		t.Errorf("no content: %v", v)
	}
}

// An operation made by hand is checked by structure.
func TestCheckResponseByHand(t *testing.T) {
	op := &operations.Operation{Responses: []*operations.ResponseDoc{{
		Status: "2XX", Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{Types: []string{"object"}, Required: []string{"id"}}}},
	}}}
	if diff := cmp.Diff([]string{`property "id" is missing`}, optest.Messages(check.Response(op, 201, "application/json", map[string]any{}))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"status 200 is not documented (no response is)"}, optest.Messages(check.Response(&operations.Operation{}, 200, "", nil))); diff != "" {
		t.Error(diff)
	}
}
