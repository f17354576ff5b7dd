// Package pathtemplate reads templates of paths and addresses, /ships/{imo} or
// data://berths/{port}-{number}, and finds the values of their variables in the
// text that a client asks for. Start with Parse.
package pathtemplate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Template is text with variables. It is immutable and safe for concurrent use.
type Template struct {
	Texts []string // around the variables, one more than Names
	Names []string

	barred  string         // characters that no value has
	pattern *regexp.Regexp // of a template with several variables
}

// ErrAdjacent is the error of two variables with values that could not be separated.
var ErrAdjacent = errors.New("two variables need some text between them")

// Parse reads a template. A variable is written {x}, {{x}} or ${x}; barred holds
// the characters that its values cannot have. Two variables without text between
// them are refused, since their values could not be separated; so are two of one
// name, and a brace without its partner.
func Parse(text, barred string) (*Template, error) {
	t := &Template{barred: barred}
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return nil, errors.New(`"}" without "{"`)
		}
		if !found {
			t.Texts = append(t.Texts, before)
			break
		}
		before = strings.TrimSuffix(before, "$")
		if before == "" && len(t.Names) > 0 {
			return nil, ErrAdjacent
		}
		closing := "}"
		if inner, double := strings.CutPrefix(after, "{"); double {
			after, closing = inner, "}}"
		}
		name, next, closed := strings.Cut(after, closing)
		name = strings.TrimSpace(name)
		switch {
		case !closed || strings.Contains(name, "{"):
			return nil, errors.New(`"{" without "}"`)
		case name == "":
			return nil, errors.New("a variable has no name")
		case slices.Contains(t.Names, name):
			return nil, fmt.Errorf("variable %q is there twice", name)
		}
		t.Texts, t.Names, rest = append(t.Texts, before), append(t.Names, name), next
	}
	if len(t.Names) > 1 {
		t.pattern = compile(t.Texts, barred)
	}
	return t, nil
}

// compile makes the pattern of several variables. Each takes as little as it can.
func compile(texts []string, barred string) *regexp.Regexp {
	class := "."
	if barred != "" {
		class = "[^" + regexp.QuoteMeta(barred) + "]"
	}
	var b strings.Builder
	b.WriteString("(?s)^" + regexp.QuoteMeta(texts[0]))
	for _, text := range texts[1:] {
		b.WriteString("(" + class + "+?)" + regexp.QuoteMeta(text))
	}
	return regexp.MustCompile(b.String() + "$")
}

// Match returns the values of the variables in s, in their order; false where s
// does not fit. No value is empty.
func (t *Template) Match(s string) ([]string, bool) {
	switch len(t.Names) {
	case 0:
		return nil, s == t.Texts[0]
	case 1:
		value, begins := strings.CutPrefix(s, t.Texts[0])
		value, ends := strings.CutSuffix(value, t.Texts[1])
		return []string{value}, begins && ends && value != "" && !strings.ContainsAny(value, t.barred)
	}
	found := t.pattern.FindStringSubmatch(s)
	if found == nil {
		return nil, false
	}
	return found[1:], true
}

// String writes the template with its variables as {x}.
func (t *Template) String() string {
	var b strings.Builder
	for i, name := range t.Names {
		b.WriteString(t.Texts[i] + "{" + name + "}")
	}
	return b.String() + t.Texts[len(t.Names)]
}

// ParseURI reads a URI template (RFC 6570, level 1). It has a scheme, and variables.
func ParseURI(text string) (*Template, error) {
	t, err := Parse(text, "/?#")
	if err != nil {
		return nil, err
	}
	for _, name := range t.Names {
		if !isVariable(name) {
			return nil, fmt.Errorf("{%s}: only plain variables such as {id} are supported", name)
		}
	}
	if len(t.Names) == 0 {
		return nil, errors.New("a template without variables is a plain resource")
	}
	if scheme, _, ok := strings.Cut(text, ":"); !ok || strings.ContainsAny(scheme, "{/") {
		return nil, errors.New("the address has no scheme")
	}
	return t, nil
}

// isVariable reports whether name is a variable of RFC 6570 (section 2.3), to
// which a hyphen is added: authors use it.
func isVariable(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("_.-", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return name != ""
}
