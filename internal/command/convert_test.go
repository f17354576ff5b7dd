package command

import (
	"strings"
	"testing"
)

func TestJSONOfTheCommandLine(t *testing.T) {
	for text, want := range map[string]string{
		"\xef\xbb\xbf{\"a\": 1}":           "",
		`{"a": {"b": 1}, "b": [{"b": 2}]}`: "",
		`{"a": "x\ud800y"}`:                `the escape \ud800 is half of a surrogate pair`,
		`{"a": 1, "a": 1}`:                 `key "a" is there twice`,
		`[{"x": [{"é": 1, "\u00e9": 2}]}]`: `key "é" is there twice`,
		"{\"a\": \"\xff\"}":                `it is not UTF-8 text: byte 8 is 0xff`,
		`{"a": 1} {}`:                      "there is more after the JSON value",
	} {
		_, err := parseJSON([]byte(text))
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestTextOfTheCommandLineIsText(t *testing.T) {
	latin1 := assignment{name: "name", text: "Z\xfcrich"}
	if _, err := latin1.value(wantedType{kind: "string"}); err == nil || !strings.Contains(err.Error(), "byte 2 is 0xfc") {
		t.Errorf("error %v", err)
	}
	if _, err := latin1.value(wantedType{kind: "string", bytes: true}); err != nil {
		t.Errorf("a file to upload need not be text: %v", err)
	}
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"a": [1, 2.5, null, {"b": "c"}]}`))
	f.Add([]byte("\xef\xbb\xbf[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := parseJSON(data)
		if err != nil {
			return
		}
		text, err := encode("json", v)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := parseJSON(text); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
