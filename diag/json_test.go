package diag

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSONIsTheContract(t *testing.T) {
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"everything", Diagnostic{
			Code: "unknown-field", Severity: Error, Pos: Pos{"b2b.yaml", 68, 38}, EndColumn: 41,
			Message: `unknown field "idd"`, Hint: `did you mean "id"?`, Notes: []string{"n"},
			Related: []Related{{Pos{"o.yaml", 1, 2}, "r"}}, Rules: []string{"ikanos-info-tags"},
		}, `{"code":"unknown-field","rules":["ikanos-info-tags"],"severity":"error","file":"b2b.yaml","line":68,"column":38,"end_column":41,` +
			`"message":"unknown field \"idd\"","hint":"did you mean \"id\"?","notes":["n"],` +
			`"related":[{"file":"o.yaml","line":1,"column":2,"message":"r"}],"url":"` + URL("unknown-field") + `"}`},
		{"little", Diagnostic{Code: "c", Severity: Warning, Message: "m"},
			`{"code":"c","severity":"warning","file":"","line":0,"column":0,"end_column":0,"message":"m"}`},
		{"one character", Diagnostic{Code: "c", Severity: Info, Pos: Pos{"f", 1, 3}, Message: "m"},
			`{"code":"c","severity":"info","file":"f","line":1,"column":3,"end_column":4,"message":"m"}`},
		{"no problems", List(nil), `[]`},
		{"a list", List{{Code: "c", Message: "m"}},
			`[{"code":"c","severity":"error","file":"","line":0,"column":0,"end_column":0,"message":"m"}]`},
	}
	for _, tt := range tests {
		got, err := json.Marshal(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestJSONLeavesEscapingToTheEncoder(t *testing.T) {
	got, err := List{{Code: "c", Message: "a <- b & c"}}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"c","severity":"error","file":"","line":0,"column":0,"end_column":0,"message":"a <- b & c"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
