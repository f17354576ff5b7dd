package mcp

import (
	"net/url"

	"github.com/capstan-run/capstan/internal/pathtemplate"
)

// template matches addresses against a URI template (RFC 6570, level 1).
type template struct{ *pathtemplate.Template }

func compileTemplate(text string) (*template, error) {
	t, err := pathtemplate.ParseURI(text)
	if err != nil {
		return nil, err
	}
	return &template{t}, nil
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
