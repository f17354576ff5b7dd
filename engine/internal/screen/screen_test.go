package screen_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
)

func problem(line, column, end int, code, message string) diag.Diagnostic {
	return diag.Diagnostic{Code: code, Severity: diag.Warning, Pos: diag.Pos{File: "x.yaml", Line: line, Column: column}, EndColumn: end, Message: message}
}

func codesOf(l diag.List) (out []string) {
	for _, d := range l {
		out = append(out, d.Severity.String()+" "+d.Code)
	}
	return out
}

// known writes problems of a text as known ones, and reads them.
func known(t *testing.T, text string, l diag.List) *screen.Baseline {
	t.Helper()
	list := screen.NewBaseline("known.json")
	list.Add(l, map[string][]byte{"x.yaml": []byte(text)})
	file, err := list.Text()
	if err != nil {
		t.Fatal(err)
	}
	b, problems := screen.ReadBaseline("known.json", ".", file)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return b
}

// A known problem is known again on another line, and is another one on another text,
// with another message, and once more than there were.
func TestBaseline(t *testing.T) {
	const text = "a: red\nb: red\n"
	b := known(t, text, diag.List{problem(1, 4, 7, "bad-value", "red is no value"), problem(2, 4, 7, "bad-value", "red is no value")})
	for _, tt := range []struct {
		name, text string
		found      diag.List
		want       []string
	}{
		{"the same", text, diag.List{problem(1, 4, 7, "bad-value", "red is no value"), problem(2, 4, 7, "bad-value", "red is no value")}, nil},
		{"on other lines and columns", "\n\n  a: red\n  b: red\n", diag.List{problem(3, 6, 9, "bad-value", "red is no value"), problem(4, 6, 9, "bad-value", "red is no value")}, nil},
		{"one more", text + "c: red\n", diag.List{problem(1, 4, 7, "bad-value", "red is no value"), problem(2, 4, 7, "bad-value", "red is no value"), problem(3, 4, 7, "bad-value", "red is no value")}, []string{"warning bad-value"}},
		{"one less", "a: red\n", diag.List{problem(1, 4, 7, "bad-value", "red is no value")}, []string{"info stale-baseline"}},
		{"another code", text, diag.List{problem(1, 4, 7, "bad-value", "red is no value"), problem(2, 4, 7, "bad-number", "red is no value")}, []string{"info stale-baseline", "warning bad-number"}},
		{"another message", text, diag.List{problem(1, 4, 7, "bad-value", "red is no value"), problem(2, 4, 7, "bad-value", "red is no value here")}, []string{"info stale-baseline", "warning bad-value"}},
		{"another text", "a: red\nb: RED\n", diag.List{problem(1, 4, 7, "bad-value", "red is no value"), problem(2, 4, 7, "bad-value", "red is no value")}, []string{"info stale-baseline", "warning bad-value"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := screen.Screen{File: "x.yaml", Baseline: b, Texts: map[string][]byte{"x.yaml": []byte(tt.text)}}
			if diff := cmp.Diff(tt.want, codesOf(s.Shown(tt.found, nil, true))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A problem without an end is known by its line, and a folder of this machine in a
// message is none of another.
func TestFingerprint(t *testing.T) {
	whole := func(text string) string {
		list := screen.NewBaseline("known.json")
		list.Add(diag.List{problem(1, 1, 0, "bad-value", "no")}, map[string][]byte{"x.yaml": []byte(text)})
		file, _ := list.Text()
		return string(file)
	}
	if whole("a: red\n") != whole("  a: red  \n") || whole("a: red\n") == whole("a: blue\n") {
		t.Error("the line is not what it is known by")
	}
	here := t.TempDir()
	there := t.TempDir()
	in := func(dir string) string {
		list := screen.NewBaseline(dir + "/known.json")
		d := problem(1, 1, 0, "bad-value", dir+"/x is outside "+dir)
		d.Pos.File = dir + "/x.yaml"
		list.Add(diag.List{d}, nil)
		file, _ := list.Text()
		return strings.ReplaceAll(string(file), dir, "")
	}
	if diff := cmp.Diff(in(here), in(there)); diff != "" {
		t.Errorf("two machines (-one +other):\n%s", diff)
	}
}

// The order in which problems are found is not that of the file.
func TestBaselineIsSorted(t *testing.T) {
	one, two := problem(1, 1, 0, "bad-value", "no"), problem(2, 1, 0, "bad-number", "none")
	text := func(l ...diag.Diagnostic) string {
		list := screen.NewBaseline("known.json")
		list.Add(l, nil)
		file, _ := list.Text()
		return string(file)
	}
	if a, b := text(one, two), text(two, one); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestBadBaselines(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "known.json:1:1",
		"{":                                 "known.json:1:1",
		"{\n  \"version\": 1,\n  x\n}":      "known.json:3:3",
		"{\"version\": 2}":                  "known.json:1:1",
		"{\"version\": 1, \"problems\": 3}": "known.json:1:28",
	} {
		b, problems := screen.ReadBaseline("known.json", ".", []byte(text))
		if b != nil || len(problems) != 1 || problems[0].Code != "bad-baseline" || problems[0].Pos.String() != want {
			t.Errorf("%q: %v, not at %s", text, problems, want)
		}
	}
}

// Of two rules the later one counts, and a comment goes before both.
func TestOrder(t *testing.T) {
	rule := func(level string) screen.Rule {
		return screen.Rule{Rule: project.Rule{Codes: []spec.Str{{Value: "bad-value"}}, Level: spec.Str{Value: level, Pos: diag.Pos{File: ".capstan.yaml", Line: 1}}}, Dir: "."}
	}
	found := diag.List{problem(1, 1, 2, "bad-value", "no")}
	for _, tt := range []struct {
		rules []screen.Rule
		by    []project.Ignore
		want  []string
	}{
		{[]screen.Rule{rule("error"), rule("info")}, nil, []string{"info bad-value"}},
		{[]screen.Rule{rule("off"), rule("error")}, nil, []string{"error bad-value"}},
		{[]screen.Rule{rule("error")}, []project.Ignore{{Code: "bad-value", From: 1, To: 1, Pos: diag.Pos{File: "x.yaml", Line: 1}}}, nil},
	} {
		s := screen.Screen{File: "x.yaml", Rules: tt.rules, Ignores: tt.by}
		if diff := cmp.Diff(tt.want, codesOf(s.Shown(found, nil, true))); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(tt.want, codesOf(s.Counted(found))); diff != "" {
			t.Errorf("counted (-want +got):\n%s", diff)
		}
	}
}

// The problem that stands for hidden errors names the units, the count and a few places.
func TestHiddenErrors(t *testing.T) {
	var rules []screen.Rule
	var found diag.List
	var unable []screen.Unit
	for i, code := range []string{"bad-value", "bad-number", "unknown-key", "wrong-type", "empty-value"} {
		rules = append(rules, screen.Rule{Rule: project.Rule{Codes: []spec.Str{{Value: code}}, Level: spec.Str{Value: "off", Pos: diag.Pos{File: ".capstan.yaml", Line: i + 1}}}, Dir: "."})
		d := problem(i+1, 1, 2, code, "no")
		d.Severity = diag.Error
		found.Add(d)
		unable = append(unable, screen.Unit{Name: "unit" + code, Problems: diag.List{d}})
	}
	for _, tt := range []struct {
		found  diag.List
		unable []screen.Unit
		want   string
	}{
		{found[:1], unable, `1 hidden error makes "unitbad-value" unable to run; hidden by .capstan.yaml:1`},
		{found[:2], unable, `2 hidden errors make "unitbad-value", "unitbad-number" unable to run; hidden by .capstan.yaml:1, .capstan.yaml:2`},
		{found, unable, `5 hidden errors make "unitbad-value", "unitbad-number", "unitunknown-key", 2 more unable to run; hidden by .capstan.yaml:1, .capstan.yaml:2, .capstan.yaml:3, 2 more`},
		{found[:2], nil, `2 hidden errors still count; hidden by .capstan.yaml:1, .capstan.yaml:2`},
		{found[:1], []screen.Unit{{Name: "make counts", Problems: found[:1]}}, `1 hidden error makes "make counts" unable to run; hidden by .capstan.yaml:1`},
		{found[:1], nil, `1 hidden error still counts; hidden by .capstan.yaml:1`},
	} {
		s := screen.Screen{File: "x.yaml", Rules: rules}
		got := s.Shown(tt.found, tt.unable, true)
		if len(got) != 1 || got[0].Severity != diag.Error || got[0].Message != tt.want {
			t.Errorf("%v, not %s", got, tt.want)
		}
		if diff := cmp.Diff(tt.found, s.Counted(tt.found)); diff != "" {
			t.Errorf("errors that count (-want +got):\n%s", diff)
		}
	}
}
