package exec

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// Of the headers of an answer those are kept that the plan reads, and come back with
// it; secrets among them are hidden.
func TestHeadersThatAreReadAreKept(t *testing.T) {
	h := http.Header{"Etag": {`"v1"`}, "Location": {"/hulls/h1"}, "Via": {"a", "b"}, "Set-Cookie": {"session=abcdefgh"}}
	for _, tt := range []struct {
		read []string
		want map[string]any
	}{
		{nil, nil},
		{[]string{"etag", "missing", "via"}, map[string]any{"etag": `"v1"`, "via": "a, b"}},
		{[]string{""}, map[string]any{"etag": `"v1"`, "location": "/hulls/h1", "via": "a, b", "set-cookie": "session=abcdefgh"}},
	} {
		redactor := operations.NewRedactor()
		s := &plan.Step{Sensitive: []plan.Path{{"headers", "location"}}}
		c := &call{turn: &turn{run: &run{env: &Env{Redactor: redactor}}, s: s}, a: &plan.Operation{Headers: tt.read}}
		k := &kept{Status: 201, Headers: c.headers(h)}
		raw, err := k.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeKept(raw)
		if d := cmp.Diff(tt.want, again.Headers); d != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", tt.read, err, d)
		}
		if all := tt.read != nil && tt.read[0] == ""; all != !strings.Contains(redactor.String("session=abcdefgh at /hulls/h1"), "h1") {
			t.Errorf("%q: the secrets show: %s", tt.read, redactor.String("session=abcdefgh at /hulls/h1"))
		}
	}
}
