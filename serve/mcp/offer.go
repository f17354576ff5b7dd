package mcp

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Offer describes the tools, resources and prompts of a server. A Server copies
// none of it: do not change an Offer, or its parts, after giving it to New or
// Replace.
//
// Lists are served in the order they have here. A feature without entries is
// not announced to clients.
type Offer struct {
	Name         string // for programs; required
	Title        string // for people; optional
	Version      string // "" is served as "0.0.0"
	Instructions string // how a model should use the server; optional

	// TTL is how long a client of the 2026-07-28 era may keep a list before it
	// asks again, rounded down to milliseconds. Zero: ask each time.
	TTL time.Duration
	// CacheScope is the audience of a kept list: "public", or "private" (the
	// default) for only the client that asked.
	CacheScope string

	Tools     []Tool
	Resources []Resource
	Templates []Template
	Prompts   []Prompt
}

// check reports everything that makes an offer unusable, at once.
func (o *Offer) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.Name == "" {
		bad("an mcp server needs a name")
	}
	if o.TTL < 0 {
		bad("a list cannot be kept for %s", o.TTL)
	}
	if o.CacheScope != "" && o.CacheScope != "public" && o.CacheScope != "private" {
		bad("cache scope %q is neither public nor private", o.CacheScope)
	}
	names := map[string]bool{}
	once := func(kind, name string) {
		if name == "" {
			bad("a %s has no name", kind)
		} else if names[kind+" "+name] {
			bad("%s %q is there twice", kind, name)
		}
		names[kind+" "+name] = true
	}
	for _, t := range o.Tools {
		once("tool", t.Name)
		t.check(bad)
	}
	for _, r := range o.Resources {
		once("resource", r.URI)
		r.check(bad)
	}
	for _, t := range o.Templates {
		once("resource template", t.URITemplate)
		t.check(bad)
	}
	for _, p := range o.Prompts {
		once("prompt", p.Name)
		p.check(bad)
	}
	return errors.Join(errs...)
}

func (t *Tool) check(bad func(string, ...any)) {
	if t.Call == nil {
		bad("tool %q has nothing to call", t.Name)
	}
	if kind, ok := t.InputSchema["type"]; t.InputSchema != nil && (!ok || kind != "object") {
		bad("tool %q: the input schema has type %v; the protocol wants object", t.Name, kind)
	}
}

func (r *Resource) check(bad func(string, ...any)) {
	if r.Read == nil {
		bad("resource %q has nothing to read", r.URI)
	}
	if u, err := url.Parse(r.URI); err != nil || u.Scheme == "" {
		bad("resource %q: the address has no scheme; write something like data://%s", r.URI, r.URI)
	}
}

func (t *Template) check(bad func(string, ...any)) {
	if t.Read == nil {
		bad("resource template %q has nothing to read", t.URITemplate)
	}
	if _, err := compileTemplate(t.URITemplate); err != nil {
		bad("resource template %q: %w", t.URITemplate, err)
	}
}

func (p *Prompt) check(bad func(string, ...any)) {
	if p.Get == nil {
		bad("prompt %q has no text", p.Name)
	}
}
