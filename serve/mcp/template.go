package mcp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/internal/pathtemplate"
)

// template matches addresses against a URI template (RFC 6570, level 1).
type template struct{ *pathtemplate.Template }

func compileTemplate(text string) (*template, error) {
	t, err := pathtemplate.Parse(text, "/?#")
	if err != nil {
		return nil, err
	}
	for _, name := range t.Names {
		if !variable(name) {
			return nil, fmt.Errorf("{%s}: only plain variables such as {id} are supported", name)
		}
	}
	if len(t.Names) == 0 {
		return nil, errors.New("a template without variables is a plain resource")
	}
	if scheme, _, ok := strings.Cut(text, ":"); !ok || strings.ContainsAny(scheme, "{/") {
		return nil, errors.New("the address has no scheme")
	}
	return &template{t}, nil
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
	found, ok := t.Match(uri)
	if !ok {
		return nil
	}
	vars := make(map[string]string, len(t.Names))
	for i, name := range t.Names {
		value, err := url.PathUnescape(found[i])
		if err != nil {
			return nil
		}
		vars[name] = value
	}
	return vars
}
