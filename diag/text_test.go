package diag

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const b2b = `name: b2b
outputs:
  - name: directory
    source: verify-directory.data[0].idd
`

func write(t *testing.T, o TextOptions, src string, ds ...Diagnostic) string {
	t.Helper()
	var b strings.Builder
	if err := WriteText(&b, List(ds), map[string][]byte{"b2b.yaml": []byte(src)}, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func at(line, column, end int, message string) Diagnostic {
	return Diagnostic{Code: "some-code", Pos: Pos{"b2b.yaml", line, column}, EndColumn: end, Message: message}
}

func TestTextShowsTheWholeProblem(t *testing.T) {
	d := Diagnostic{
		Code:      "unknown-field",
		Pos:       Pos{"b2b.yaml", 4, 38},
		EndColumn: 41,
		Message:   `unknown field "idd" in the result of step "verify-directory"`,
		Notes:     []string{"data holds Directory", "first line\nsecond line"},
		Related:   []Related{{Pos{"b2b.yaml", 2, 1}, "asked for here"}, {Pos{}, "and nowhere"}, {Pos{"x.yaml", 0, 0}, ""}},
		Hint:      `did you mean "id"?`,
	}
	want := `b2b.yaml:4:38: error: unknown field "idd" in the result of step "verify-directory" [unknown-field]
  |
4 |     source: verify-directory.data[0].idd
  |                                      ^~~
  = note: data holds Directory
  = note: first line
          second line
  = see: b2b.yaml:2:1: asked for here
  = see: and nowhere
  = see: x.yaml
  = hint: did you mean "id"?
`
	if diff := cmp.Diff(want, write(t, TextOptions{}, b2b, d)); diff != "" {
		t.Error(diff)
	}
}

// A terminal gets its sentences folded, and no word is torn.
func TestTextFoldsToATerminal(t *testing.T) {
	d := at(2, 1, 8, "the outputs of this file have a name that no step gives")
	src := strings.Replace(b2b, "outputs:", "outputs:   # what every one of the steps gives", 1)
	d.Hint = "write the name of a step, or give the file another step with this name"
	want := `b2b.yaml:2:1: error: the outputs of this
  file have a name that no step gives
  [some-code]
  |
2 | outputs:   # what every one of the…
  | ^~~~~~~
  = hint: write the name of a step, or
    give the file another step with this
    name
`
	if diff := cmp.Diff(want, write(t, TextOptions{Width: 40}, src, d)); diff != "" {
		t.Error(diff)
	}
}

func TestTextGutterFitsTheLineNumber(t *testing.T) {
	src := strings.Repeat("\n", 67) + "name: x\n"
	want := `b2b.yaml:68:7: error: m [some-code]
   |
68 | name: x
   |       ^
   = hint: h
`
	d := at(68, 7, 8, "m")
	d.Hint = "h"
	if diff := cmp.Diff(want, write(t, TextOptions{}, src, d)); diff != "" {
		t.Error(diff)
	}
}

func TestTextWithoutASourceLine(t *testing.T) {
	tests := []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"no place", Diagnostic{Code: "c", Severity: Warning, Message: "m", Hint: "h"}, "warning: m [c]\n   = hint: h\n"},
		{"whole file", Diagnostic{Code: "c", Severity: Info, Pos: Pos{File: "b2b.yaml"}, Message: "m"}, "b2b.yaml: info: m [c]\n"},
		{"other file", Diagnostic{Code: "c", Pos: Pos{"o.yaml", 3, 4}, Message: "m"}, "o.yaml:3:4: error: m [c]\n"},
		{"line that is not there", at(900, 1, 2, "m"), "b2b.yaml:900:1: error: m [some-code]\n"},
		{"no code", Diagnostic{Message: "m"}, "error: m\n"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, write(t, TextOptions{}, b2b, tt.d)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestTextMarksTheRightColumns(t *testing.T) {
	tests := []struct {
		name, line  string
		column, end int
		shown, mark string
	}{
		{"one character when no end is known", "name: x", 7, 0, "name: x", "      ^"},
		{"end before start", "name: x", 7, 3, "name: x", "      ^"},
		{"accents are one column", "Zürich: Bühne", 9, 14, "Zürich: Bühne", "        ^~~~~"},
		{"combining marks take none", "u\u0308ber: x", 7, 8, "u\u0308ber: x", "     ^"},
		{"wide characters take two", "名前: 値", 5, 6, "名前: 値", "      ^~"},
		{"emoji take two", "🚀🚀: x", 5, 6, "🚀🚀: x", "      ^"},
		{"tabs are shown as four", "\tname:\tx", 8, 9, "    name:    x", "             ^"},
		{"just after the text", "name:", 6, 6, "name:", "     ^"},
		{"far after the text", "name:", 60, 61, "name:", "     ^"},
		{"end after the text", "name: x", 7, 90, "name: x", "      ^"},
		{"empty line", "", 1, 1, "", "^"},
		{"no column", "name: x", 0, 0, "name: x", ""},
		{"control characters are shown", "a\x1b[31mb", 7, 8, "a␛[31mb", "      ^"},
		{"text is not reordered", "a\u202eb", 3, 4, "a\uFFFDb", "  ^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFrame(tt.line, tt.column, tt.end, 120)
			if diff := cmp.Diff([]string{tt.shown, tt.mark}, []string{f.text, f.pad + f.mark}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTextCutsLongLinesAroundTheMark(t *testing.T) {
	long := strings.Repeat("a", 50) + "HERE" + strings.Repeat("b", 50)
	tests := []struct {
		name, line  string
		column, end int
		shown, mark string
	}{
		{"middle", long, 51, 55, "…aaaaaaaHEREbbbbbbb…", "        ^~~~"},
		{"start", long, 1, 2, "aaaaaaaaaaaaaaaaaa…", "^"},
		{"end", long, 104, 105, "…bbbbbbbbbbbbbbbbbb", "                  ^"},
		{"mark too wide", long, 1, 105, "aaaaaaaaaaaaaaaaaa…", "^~~~~~~~~~~~~~~~~~"},
		{"wide characters", strings.Repeat("値", 30), 15, 16, "…値値値値値値値値値…", "         ^~"},
		{"no column", long, 0, 0, "aaaaaaaaaaaaaaaaaa…", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFrame(tt.line, tt.column, tt.end, 20)
			if diff := cmp.Diff([]string{tt.shown, tt.mark}, []string{f.text, f.pad + f.mark}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTextLineEndsAndByteOrderMark(t *testing.T) {
	for _, src := range []string{"a: 1\nb: 2\n", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2", "\uFEFFa: 1\nb: 2"} {
		for i, want := range []string{"a: 1", "b: 2"} {
			got, ok := indexLines([]byte(src)).line([]byte(src), i+1)
			if !ok || got != want {
				t.Errorf("line %d of %q: got %q, %v", i+1, src, got, ok)
			}
		}
	}
}

func TestTextNeverSendsControlCharacters(t *testing.T) {
	d := at(1, 1, 2, "the API said \x1b[2J\x07 and \u202e")
	d.Notes = []string{"tab\there\rthere"}
	d.Hint = "bad \xff byte"
	got := write(t, TextOptions{}, "a\x00b\n", d)
	if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && visible(r) != r }); i >= 0 {
		t.Errorf("control character at %d in %q", i, got)
	}
}

func TestTextColor(t *testing.T) {
	got := write(t, TextOptions{Color: true}, b2b, at(1, 1, 5, "m"))
	want := "\x1b[1mb2b.yaml:1:1\x1b[0m: \x1b[1;31merror\x1b[0m: m \x1b[2m[some-code]\x1b[0m\n" +
		"  \x1b[2m|\x1b[0m\n\x1b[2m1\x1b[0m \x1b[2m|\x1b[0m name: b2b\n  \x1b[2m|\x1b[0m \x1b[1;31m^~~~\x1b[0m\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestTextReturnsTheWritersError(t *testing.T) {
	err := WriteText(brokenPipe{}, List{at(1, 1, 2, "m")}, nil, TextOptions{})
	if err == nil || err.Error() != "broken pipe" {
		t.Errorf("got %v", err)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add("name: x", 7, 8, 20)
	f.Add("名前:\t値\x00", 5, 6, 3)
	f.Add("", 0, -1, 0)
	f.Add("0", 81, -1, -92)
	f.Fuzz(func(t *testing.T, line string, column, end, width int) {
		fr := newFrame(line, column, end, width)
		if strings.ContainsAny(fr.text, "\n\r\x1b\x00") {
			t.Errorf("unprintable: %q", fr.text)
		}
		if (column > 0) != (fr.mark != "") {
			t.Errorf("column %d has mark %q", column, fr.mark)
		}
	})
}
