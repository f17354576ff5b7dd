package diag_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
)

// Whatever a problem quotes, a report is well-formed, and a line of a format by lines is
// one problem.
func FuzzFormats(f *testing.F) {
	f.Add("message", "file.yaml", "name: x\n", 1, 1)
	f.Add("a]]>b\x00\xff\ufffe\n::error::x\r\n", "a,b:c%.yaml", "größe: \xff\n", 1, 9)
	f.Add("|`*_<br>[x](y)", "-", "", 0, 0)
	f.Fuzz(func(t *testing.T, message, file, text string, line, column int) {
		line, column = max(line, 0)%1000, max(column, 0)%1000
		d := diag.Diagnostic{Code: "unknown-key", Pos: diag.Pos{File: file, Line: line, Column: column}, Message: message, Hint: message, Related: []diag.Related{{Pos: diag.Pos{File: file, Line: 1}, Message: message}}}
		o := &diag.Outcome{File: file, Invalid: true, Units: []diag.Unit{{Name: message, Problems: diag.List{d}}}, Problems: diag.List{d, d}, Sources: map[string][]byte{file: []byte(text)}}
		for _, format := range diag.Formats() {
			got := written(t, format, []*diag.Outcome{o})
			switch format {
			case "sarif", "gitlab", "rdjson":
				if !json.Valid(got) || !utf8.Valid(got) {
					t.Errorf("%s: %q", format, got)
				}
			case "junit", "checkstyle":
				for d := xml.NewDecoder(bytes.NewReader(got)); ; {
					if _, err := d.Token(); err == io.EOF {
						break
					} else if err != nil {
						t.Fatalf("%s: %v: %q", format, err, got)
					}
				}
			case "github":
				if lines := strings.Split(string(got), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], "::error file=") || strings.ContainsAny(string(got), "\r\x00\x1b") {
					t.Errorf("%q", got)
				}
			case "markdown":
				if rows := bytes.Count(got, []byte("\n| error | ")); rows != 2 || bytes.ContainsAny(got, "\r\x00\x1b") {
					t.Errorf("%d rows: %q", rows, got)
				}
			}
		}
	})
}
