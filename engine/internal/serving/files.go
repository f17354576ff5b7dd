package serving

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/internal/pathtemplate"
	"github.com/capstan-run/capstan/spec"
)

// documents keeps the MCP resources that a client can ask for.
func (c *checker) documents(x *spec.Exposure) {
	first := map[string]bool{}
	x.Documents = slices.DeleteFunc(slices.Clone(x.Documents), func(d *spec.Document) bool {
		message, hint := address(d.URI.Value)
		if message == "" && first[d.URI.Value] {
			message, hint = "another resource has this address", "give one of the two another uri"
		}
		first[d.URI.Value] = true
		if message != "" {
			reason := c.report(x, d.URI, diag.Error, "cannot-serve", fmt.Sprintf("the resource %q cannot be served: %s", d.Name.Value, message), hint)
			c.lose(name(x)+"."+d.Name.Value, "resource", reason)
			return true
		}
		return c.outside(x, d.File, d.Location, "resource", d.Name.Value)
	})
}

// address returns why an address is none that clients could ask for, "" where it is.
func address(uri string) (message, hint string) {
	if _, err := pathtemplate.ParseURI(uri); strings.Contains(uri, "{") {
		if err != nil {
			return "its uri is no template: " + err.Error(), "write it like data://things/{id}"
		}
		return "", ""
	}
	if u, err := url.Parse(uri); err != nil || u.Scheme == "" {
		return "its uri has no scheme", "write something like data://" + strings.TrimLeft(uri, "/")
	}
	return "", ""
}

func (c *checker) prompts(x *spec.Exposure) {
	first := map[string]bool{}
	x.Prompts = slices.DeleteFunc(slices.Clone(x.Prompts), func(p *spec.Prompt) bool {
		if first[p.Name.Value] {
			reason := c.report(x, p.Name, diag.Error, "duplicate-name", fmt.Sprintf("a second prompt is called %q", p.Name.Value), "rename one of the two")
			c.lose(name(x)+"."+p.Name.Value, "prompt", reason)
			return true
		}
		first[p.Name.Value] = true
		return c.outside(x, p.File, p.Location, "prompt", p.Name.Value) || c.absent(x, p)
	})
}

// absent reports a prompt whose file is not there: it is read when serving begins.
func (c *checker) absent(x *spec.Exposure, p *spec.Prompt) bool {
	if !p.Location.IsSet() {
		return false
	}
	path, err := reach.Locate(p.File, p.Location.Value)
	if err == nil && c.within.IsFile(path) {
		return false
	}
	reason := c.report(x, p.Location, diag.Warning, "cannot-serve",
		fmt.Sprintf("the prompt %q cannot be served: there is no file %s", p.Name.Value, p.Location.Value), "write the file, or its text under template")
	c.lose(name(x)+"."+p.Name.Value, "prompt", reason)
	return true
}

// outside notes a file or folder that is served, and reports one out of reach.
func (c *checker) outside(x *spec.Exposure, from string, location spec.Str, as, what string) bool {
	if !location.IsSet() {
		return false
	}
	severity, code, hint := diag.Error, "cannot-serve", ""
	path, err := reach.Locate(from, location.Value)
	if err == nil {
		_, _, err = c.within.Find(path)
	}
	refused := reach.Refused(err)
	if refused != nil {
		severity, code, hint = diag.Warning, refused.Code, refused.Hint
	}
	switch {
	case err == nil:
		c.within.Note(path, as+" "+what)
		return false
	case path != "" && refused == nil: // it may be there later
		return false
	}
	reason := c.report(x, location, severity, code, fmt.Sprintf("the %s %s cannot be served: %v", as, what, err), hint)
	c.lose(name(x)+"."+what, as, reason)
	return true
}
