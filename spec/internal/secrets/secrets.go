// Package secrets finds credentials that are written in a file, and hides them where
// its text is shown. Start with [Find].
package secrets

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Secret is a credential in a file, with the problem that it is. The problem
// does not hold it.
type Secret struct {
	diag.Diagnostic
	Value string
	raw   string // as the file has it, where that differs
}

// hint is the remedy of all of them.
const hint = "name a variable in its place, and replace a credential that others may have seen"

// Find returns the secrets of a file: texts of a known form wherever they stand, and
// literals where a credential belongs. Placeholders are none.
func Find(t *node.Tree) List {
	f := &finder{Decoder: node.NewDecoder(t, false)}
	f.shaped = hasMark(t)
	f.walk(t.Root, place{})
	return f.found
}

// List are the secrets of a file, and of those that it names.
type List []Secret

// Problems are the problems that the secrets are.
func (l List) Problems() (out diag.List) {
	for _, s := range l {
		out.Add(s.Diagnostic)
	}
	return out
}

// finder walks the nodes of a file.
type finder struct {
	*node.Decoder
	found  List
	shaped bool // a text of the file may have one of the shapes
}

// place is where a value stands.
type place struct {
	key  string // of the value, or of the mapping or list around it
	auth bool   // it is in an authentication
	// unread reports that values are names of variables, or made up: only those of a
	// known form count.
	unread bool
}

// what names a credential. Values of an authentication have the name of their key.
func (p place) what() string {
	if p.auth {
		return p.key + " of the authentication"
	}
	return "value of " + strconv.Quote(node.Shorten(p.key))
}

// unread are keys whose values are names of variables, or made-up answers.
func unread(key string) bool {
	switch key {
	case "keys", "outputParameters", "outputs", "mock", "examples", "example", "description", "env", "userEnv", "envVar":
		return true
	}
	return false
}

func (f *finder) walk(n *node.Node, at place) {
	switch {
	case n == nil:
	case n.Kind == node.ScalarNode:
		f.scalar(n, at)
	case n.Kind == node.SequenceNode:
		for _, item := range n.Content {
			f.walk(item, at)
		}
	case n.Kind == node.MappingNode:
		f.mapping(n, at)
	}
}

func (f *finder) mapping(n *node.Node, at place) {
	inAuth := at.auth || at.key == "authentication" || at.key == "auth"
	named := at.key
	if name := node.Value(n, "name"); name != nil && name.Kind == node.ScalarNode {
		named = name.Value
	}
	names := node.Has(n, "valueFrom", "envVar")
	for k, v := range node.Entries(n) {
		inner := place{key: k.Value, auth: inAuth, unread: at.unread || unread(k.Value)}
		switch k.Value {
		case "value", "const", "default":
			inner.unread = inner.unread || names
			if !inAuth && v.Kind == node.ScalarNode {
				inner.key = named
			}
		}
		f.walk(v, inner)
	}
}

// scalar judges a text by its form, then by its place.
func (f *finder) scalar(n *node.Node, at place) {
	if f.shaped {
		if from, to, what := shape(n.Value); what != "" {
			f.report(n, from, to, what)
			return
		}
	}
	if at.unread {
		return
	}
	if from, to := inURI(n.Value); to > from {
		f.report(n, from, to, "the credential of a URI")
		return
	}
	if !credential(at) || !node.IsText(n) && !at.auth {
		return
	}
	from := scheme(n.Value)
	if text := n.Value[from:]; at.auth && isLiteral(text) || isOpaque(text, at.key) {
		f.report(n, from, len(n.Value), "the "+at.what())
	}
}

// report adds a secret, which is a part of a text by its bytes.
func (f *finder) report(n *node.Node, from, to int, what string) {
	s, _ := f.Cursor(n).Scalar(n)
	pos, end := s.Span(utf8.RuneCountInString(s.Value[:from]), utf8.RuneCountInString(s.Value[from:to]))
	secret := Secret{Value: s.Value[from:to], raw: s.Raw}
	secret.Diagnostic = diag.Diagnostic{
		Code: "secret-in-file", Severity: diag.Warning, Pos: pos, EndColumn: end, Hint: hint,
		Message: what + " is written in the file",
	}
	f.found = append(f.found, secret)
}

// Hide returns the text of a file with asterisks for the secrets, each in the
// columns that it had.
func (l List) Hide(name string, text []byte) []byte {
	if len(l) == 0 {
		return text
	}
	const mark = "\uFEFF" // a byte order mark is no column
	content, marked := strings.CutPrefix(string(text), mark)
	lines := linesOf(content)
	for _, s := range l {
		if s.Pos.File == name {
			s.cover(lines)
		}
	}
	if content = strings.Join(lines, ""); marked {
		content = mark + content
	}
	return []byte(content)
}

// linesOf cuts a text behind the ends of its lines: LF, CR LF or a lone CR, as YAML has
// them.
func linesOf(text string) (lines []string) {
	start := 0
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			lines = append(lines, text[start:i+1])
			start = i + 1
		}
	}
	return append(lines, text[start:])
}

// leastAnywhere is the length from which a secret is looked for at other places, too.
const leastAnywhere = 6

// cover replaces the secret at its place, and wherever else it stands.
func (s *Secret) cover(lines []string) {
	if i := s.Pos.Line - 1; i >= 0 && i < len(lines) && s.EndColumn > s.Pos.Column {
		lines[i] = covered(lines[i], s.Pos.Column-1, s.EndColumn-1)
	}
	for _, text := range append(strings.Split(s.Value, "\n"), strings.Split(s.raw, "\n")...) {
		if text = strings.TrimSpace(text); utf8.RuneCountInString(text) < leastAnywhere {
			continue
		}
		for i := range lines {
			if strings.Contains(lines[i], text) {
				lines[i] = strings.ReplaceAll(lines[i], text, strings.Repeat("*", utf8.RuneCountInString(text)))
			}
		}
	}
}

// covered replaces the code points of a line from one to another.
func covered(line string, from, to int) string {
	runes := []rune(line)
	for i := from; i < min(to, len(runes)); i++ {
		if runes[i] != '\n' && runes[i] != '\r' {
			runes[i] = '*'
		}
	}
	return string(runes)
}

// redacted stands for a secret in a message.
const redacted = "[redacted]"

// Redact returns problems without the secrets. A fix that would show one is left out.
func (l List) Redact(problems diag.List) diag.List {
	for _, s := range l {
		if utf8.RuneCountInString(s.Value) < leastAnywhere {
			continue
		}
		for i := range problems {
			s.redact(&problems[i])
		}
	}
	return problems
}

func (s *Secret) redact(d *diag.Diagnostic) {
	hide := func(text string) string { return strings.ReplaceAll(text, s.Value, redacted) }
	d.Message, d.Hint = hide(d.Message), hide(d.Hint)
	for i, note := range d.Notes {
		d.Notes[i] = hide(note)
	}
	for i, r := range d.Related {
		d.Related[i].Message = hide(r.Message)
	}
	if d.Fix != nil {
		for _, e := range d.Fix.Edits {
			if strings.Contains(e.New, s.Value) || strings.Contains(e.Old, s.Value) {
				d.Fix = nil
				return
			}
		}
	}
}
