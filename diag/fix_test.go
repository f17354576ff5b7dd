package diag_test

import (
	"testing"

	"github.com/capstan-run/capstan/diag"
)

func TestReplaceStaysInsideQuotes(t *testing.T) {
	for _, c := range []struct {
		name, line, want string
		from, to         int
	}{
		{"plain", "untill: x", "until: x", 1, 7},
		{"quoted", `"untill": x`, `"until": x`, 1, 9},
		{"after wide letters", "{ä: '日', untill: x}", "{ä: '日', until: x}", 10, 16},
		{"place not exact", "untill: x", "untill: x", 1, 0},
	} {
		d := diag.Diagnostic{Pos: diag.Pos{File: "a.yaml", Line: 2, Column: c.from}, EndColumn: c.to}
		d.Replace("untill", "until", true)
		var fixes []*diag.Fix
		if d.Fix != nil {
			fixes = append(fixes, d.Fix)
		}
		got, _ := diag.Apply("a.yaml", []byte("first\r\n"+c.line+"\r\n"), fixes)
		if want := "first\r\n" + c.want + "\r\n"; string(got) != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

func TestApplyMakesAFixWholeOrNotAtAll(t *testing.T) {
	at := func(file string, column int, old, with string) diag.Edit {
		return diag.Edit{Pos: diag.Pos{File: file, Line: 1, Column: column}, EndColumn: column + len(old), Old: old, New: with}
	}
	for _, c := range []struct {
		name, want string
		made       int
		fixes      []*diag.Fix
	}{
		{"two edits", "ONE two THREE", 1, []*diag.Fix{{Edits: []diag.Edit{at("a", 9, "three", "THREE"), at("a", 1, "one", "ONE")}}}},
		{"the first of two that overlap", "1 two three", 1, []*diag.Fix{{Edits: []diag.Edit{at("a", 1, "one", "1")}}, {Edits: []diag.Edit{at("a", 2, "ne t", "x")}}}},
		{"two insertions in one place", "x one two three"[:1] + "one two three", 1, []*diag.Fix{{Edits: []diag.Edit{at("a", 1, "", "x")}}, {Edits: []diag.Edit{at("a", 1, "", "y")}}}},
		{"also another file", "one two three", 0, []*diag.Fix{{Edits: []diag.Edit{at("a", 1, "one", "1"), at("b", 1, "one", "1")}}}},
		{"text that has changed", "one two three", 0, []*diag.Fix{{Edits: []diag.Edit{at("a", 1, "two", "2")}}}},
		{"a place outside", "one two three", 0, []*diag.Fix{{Edits: []diag.Edit{at("a", 99, "two", "2")}}}},
		{"no edit", "one two three", 0, []*diag.Fix{{}}},
	} {
		got, made := diag.Apply("a", []byte("one two three"), c.fixes)
		if string(got) != c.want || made != c.made {
			t.Errorf("%s: %q with %d made, want %q with %d", c.name, got, made, c.want, c.made)
		}
	}
}
