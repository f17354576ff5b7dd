package project

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Ignore is a code in a comment that hides the problems of some lines:
//
//	# capstan: ignore CODE[,CODE...] reason
//
// At the end of a line it is for that line, on lines of its own for the next one. Where
// that line begins a text of several lines (| or >), it is for all of the text.
type Ignore struct {
	Code     string
	Reason   string
	Pos      diag.Pos // of the code
	End      int      // the column after it
	From, To int      // the first and the last line that it is for
	// Removal takes the comment out of its line, nil where the comment has other codes or
	// the line to itself.
	Removal *diag.Fix
}

// Covers reports whether the problem is one that the comment hides.
func (i Ignore) Covers(d diag.Diagnostic) bool {
	return d.Is(i.Code) && i.Pos.File == d.Pos.File && i.From <= d.Pos.Line && d.Pos.Line <= i.To
}

var (
	ignoreMark = lazyregexp.New(`#[ \t]*capstan:[ \t]*ignore\b`)
	ignoreForm = lazyregexp.New(`^[ \t]+([^\s,:]+(?:[ \t]*,[ \t]*[^\s,:]+)*)[ \t]*(.*)$`)
	ignoreCode = lazyregexp.New(`[^\s,]+`)
	blockBegin = lazyregexp.New(`(^|[ \t])[|>][-+0-9]*[ \t]*(#.*)?$`)
)

// ReadIgnores returns the comments of a YAML text that ignore problems, one Ignore for
// each code, with the problems that they have themselves. A text that cannot be parsed
// has none.
func ReadIgnores(file string, src []byte) ([]Ignore, diag.List) {
	if !bytes.Contains(src, []byte("capstan:")) || !ignoreMark.Match(src) {
		return nil, nil
	}
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	r := ignoreReader{file: file, lines: strings.Split(string(src), "\n")}
	for _, at := range comments(src) {
		r.read(bytes.Count(src[:at], []byte("\n")), at-1-bytes.LastIndexByte(src[:at], '\n'))
	}
	return r.out, r.diags
}

// comments returns the offsets of the marks that are comments, not parts of a text. In
// a copy of the text every mark gets a name of the same length: those that the parser
// then finds in a scalar are texts.
func comments(src []byte) []int {
	marks := ignoreMark.FindAllIndex(src, mostIgnores)
	renamed, names := bytes.Clone(src), make([]string, len(marks))
	for i, m := range marks {
		names[i] = fmt.Sprintf("c%06d", i) // as long as capstan
		copy(renamed[m[0]+bytes.Index(src[m[0]:], []byte("capstan")):], names[i])
	}
	_, root, _ := node.ParseAny("", renamed)
	if root == nil {
		return nil
	}
	var scalars strings.Builder
	var walk func(*node.Node)
	walk = func(n *node.Node) {
		if n.Kind == node.ScalarNode && strings.Contains(n.Value, "ignore") {
			scalars.WriteString(n.Value)
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(root)
	texts := scalars.String()
	var out []int
	for i, m := range marks {
		if texts == "" || !strings.Contains(texts, names[i]) {
			out = append(out, m[0])
		}
	}
	return out
}

// mostIgnores bounds the comments of one text.
const mostIgnores = 10_000

type ignoreReader struct {
	file  string
	lines []string
	out   []Ignore
	diags diag.List
}

// read reads the comment at a byte of a line, both counted from 0. A comment that only
// shows another one is none.
func (r *ignoreReader) read(line, at int) {
	text := strings.TrimSuffix(r.lines[line], "\r")
	before := strings.TrimLeft(text[:at], " \t")
	if strings.HasPrefix(before, "#") {
		return
	}
	mark := ignoreMark.FindStringIndex(text[at:])
	body := at + mark[1]
	pos := diag.Pos{File: r.file, Line: line + 1, Column: columns(text[:at])}
	m := ignoreForm.FindStringSubmatchIndex(text[body:])
	if m == nil {
		r.diags.Add(diag.Diagnostic{Code: "unknown-code", Pos: pos, EndColumn: columns(text),
			Message: "the comment names no code to ignore", Hint: "write # capstan: ignore CODE reason"})
		return
	}
	from, to := r.target(line, before == "")
	reason := strings.TrimLeft(text[body+m[4]:], ":-– \t")
	var known []Ignore
	for _, c := range ignoreCode.FindAllIndex([]byte(text[body+m[2]:body+m[3]]), -1) {
		start, end := body+m[2]+c[0], body+m[2]+c[1]
		i := Ignore{Code: text[start:end], Reason: reason, From: from, To: to, End: columns(text[:end])}
		i.Pos = diag.Pos{File: r.file, Line: line + 1, Column: columns(text[:start])}
		if p, ok := unknownCode(i.Code); ok {
			p.Pos, p.EndColumn = i.Pos, i.End
			p.Replace(i.Code, suggest.Meant(i.Code, diag.Codes()), true)
			r.diags.Add(p)
			continue
		}
		known = append(known, i)
	}
	if content := strings.TrimRight(text[:at], " \t"); len(known) == 1 && !strings.Contains(text[body+m[2]:body+m[3]], ",") && content != "" {
		edit := diag.Edit{Pos: diag.Pos{File: r.file, Line: line + 1, Column: columns(content)}, EndColumn: columns(text), Old: text[len(content):]}
		known[0].Removal = &diag.Fix{Edits: []diag.Edit{edit}}
	}
	if r.out = append(r.out, known...); len(known) > 0 && reason == "" {
		r.diags.Add(diag.Diagnostic{Code: "ignore-without-reason", Severity: diag.Warning, Pos: pos, EndColumn: columns(text),
			Message: "the comment gives no reason to ignore " + known[0].Code, Hint: "add it: # capstan: ignore " + known[0].Code + " REASON"})
	}
}

// target returns the lines, counted from 1, that a comment on a line is for.
func (r *ignoreReader) target(line int, alone bool) (from, to int) {
	if alone {
		for line++; line < len(r.lines) && strings.HasPrefix(strings.TrimLeft(r.lines[line], " \t"), "#"); line++ {
		}
	}
	from, to = line+1, line+1
	if line >= len(r.lines) || !blockBegin.MatchString(strings.TrimSuffix(r.lines[line], "\r")) {
		return from, to
	}
	outer := indent(r.lines[line])
	for _, inner := range r.lines[line+1:] {
		if strings.TrimSpace(inner) != "" && indent(inner) <= outer {
			break
		}
		to++
	}
	return from, to
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// columns is the column after a part of a line.
func columns(text string) int { return len([]rune(text)) + 1 }
