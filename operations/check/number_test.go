package check_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

const measured = `{"openapi": "3.1.0", "info": {"title": "M", "version": "1"}, "paths": {"/m": {"get": {"operationId": "m",
  "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "properties": {
    "id": {"type": "integer", "format": "int64", "maximum": 9223372036854775807},
    "size": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9007199254740991},
    "level": {"type": "number", "enum": [1, 2.5]}, "one": {"const": 1}, "far": {"type": "number", "minimum": 0}, "even": {"multipleOf": 2}}}}}}}}}}}`

// A schema compares numbers by their exact value, in the compiled check and in the
// one by structure, whatever type holds them.
func TestChecksCompareNumbersExactly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(file, []byte(measured), 0o600); err != nil {
		t.Fatal(err)
	}
	set, _ := optest.Compile(t, file)
	op := optest.Lookup(t, set, "m")
	for body, want := range map[string][]string{
		`{"id": 9223372036854775807, "size": 1.0, "level": 2.50, "one": 1e0, "far": 1e400}`: nil,
		`{"id": 9223372036854775000.0}`: nil,
		`{"id": 18446744073709551617}`:  {"/id: is 18446744073709551617, at most 9223372036854776000 is documented"},
		`{"size": 9007199254740991}`:    {"/size: is 9007199254740991, less than 9007199254740991 is documented"},
		`{"size": 9007199254740990}`:    nil,
		`{"size": 0.99999999999999999999}`: {
			"/size: is a number where integer is documented"},
		`{"level": 2.5000000000000000000001}`: {"/level: is 2.5000000000000000000001, which is none of the documented values (1, 2.5)"},
		`{"one": 1.00000000000000000000001}`:  {"/one: is 1.00000000000000000000001 where only 1 is documented"},
		`{"far": -1e-400}`:                    {"/far: is -1e-400, at least 0 is documented"},
	} {
		value, err := jsonvalue.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, optest.Messages(check.Value(op.Result(), value))); d != "" {
			t.Errorf("%s, by structure (-want +got):\n%s", body, d)
		}
		got := optest.Messages(check.Response(op, 200, "application/json", value))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s, compiled (-want +got):\n%s", body, d)
		}
	}
}

// A number that would take minutes to write out is compared without that.
func TestACheckDoesNotWriteLongNumbersOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(file, []byte(measured), 0o600); err != nil {
		t.Fatal(err)
	}
	set, _ := optest.Compile(t, file)
	op := optest.Lookup(t, set, "m")
	long := "1" + strings.Repeat("0", 5_000_000)
	for _, test := range []struct{ name, number, want string }{
		{"far", "1e999999999", ""},
		{"far", "-1e-999999999", "/far: is -1e-999999999, at least 0 is documented"},
		{"far", long, ""},
		{"id", long, "/id: is " + long[:60] + "..., at most 9223372036854776000 is documented"},
		{"even", "4e3", ""},
		{"even", "4.5", `/even: does not satisfy the documented "multipleOf"`},
		{"even", "1e999999999", "/even: is a number too long to be checked"},
	} {
		var want []string
		if test.want != "" {
			want = []string{test.want}
		}
		got := optest.Messages(check.Response(op, 200, "application/json", map[string]any{test.name: json.Number(test.number)}))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%.20s (-want +got):\n%s", test.number, d)
		}
	}
}
