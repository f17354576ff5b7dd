package mcp

import (
	"cmp"
	"encoding/json"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// snapshot is an Offer made ready to serve. It never changes.
type snapshot struct {
	*Offer
	info      *sdk.Implementation
	identity  []byte      // info as JSON
	scope     string      // Offer.CacheScope, or its default
	templates []*template // as Offer.Templates
	served    []*served   // as Offer.Tools
	tools     map[string]*served
	prompts   map[string]*Prompt
}

func prepare(offer *Offer) (*snapshot, error) {
	if err := offer.check(); err != nil {
		return nil, err
	}
	next := &snapshot{
		Offer:   offer,
		scope:   cmp.Or(offer.CacheScope, "private"),
		info:    &sdk.Implementation{Name: offer.Name, Title: offer.Title, Version: cmp.Or(offer.Version, "0.0.0")},
		served:  serve(offer.Tools),
		tools:   make(map[string]*served, len(offer.Tools)),
		prompts: make(map[string]*Prompt, len(offer.Prompts)),
	}
	next.identity, _ = jsonvalue.Marshal(next.info) // it has a JSON form
	for _, t := range next.served {
		next.tools[t.name] = t
	}
	for i := range offer.Prompts {
		next.prompts[offer.Prompts[i].Name] = &offer.Prompts[i]
	}
	for _, t := range offer.Templates {
		compiled, err := compileTemplate(t.URITemplate)
		if err != nil {
			return nil, err
		}
		next.templates = append(next.templates, compiled)
	}
	return next, next.tryTools()
}

// tryTools reports a tool that the SDK would refuse, which it does by panicking.
func (o *snapshot) tryTools() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a tool cannot be served: %v", p)
		}
	}()
	register(sdk.NewServer(&sdk.Implementation{}, nil), nil, o)
	return nil
}

// capabilities are only those that clients can use.
func (s *Server) capabilities(o *snapshot) *sdk.ServerCapabilities {
	caps := &sdk.ServerCapabilities{}
	for _, e := range s.opts.Extensions {
		caps.AddExtension(e.Name, nil)
	}
	if len(o.Tools) > 0 {
		caps.Tools = &sdk.ToolCapabilities{ListChanged: true}
	}
	if len(o.Prompts) > 0 {
		caps.Prompts = &sdk.PromptCapabilities{ListChanged: true}
	}
	if len(o.Resources)+len(o.Templates) > 0 {
		caps.Resources = &sdk.ResourceCapabilities{ListChanged: true}
	}
	return caps
}

// register gives the SDK the tools, which it needs to check the headers that
// mirror arguments (x-mcp-header in an input schema) and to notify listeners.
func register(to *sdk.Server, old, next *snapshot) {
	known := map[string]string{}
	if old != nil {
		known = fingerprints(old)
	}
	now := fingerprints(next)
	for name, t := range next.tools {
		if known[name] != now[name] {
			to.AddTool(&sdk.Tool{Name: name, InputSchema: t.schema}, nil)
		}
	}
	for name := range known {
		if next.tools[name] == nil {
			to.RemoveTools(name)
		}
	}
}

func fingerprints(o *snapshot) map[string]string {
	prints := make(map[string]string, len(o.Tools))
	for name, t := range o.tools {
		prints[name] = fingerprint(t.json(true))
	}
	return prints
}

func fingerprint(v any) string {
	data, _ := json.Marshal(v) // a value without JSON counts as unchanged
	return string(data)
}

// announce has the SDK notify listeners of the lists that changed. Adding an entry
// is how it learns of a change; the entry is never served (see features).
func (s *Server) announce(old, next *snapshot) {
	if old == nil {
		return
	}
	if fingerprint(old.Prompts) != fingerprint(next.Prompts) {
		s.sdk.AddPrompt(&sdk.Prompt{Name: "changed"}, nil)
	}
	if fingerprint(old.Resources) != fingerprint(next.Resources) || fingerprint(old.Templates) != fingerprint(next.Templates) {
		s.sdk.AddResource(&sdk.Resource{URI: "changed:"}, nil)
	}
}
