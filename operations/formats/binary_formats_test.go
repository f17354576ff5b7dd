package formats

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func raw(t *testing.T, text string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var birds = schemas{
	"schemas/bird.avsc": `{"type": "record", "name": "Bird", "fields": [
	  {"name": "name", "type": "string"}, {"name": "weight", "type": "int"}, {"name": "ringed", "type": "boolean"}]}`,
	"node.avsc": `{"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}`,
	"all.avsc": `{"type": "record", "name": "All", "fields": [
	  {"name": "n", "type": ["null", "string"]}, {"name": "u", "type": ["null", "string"]},
	  {"name": "a", "type": {"type": "array", "items": "long"}}, {"name": "m", "type": {"type": "map", "values": "float"}},
	  {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["X", "Y"]}},
	  {"name": "f", "type": {"type": "fixed", "name": "F", "size": 2}}, {"name": "b", "type": "bytes"},
	  {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}},
	  {"name": "day", "type": {"type": "int", "logicalType": "date"}}, {"name": "g", "type": "double"}]}`,
	"nulls.avsc": `{"type": "array", "items": "null"}`,
	"schemas/bird.proto": `syntax = "proto3"; message Bird { string name = 1; int32 weight = 2; repeated string places = 3; Nest nest = 4; }
	  message Nest { int32 height = 1; }`,
	"all.proto": `syntax = "proto3"; package x.y; import "lib/kinds.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
	  message Other {}
	  message All { int64 big_number = 1; uint64 u = 2; bytes raw = 3; x.y.Kind kind = 4; map<string, float> m = 5; optional int32 o = 6;
	    google.protobuf.Timestamp at = 7; google.protobuf.Int64Value w = 8; All next = 9; bool flag = 10; message In { string s = 1; } In in = 11; double d = 12; repeated int32 many = 13; repeated All all = 14; }`,
	"lib/kinds.proto": `syntax = "proto3"; package x.y; enum Kind { NONE = 0; TALL = 1; }`,
}

func TestAvro(t *testing.T) {
	check(t, "avro", "schemas/bird.avsc", birds, map[string]any{
		raw(t, "CFdyZW4SAQ=="): object{"name": "Wren", "weight": 9, "ringed": true},
	})
	check(t, "avro", "all.avsc", birds, map[string]any{
		"\x00" + "\x02\x02z" + "\x03\x04\x02\x04\x00" + "\x02\x02k\xcd\xcc\xcc\x3d\x00" + "\x02" + "\x01\x02" + "\x04\xff\x00" + "\x04\xff\x85" + "\x02" + "\x00\x00\x00\x00\x00\x00\xf0\x7f": object{
			"n": nil, "u": "z", "a": []any{1, 2}, "m": object{"k": 0.1}, "e": "Y", "f": "AQI=", "b": "/wA=", "d": "-1.23", "day": 1, "g": "Infinity"},
	})
}

func TestAvroRefuses(t *testing.T) {
	whole := raw(t, "CFdyZW4SAQ==")
	for n := range len(whole) {
		refuse(t, "avro", "schemas/bird.avsc", birds, map[string]string{"ends too early": whole[:n]})
	}
	refuse(t, "avro", "schemas/bird.avsc", birds, map[string]string{
		"bytes are left":   whole + "x",
		"does not fit":     "\x08Wren\x12\x05",
		"does not fit the": "\x01",
		"not UTF-8":        "\x02\xff\x12\x01",
	})
	refuse(t, "avro", "node.avsc", birds, map[string]string{"200 deep": strings.Repeat("\x02", 1000), "no branch 2": "\x04"})
	refuse(t, "avro", "nulls.avsc", birds, map[string]string{
		"values that are read": "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"1000000 values":       strings.Repeat("\xa0\x8d\x06", 40) + "\x00"}) // 50,000 nulls a block
	refuse(t, "avro", "", nil, map[string]string{"outputSchema": "x"})
}

// container writes an object container file of one block.
func containerFile(codec, schema, block string, count byte) string {
	text := func(s string) string {
		n := len(s) << 1
		return string([]byte{byte(n&0x7f | 0x80), byte(n >> 7)}) + s
	}
	sync := strings.Repeat("S", syncSize)
	return avroMagic + "\x04" + text("avro.schema") + text(schema) + text("avro.codec") + text(codec) + "\x00" + sync +
		string([]byte{count << 1}) + text(block) + sync
}

func TestAvroContainerFiles(t *testing.T) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, -1)
	w.Write([]byte("\x04ab\x02c"))
	w.Close()
	check(t, "avro", "", nil, map[string]any{
		containerFile("null", `"string"`, "\x04ab\x02c", 2):      []any{"ab", "c"},
		containerFile("deflate", `"string"`, packed.String(), 2): []any{"ab", "c"},
		containerFile("null", `"string"`, "", 0):                 []any{},
	})
	whole := containerFile("null", `"string"`, "\x04ab\x02c", 2)
	refuse(t, "avro", "", nil, map[string]string{
		"ends too early":            whole[:len(whole)-3],
		"does not end with its":     whole[:len(whole)-1] + "x",
		"holds more":                containerFile("null", `"string"`, "\x04ab\x02c", 1),
		`packed with "snappy"`:      containerFile("snappy", `"string"`, "x", 1),
		"schema of the container":   containerFile("null", `"strong"`, "x", 1),
		"cannot be unpacked":        containerFile("deflate", `"string"`, "\xff\xff", 1),
		"the answer ends too early": containerFile("null", `{"type": "fixed", "name": "F", "size": 2000000000}`, "x", 1),
	})
}

func TestAvroContainerBombs(t *testing.T) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 9)
	w.Write(make([]byte, maxUnpacked+1))
	w.Close()
	c := &container{codec: "deflate", unpacked: maxUnpacked}
	if _, err := c.unpack(packed.Bytes()); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("a block of %d bytes unpacks with error %v", packed.Len(), err)
	}
}

func TestProtobuf(t *testing.T) {
	check(t, "protobuf", "schemas/bird.proto", birds, map[string]any{
		raw(t, "CgRXcmVuEAkaAUEaAUIiAggD"): object{"name": "Wren", "weight": 9, "places": []any{"A", "B"}, "nest": object{"height": 3}},
		"":                                 object{"name": "", "weight": 0, "places": []any{}},
		"\x98\x06\x01":                     object{"name": "", "weight": 0, "places": []any{}}, // a field it does not have
	})
	check(t, "protobuf", "schemas/bird.proto#Nest", birds, map[string]any{"\x08\x03": object{"height": 3}})
	check(t, "protobuf", "all.proto#x.y.All.In", birds, map[string]any{"": object{"s": ""}})
}

func TestProtobufKinds(t *testing.T) {
	zero := object{"big_number": 0, "u": 0, "raw": "", "kind": "NONE", "m": object{}, "flag": false, "d": 0.0, "many": []any{}, "all": []any{}}
	with := func(name string, v any) object {
		out := object{name: v}
		for k, z := range zero {
			if k != name {
				out[k] = z
			}
		}
		return out
	}
	check(t, "protobuf", "all.proto#All", birds, map[string]any{
		"\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f":     with("big_number", math.MaxInt64),
		"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01": with("u", json.Number("18446744073709551615")),
		"\x1a\x01\xff":                          with("raw", "/w=="),
		"\x20\x01":                              with("kind", "TALL"),
		"\x20\x07":                              with("kind", 7),
		"\x2a\x08\x0a\x01k\x15\xcd\xcc\xcc\x3d": with("m", object{"k": 0.1}),
		"\x30\x00":                              with("o", 0),
		"\x3a\x02\x08\x01":                      with("at", "1970-01-01T00:00:01Z"),
		"\x42\x02\x08\x05":                      with("w", 5),
		"\x6a\x02\x01\x02":                      with("many", []any{1, 2}),
		"\x61\x00\x00\x00\x00\x00\x00\xf8\x7f":  with("d", "NaN"),
	})
	deep := ""
	for range 300 {
		var b []byte
		for n := len(deep); ; n >>= 7 {
			if n < 0x80 {
				b = append(b, byte(n))
				break
			}
			b = append(b, byte(n&0x7f|0x80))
		}
		deep = "\x4a" + string(b) + deep
	}
	refuse(t, "protobuf", "all.proto#All", birds, map[string]string{
		"the answer is not a All": deep, "is not a All": "\x1a\x05x", "UTF-8": "\x5a\x03\x0a\x01\xff",
		"1000000 values":           "\x6a\xc0\x84\x3d" + strings.Repeat("\x00", 1_000_000),
		"values that are read":     strings.Repeat("\x72\x00", maxValues+1),
		"entry of a map":           "\x2a\x08\x0a\x010\x0800\x8a0", // a key that is text, then a number
		"Timestamp holds no value": "\x3a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	})
}

func TestDecodersAreSafeForConcurrentUse(t *testing.T) {
	for format, test := range map[string][2]string{
		"avro":     {"schemas/bird.avsc", raw(t, "CFdyZW4SAQ==")},
		"protobuf": {"all.proto#All", "\x3a\x02\x08\x01"},
		"html":     {"table", "<table><tr><th>a<tr><td>1</table>"},
		"markdown": {"", "# a\n\n|b|\n|-|\n|1|\n"},
	} {
		d, err := New(format, test[0], birds.open)
		if err != nil {
			t.Fatal(err)
		}
		want, err := d([]byte(test[1]), "")
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan any)
		for range 4 {
			go func() {
				v, _ := d([]byte(test[1]), "")
				got <- v
			}()
		}
		for range 4 {
			if d := cmp.Diff(want, <-got); d != "" {
				t.Errorf("%s (-alone +beside others):\n%s", format, d)
			}
		}
	}
}
