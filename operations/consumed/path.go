package consumed

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
)

// template is a path in the form that operations have, with its variables.
type template struct {
	text    string
	inPath  []string // names, each once
	inQuery []string
}

// path reads a path. Variables are written {{x}}, {x} or ${x}. A fragment, which
// no request carries (RFC 9110, section 7.1), is left off.
func (m *maker) path(op *spec.ConsumedOperation) (*template, bool) {
	src := []rune(op.Path.Value)
	t := &template{}
	var b strings.Builder
	query := false
	for i := 0; i < len(src); {
		name, size := variable(src[i:])
		switch {
		case size > 0 && name != "":
			t.add(name, query)
			b.WriteString("{" + name + "}")
			i += size
			continue
		case src[i] == '{' || src[i] == '}':
			m.refuse(op.Path, i, 1, "write a variable as {{name}}", "the path %s has a brace that belongs to no variable", op.Path.Value)
			return nil, false
		case src[i] == '#':
			m.ignore(op.Path, i, len(src)-i, "write it as %23 if it belongs to the path", `what follows "#" in the path %s is not sent: no request carries a fragment`, op.Path.Value)
			src = src[:i]
			continue
		case src[i] == '?':
			query = true
		}
		b.WriteRune(src[i])
		i++
	}
	t.text = strings.TrimSpace(b.String())
	if t.text != "" && t.text[0] != '/' && t.text[0] != '?' {
		t.text = "/" + t.text
	}
	return t, true
}

func (t *template) add(name string, query bool) {
	list := &t.inPath
	if query {
		list = &t.inQuery
	}
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// variable returns the name of the variable that src begins with and how many
// code points it takes; 0 when there is none, or one that does not end.
func variable(src []rune) (name string, size int) {
	for _, form := range [...][2]string{{"${{", "}}"}, {"{{", "}}"}, {"${", "}"}, {"{", "}"}} {
		rest, ok := strings.CutPrefix(string(src), form[0])
		if !ok {
			continue
		}
		name, _, ok = strings.Cut(rest, form[1])
		if !ok || strings.ContainsAny(name, "{}/") { // a variable is part of one segment
			return "", 0
		}
		return strings.TrimSpace(name), len([]rune(form[0] + name + form[1]))
	}
	return "", 0
}
