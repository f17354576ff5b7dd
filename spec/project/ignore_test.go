package project_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/project"
)

func TestIgnores(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // line:column code from-to reason
		problems   []string
	}{
		{"at the end of a line", "a: 1 # capstan: ignore unknown-key for now\n", []string{"1:24 unknown-key 1-1 for now"}, nil},
		{"above", "# capstan: ignore unknown-key for now\na: 1\n", []string{"1:19 unknown-key 2-2 for now"}, nil},
		{"above, with a second one", "# capstan: ignore unknown-key for now\n# capstan: ignore bad-value so be it\na: 1\n",
			[]string{"1:19 unknown-key 3-3 for now", "2:19 bad-value 3-3 so be it"}, nil},
		{"above another comment", "# capstan: ignore unknown-key for now\n# a note\n\na: 1\n", []string{"1:19 unknown-key 3-3 for now"}, nil},
		{"several codes", "a: 1 # capstan: ignore unknown-key, bad-value: for now\n", []string{"1:24 unknown-key 1-1 for now", "1:37 bad-value 1-1 for now"}, nil},
		{"no blanks", "a: 1 #capstan:ignore unknown-key,bad-value x\n", []string{"1:22 unknown-key 1-1 x", "1:34 bad-value 1-1 x"}, nil},
		{"of another line break", "a: 1 # capstan: ignore unknown-key for now\r\nb: 2\r\n", []string{"1:24 unknown-key 1-1 for now"}, nil},
		{"after wide letters", "b: ü # capstan: ignore unknown-key for now\n", []string{"1:24 unknown-key 1-1 for now"}, nil},
		{"after a mark", "\uFEFFa: 1 # capstan: ignore unknown-key for now\n", []string{"1:24 unknown-key 1-1 for now"}, nil},
		{"of a text of several lines", "a: | # capstan: ignore unknown-key for now\n  one\n\n  two\nb: 1\n", []string{"1:24 unknown-key 1-4 for now"}, nil},
		{"above a text of several lines", "# capstan: ignore unknown-key for now\na: >-\n  one\nb: 1\n", []string{"1:19 unknown-key 2-3 for now"}, nil},
		{"in quotes", "a: \"1 # capstan: ignore unknown-key x\"\nb: '2 # capstan: ignore unknown-key x'\n", nil, nil},
		{"in quotes over two lines", "a: \"1\n  # capstan: ignore unknown-key x\"\n", nil, nil},
		{"in a text of several lines", "a: |\n  one\n  # capstan: ignore unknown-key x\n", nil, nil},
		{"in a text, and behind it", "a: \"1 # capstan: ignore unknown-key x\" # capstan: ignore bad-value y\n", []string{"1:58 bad-value 1-1 y"}, nil},
		{"in a key", "? \"# capstan: ignore unknown-key x\"\n: 1\n", nil, nil},
		{"shown in a comment", "# write # capstan: ignore unknown-key x\na: 1\n", nil, nil},
		{"no comment to the parser", "a: 1#capstan: ignore unknown-key x\n", nil, nil},
		{"in a file that cannot be parsed", "a: [ # capstan: ignore unknown-key x\n", nil, nil},
		{"no code", "a: 1 # capstan: ignore\n", nil, []string{`1:6 unknown-code the comment names no code to ignore`}},
		{"no reason", "a: 1 # capstan: ignore unknown-key\n", []string{"1:24 unknown-key 1-1 "}, []string{`1:6 ignore-without-reason the comment gives no reason to ignore unknown-key`}},
		{"a misspelt code", "a: 1 # capstan: ignore unknown-kee, bad-value x\n", []string{"1:37 bad-value 1-1 x"}, []string{`1:24 unknown-code no problem has the code "unknown-kee"`}},
		{"a code that cannot be hidden", "a: 1 # capstan: ignore hidden-errors x\n", nil, []string{`1:24 unknown-code hidden-errors cannot be changed: it stands for errors that are hidden`}},
		{"at the end of the file", "a: 1\n# capstan: ignore unknown-key x", []string{"2:19 unknown-key 3-3 x"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ignores, diags := project.ReadIgnores("f.yaml", []byte(tt.text))
			var got, problems []string
			for _, i := range ignores {
				got = append(got, fmt.Sprintf("%d:%d %s %d-%d %s", i.Pos.Line, i.Pos.Column, i.Code, i.From, i.To, i.Reason))
			}
			for _, d := range diags {
				problems = append(problems, fmt.Sprintf("%d:%d %s %s", d.Pos.Line, d.Pos.Column, d.Code, d.Message))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("comments (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzIgnores(f *testing.F) {
	f.Add("a: | # capstan: ignore unknown-key, bad-value x\n  # capstan: ignore b\n- 'c # capstan: ignore'\n")
	f.Fuzz(func(t *testing.T, text string) {
		ignores, _ := project.ReadIgnores("f.yaml", []byte(text))
		lines := strings.Split(strings.TrimPrefix(text, "\uFEFF"), "\n")
		for _, i := range ignores {
			line := []rune(lines[i.Pos.Line-1])
			if string(line[i.Pos.Column-1:i.End-1]) != i.Code || !strings.Contains(string(line[:i.Pos.Column-1]), "capstan:") {
				t.Errorf("%q: %+v is elsewhere", text, i)
			}
			if i.Covers(diag.Diagnostic{Code: i.Code, Pos: diag.Pos{File: "g.yaml", Line: i.From}}) {
				t.Error("a comment is for another file")
			}
		}
	})
}
