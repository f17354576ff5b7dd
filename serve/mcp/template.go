package mcp

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// template matches addresses against a URI template (RFC 6570, level 1).
type template struct {
	pattern *regexp.Regexp
	vars    []string
}

var errTemplateSyntax = errors.New("only plain variables such as {id} are supported")

func compileTemplate(text string) (*template, error) {
	t := &template{}
	var pattern strings.Builder
	pattern.WriteString("^")
	seen := map[string]bool{}
	for rest, joined := text, false; rest != ""; {
		literal, after, found := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, errors.New(`"}" without "{"`)
		}
		if literal == "" && joined {
			return nil, errors.New("two variables need some text between them")
		}
		pattern.WriteString(regexp.QuoteMeta(literal))
		if !found {
			break
		}
		name, next, closed := strings.Cut(after, "}")
		switch {
		case !closed:
			return nil, errors.New(`"{" without "}"`)
		case !variable(name):
			return nil, fmt.Errorf("{%s}: %w", name, errTemplateSyntax)
		case seen[name]:
			return nil, fmt.Errorf("variable %q is there twice", name)
		}
		seen[name] = true
		t.vars = append(t.vars, name)
		pattern.WriteString("([^/?#]+)")
		rest, joined = next, true
	}
	pattern.WriteString("$")
	if len(t.vars) == 0 {
		return nil, errors.New("a template without variables is a plain resource")
	}
	if scheme, _, ok := strings.Cut(text, ":"); !ok || strings.ContainsAny(scheme, "{/") {
		return nil, errors.New("the address has no scheme")
	}
	var err error
	t.pattern, err = regexp.Compile(pattern.String())
	return t, err
}

// variable reports whether name is a variable of RFC 6570 (section 2.3), to
// which a hyphen is added: authors use it.
func variable(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("_.-", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return name != ""
}

// match gives the decoded variables of uri, or nil if it does not fit.
func (t *template) match(uri string) map[string]string {
	found := t.pattern.FindStringSubmatch(uri)
	if found == nil {
		return nil
	}
	vars := make(map[string]string, len(t.vars))
	for i, name := range t.vars {
		value, err := url.PathUnescape(found[i+1])
		if err != nil {
			return nil
		}
		vars[name] = value
	}
	return vars
}
