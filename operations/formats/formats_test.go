package formats

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type object = map[string]any

// schemas is a folder of schema files.
type schemas map[string]string

func (s schemas) open(path string) ([]byte, error) {
	if src, ok := s[path]; ok {
		return []byte(src), nil
	}
	return nil, fs.ErrNotExist
}

// decode is the way of an answer from its bytes to data.
func decode(t *testing.T, format, schema string, files schemas, body, mediaType string) (any, error) {
	t.Helper()
	d, err := New(format, schema, files.open)
	if err != nil {
		t.Fatalf("%s %q: %v", format, schema, err)
	}
	return d([]byte(body), mediaType)
}

// check decodes each body and compares.
func check(t *testing.T, format, schema string, files schemas, cases map[string]any) {
	t.Helper()
	for body, want := range cases {
		got, err := decode(t, format, schema, files, body, "")
		if err != nil {
			t.Errorf("%q: %v", body, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", body, d)
		}
	}
}

// refuse decodes each body and wants an error about what its key says.
func refuse(t *testing.T, format, schema string, files schemas, cases map[string]string) {
	t.Helper()
	for about, body := range cases {
		v, err := decode(t, format, schema, files, body, "")
		if err == nil || !strings.Contains(err.Error(), about) {
			t.Errorf("%.60q: got %v and error %v, want one about %q", body, v, err, about)
		} else if !strings.HasPrefix(err.Error(), format+": ") {
			t.Errorf("error %q does not name the format", err)
		}
	}
}

func TestUnknownFormatsListTheKnown(t *testing.T) {
	for format, want := range map[string]string{
		"protobuff": `did you mean "protobuf"`,
		"parquet":   "json, xml, yaml, csv, tsv, psv, html, markdown, avro, protobuf, text, binary",
	} {
		if _, err := New(format, "", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", format, err, want)
		}
	}
}

func TestFormatNamesHaveAnyCase(t *testing.T) {
	for _, format := range []string{"XML", " Xml ", "YAML", "CSV", "HTML", "Markdown", "JSON", ""} {
		if _, err := New(format, "", nil); err != nil {
			t.Errorf("%q: %v", format, err)
		}
	}
}

func TestJSONTextAndBinary(t *testing.T) {
	check(t, "json", "", nil, map[string]any{`{"n": 1, "f": 1.5}`: object{"n": 1, "f": 1.5}, "": nil})
	check(t, "text", "", nil, map[string]any{"a\r\nb": "a\r\nb", "": ""})
	check(t, "binary", "", nil, map[string]any{"\xff\x00": []byte("\xff\x00")})
	refuse(t, "json", "", nil, map[string]string{"EOF": `{"a": 1`, "UTF-8 from byte 1": "\"\xff\""})
}

func TestYAML(t *testing.T) {
	check(t, "yaml", "", nil, map[string]any{
		"server: {host: h1, port: 8081, enabled: true}\nusers:\n- name: a\n": object{
			"server": object{"host": "h1", "port": 8081, "enabled": true}, "users": []any{object{"name": "a"}}},
	})
	refuse(t, "yaml", "", nil, map[string]string{"line 2": "a: b\n c: d: e"})
}

func TestCharsets(t *testing.T) {
	for _, test := range []struct{ format, body, mediaType, want string }{
		{"text", "caf\xe9", "text/plain; charset=ISO-8859-1", "café"},
		{"text", "\xff\xfeh\x00i\x00", "text/plain", "hi"},
		{"text", "\xef\xbb\xbfhi", "text/plain; charset=utf-8", "hi"},
		{"text", "hi", "not a media type;;", "hi"},
		{"xml", "<?xml version='1.0' encoding='iso-8859-1'?><a>caf\xe9</a>", "", "café"},
		{"xml", "<?xml version='1.0' encoding='iso-8859-1'?><a>café</a>", "text/xml; charset=utf-8", "café"},
		{"xml", "\xfe\xff\x00<\x00a\x00>\x00x\x00<\x00/\x00a\x00>", "", "x"},
	} {
		got, err := decode(t, test.format, "", nil, test.body, test.mediaType)
		if err != nil || got != test.want {
			t.Errorf("%s %q as %q: got %q, %v", test.format, test.body, test.mediaType, got, err)
		}
	}
	_, err := decode(t, "text", "", nil, "x", "text/plain; charset=klingon")
	if err == nil || !strings.Contains(err.Error(), "klingon") {
		t.Errorf("an unknown charset gives %v", err)
	}
}

func TestSchemaFaultsShowBeforeAnAnswer(t *testing.T) {
	files := schemas{
		"bad.avsc": `{"type": "rocord"}`, "bad.proto": "message Bird {", "empty.proto": `syntax = "proto3";`,
		"out.proto":  `syntax = "proto3"; import "../x.proto"; message M {}`,
		"lost.proto": `syntax = "proto3"; import "gone.proto"; message M {}`,
		"ok.proto":   `syntax = "proto3"; message Bird {} message Nest {}`,
	}
	for _, test := range []struct{ format, schema, want string }{
		{"avro", "gone.avsc", `"gone.avsc" cannot be read`},
		{"avro", "bad.avsc", "bad.avsc is not an Avro schema"},
		{"protobuf", "", "outputSchema"},
		{"protobuf", "bad.proto", "bad.proto:1"},
		{"protobuf", "empty.proto", "has no message"},
		{"protobuf", "out.proto", "leads out"},
		{"protobuf", "lost.proto", "gone.proto"},
		{"protobuf", "ok.proto#Egg", `no message "Egg"; it has Bird, Nest`},
		{"html", "table[", "not a CSS selector"},
	} {
		_, err := New(test.format, test.schema, files.open)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: error %v, want %q in it", test.format, test.schema, err, test.want)
		}
	}
	if _, err := New("avro", "gone.avsc", files.open); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}
