package dialect

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

// The files of testdata hold YAML documents between lines of "---". A comment
// "# want: CODE: MESSAGE" (or warn:) at the end of a line expects that problem
// on the line, a comment on a line of its own expects it on the line above it.
// "# want N: ..." also pins the column. A chunk without any expects none.
var wantComment = regexp.MustCompile(`#\s*(want|warn)(?: (\d+))?: ([a-z-]+): (.*)$`)

func chunks(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	line := 0 // keeps the lines of each chunk those of the file
	for _, chunk := range strings.Split(string(text), "\n---\n") {
		out = append(out, strings.Repeat("\n", line)+chunk+"\n")
		line += strings.Count(chunk, "\n") + 2
	}
	return out
}

type problem struct {
	Line     int
	Column   string // "" when not pinned
	Severity string
	Code     string
	Message  string
}

func wanted(chunk string) []problem {
	var want []problem
	for i, text := range strings.Split(chunk, "\n") {
		m := wantComment.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		severity, line := "error", i+1
		if m[1] == "warn" {
			severity = "warning"
		}
		if strings.HasPrefix(strings.TrimSpace(text), "#") {
			line = lineAbove(want, line)
		}
		want = append(want, problem{line, m[2], severity, m[3], strings.TrimSpace(m[4])})
	}
	return want
}

// lineAbove skips the expectations that stand between a comment and its line.
func lineAbove(want []problem, line int) int {
	if n := len(want); n > 0 && want[n-1].Line == line-2 {
		return line - 2
	}
	return line - 1
}

func found(diags diag.List, want []problem) []problem {
	var got []problem
	for i, d := range diags {
		p := problem{d.Pos.Line, "", d.Severity.String(), d.Code, full(d)}
		if i < len(want) && want[i].Column != "" {
			p.Column = itoa(d.Pos.Column)
		}
		if i < len(want) && !strings.Contains(want[i].Message, " => ") {
			p.Message = d.Message
		}
		got = append(got, p)
	}
	return got
}

// full is the message with its hint, as expectations write them.
func full(d diag.Diagnostic) string {
	if d.Hint == "" {
		return d.Message
	}
	return d.Message + " => " + d.Hint
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func checkChunks(t *testing.T, name string, read func(file string, src []byte) diag.List) {
	t.Helper()
	for _, chunk := range chunks(t, name) {
		want := wanted(chunk)
		got := found(read(name, []byte(chunk)), want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:%d (-want +got):\n%s", name, len(chunk)-len(strings.TrimLeft(chunk, "\n"))+1, diff)
		}
	}
}

func TestCompositions(t *testing.T) {
	for _, name := range []string{"composition.yaml", "step.yaml", "yaml.yaml"} {
		checkChunks(t, name, func(file string, src []byte) diag.List {
			s, diags := Read(file, src)
			_, more := s.File(spec.Options{})
			return append(diags, more...).Sort()
		})
	}
}

func TestSiblings(t *testing.T) {
	checkChunks(t, "sibling.yaml", func(file string, src []byte) diag.List {
		s, diags := Read(file, src)
		if s.Dialect() != spec.DialectSibling {
			t.Errorf("%q is of the dialect %q", src, s.Dialect())
		}
		_, more := s.File(spec.Options{})
		return append(diags, more...).Sort()
	})
}

func TestStrict(t *testing.T) {
	checkChunks(t, "strict.yaml", func(file string, src []byte) diag.List {
		s, diags := Read(file, src)
		_, more := s.File(spec.Options{Strict: true})
		return append(diags, more...).Sort()
	})
}

func TestCatalogues(t *testing.T) {
	checkChunks(t, "catalogue.yaml", func(file string, src []byte) diag.List {
		s, diags := Read(file, src)
		_, more := s.Catalogue()
		return append(diags, more...).Sort()
	})
}

func TestOverlayDocuments(t *testing.T) {
	checkChunks(t, "overlay.yaml", func(file string, src []byte) diag.List {
		_, diags := ReadOverlay(file, src)
		return diags
	})
}

func TestProjects(t *testing.T) {
	checkChunks(t, "project.yaml", func(file string, src []byte) diag.List {
		_, diags := project.Read(file, src)
		return diags
	})
}
