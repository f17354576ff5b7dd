package command

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// squeezed packs text.
func squeezed(t *testing.T, text string, raw bool) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = zlib.NewWriter(&b)
	if raw {
		w, _ = flate.NewWriter(&b, flate.BestSpeed)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// call and run read the same answers, and refuse the same.
func TestCallReadsAnswersAsRunDoes(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"berths.openapi.yaml": strings.Replace(stalledDocument, "schema: {type: object}", "schema: {type: object, properties: {name: {type: string}}}", 1),
		"berths.yaml":         stalledCapability + "outputs: [{name: name, source: list.name}]\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const utf16 = "{\x00\"\x00n\x00a\x00m\x00e\x00\"\x00:\x00\"\x00\xe9\x00\"\x00}\x00"
	for _, tt := range []struct {
		name, charset, coding, body string
		want                        string // "" for an error
	}{
		{"byte order mark", "", "", "\xef\xbb\xbf{\"name\":\"é\"}", "é"},
		{"UTF-16 by its mark", "", "", "\xff\xfe" + utf16, "é"},
		{"UTF-16 by its label", "; charset=utf-16le", "", utf16, "é"},
		{"ISO-8859-1", "; charset=ISO-8859-1", "", "{\"name\":\"\xe9\"}", "é"},
		{"deflate", "", "deflate", squeezed(t, `{"name":"é"}`, false), "é"},
		{"deflate without zlib", "", "deflate", squeezed(t, `{"name":"é"}`, true), "é"},
		{"NaN", "", "", `{"name": NaN}`, ""},
		{"two values", "", "", `{"name": "a"} {"name": "b"}`, ""},
		{"not UTF-8", "", "", "{\"name\":\"\xe9\"}", ""},
		{"an unknown charset", "; charset=ebcdic-us", "", `{"name":"e"}`, ""},
		{"broken deflate", "", "deflate", "\x78\x9cxxxx", ""},
		{"another packing", "", "br", "xxxx", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json"+tt.charset)
				if tt.coding != "" {
					w.Header().Set("Content-Encoding", tt.coding)
				}
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			flags := []string{"--openapi", "berths=" + filepath.Join(dir, "berths.openapi.yaml"), "--base-url", server.URL, "--config", "none", "--state", "none"}
			for _, command := range [][]string{{"call", "berths", "listBerths"}, {"run", filepath.Join(dir, "berths.yaml")}} {
				a, stdout, stderr := newTestApp("")
				code := run(t.Context(), append(command, flags...), a.io)
				switch {
				case (code == 0) != (tt.want != ""):
					t.Errorf("%s: exit %d\n%s%s", command[0], code, stdout, stderr)
				case !strings.Contains(stdout.String(), tt.want):
					t.Errorf("%s: %s", command[0], stdout)
				case tt.want == "" && !strings.Contains(stderr.String(), "answer"):
					t.Errorf("%s gives no reason: %s", command[0], stderr)
				}
			}
		})
	}
}
