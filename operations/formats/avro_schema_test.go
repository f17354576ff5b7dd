package formats

import (
	"strings"
	"testing"
)

func TestAvroSchemas(t *testing.T) {
	for schema, want := range map[string]string{ // "" is a schema, else a part of the error
		`string`:                                 "",
		` "long" `:                               "",
		`null`:                                   "",
		`["null", "long"]`:                       "",
		`{"type": "int", "logicalType": "date"}`: "",
		`{"type": ["null", "int"]}`:              "",
		`{"type": "error", "name": "E", "fields": []}`: "",
		`{"type": "record", "name": "a.b.R", "fields": [{"name": "next", "type": ["null", "R"]}, {"name": "self", "type": "a.b.R"}]}`: "",
		`{"type": "record", "name": "R", "namespace": "x", "aliases": ["Old"], "fields": [{"name": "f", "type": ["null", "Old"]}]}`:   "",
		`{"type": "record", "name": "R", "namespace": "x", "fields": [
		  {"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["X"]}}, {"name": "b", "type": {"type": "E"}}]}`: "",
		`strong`:                             "unknown type: strong",
		`{"type": 1}`:                        "unknown type: 1",
		`1`:                                  "unknown type: 1",
		`{"type": "int"`:                     "unexpected end",
		`[["int"]]`:                          "a union stands in a union",
		`{"type": "map"}`:                    `map without "values"`,
		`{"type": "array", "items": "none"}`: "unknown type: none",
		`{"type": "record", "fields": []}`:   "without a name",
		`{"type": "record", "name": "a-b", "fields": []}`:                                                         `"a-b" is no name`,
		`{"type": "record", "name": "R"}`:                                                                         "R without fields",
		`{"type": "record", "name": "R", "fields": [{"type": "int"}]}`:                                            "a field without a name",
		`{"type": "record", "name": "R", "fields": [{"name": "f"}]}`:                                              "field f of record R has no type",
		`{"type": "record", "name": "R", "fields": [{"name": "f", "type": "x.R"}]}`:                               "unknown type: x.R",
		`{"type": "enum", "name": "E", "symbols": []}`:                                                            "has no symbols",
		`{"type": "enum", "name": "E", "symbols": ["X", "X"]}`:                                                    "symbol X twice",
		`{"type": "enum", "name": "E", "symbols": ["0"]}`:                                                         "no name",
		`{"type": "fixed", "name": "F"}`:                                                                          "without a size",
		`{"type": "fixed", "name": "F", "size": -1}`:                                                              "without a size",
		`[{"type": "fixed", "name": "F", "size": 1}, {"type": "fixed", "name": "F", "size": 2}]`:                  "declared twice",
		`{"type": "record", "name": "R", "fields": [{"name": "f", "type": "int"}, {"name": "f", "type": "int"}]}`: "two fields f",
		strings.Repeat(`{"type": "array", "items": `, maxDepth+1) + `"int"` + strings.Repeat("}", maxDepth+1):     "deep",
	} {
		_, err := parseAvro([]byte(schema))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.100s: error %v, want %q", schema, err, want)
		}
	}
}

// A decimal that its type cannot hold is bytes (Avro 1.12, "Logical Types").
func TestAvroDecimals(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}`:                             "0.2",
		`{"type": "bytes", "logicalType": "decimal", "precision": 4}`:                                         "2",
		`{"type": "bytes", "logicalType": "decimal", "precision": 1, "scale": 2}`:                             "Ag==",
		`{"type": "bytes", "logicalType": "decimal"}`:                                                         "Ag==",
		`{"type": "bytes", "logicalType": "other", "precision": 4}`:                                           "Ag==",
		`{"type": "fixed", "name": "F", "size": 1, "logicalType": "decimal", "precision": 2, "scale": 1}`:     "0.2",
		`{"type": "fixed", "name": "F", "size": 1, "logicalType": "decimal", "precision": 3, "scale": 1}`:     "Ag==",
		`{"type": "fixed", "name": "F", "size": 1, "logicalType": "decimal", "precision": "2", "scale": "1"}`: "Ag==",
	} {
		s, err := parseAvro([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		if got := avroBytes([]byte{2}, s); got != want {
			t.Errorf("%s: %v, want %s", schema, got, want)
		}
	}
}
