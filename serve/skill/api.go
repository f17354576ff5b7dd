package skill

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/paging"
)

// API writes an API as a skill: how to call it, and a page for each of its
// resources with a command line for every operation. A document that Capstan
// does not ship is part of the folder; it is an error when it cannot be taken
// along.
func API(a *engine.API, o Options) (*Folder, error) {
	name, err := skillName(o.Name, a.Name)
	if err != nil {
		return nil, err
	}
	var kept assets
	if err := kept.api(a.Source()); err != nil {
		return nil, err
	}
	files, err := kept.all()
	if err != nil {
		return nil, err
	}
	p := newAPIPage(a, o.runner())
	for _, g := range p.Groups {
		page, err := reference(g.File, "operations.md.tmpl", g)
		if err != nil {
			return nil, err
		}
		files = append(files, page)
	}
	if p.ManyGroups() {
		index, err := reference("index", "index.md.tmpl", p)
		if err != nil {
			return nil, err
		}
		files = append(files, index)
	}
	meta := map[string]string{"generator": generator, "api": a.Name}
	if v := a.Set.Version(); v != "" {
		meta["api-version"] = v
	}
	return folder(front{
		Name: name, Description: p.description(), License: o.License,
		Compatibility: "Needs the capstan command and network access to " + p.Server() + ".",
		Metadata:      meta,
		AllowedTools:  "Read Bash(capstan operations:*)", // only commands that send nothing
	}, "api.md.tmpl", p, files)
}

// apiPage is an API as its pages show it.
type apiPage struct {
	Name, Title string
	Ops         []*operations.Operation
	Groups      []group
	Env         []document.Env // with the operations that need each
	Open        int            // operations without a credential
	Refusals    refusals

	api    *engine.API
	runner *engine.Runner
	things map[string]bool // names of the resources that operations deal with
}

func newAPIPage(a *engine.API, r *engine.Runner) *apiPage {
	p := &apiPage{api: a, runner: r, Name: a.Name, Title: cmp.Or(a.Set.Title(), a.Name), things: map[string]bool{}}
	for _, id := range a.Set.IDs() {
		if op, ok := a.Set.Lookup(id); ok {
			p.Ops = append(p.Ops, op)
			p.things[op.Resource().Name] = true
		}
	}
	p.Groups = groupsOf(p.Ops)
	for i := range p.Groups {
		p.Groups[i].API = p
	}
	p.Refusals = refusalsOf(p.Ops)
	p.credentials()
	return p
}

func (p *apiPage) description() string {
	var names []string
	for _, g := range p.Groups {
		names = append(names, g.Title)
	}
	text := fmt.Sprintf("Calls the %s API (%s) with the capstan command: reads, creates, changes and deletes. Use when a task needs something in or from %s, such as %s.",
		p.Title, words.Count(len(p.Ops), "operation", "operations"), p.Title, strings.Join(names, ", "))
	return clip(columns.OneLine(text), maxDescription)
}

// Server is the address that operations are sent to.
func (p *apiPage) Server() string {
	if base := p.api.Source().BaseURL; base != "" {
		return base
	}
	if len(p.Ops) > 0 && len(p.Ops[0].Servers) > 0 {
		return p.Ops[0].Servers[0].URL
	}
	return "none that the document names"
}

// Pace is how many requests Server takes in a time, "" where nothing states it.
func (p *apiPage) Pace() string {
	text := p.api.Source().Pace
	if text == "" || text == pace.None {
		return ""
	}
	return pace.Words(text)
}

// OtherServers are those that the document names besides Server.
func (p *apiPage) OtherServers() []operations.Server {
	var out []operations.Server
	for _, op := range p.Ops {
		for _, s := range op.Servers {
			if s.URL != p.Server() && !slices.ContainsFunc(out, func(o operations.Server) bool { return o.URL == s.URL }) {
				out = append(out, s)
			}
		}
	}
	return out
}

// Word is an example of a search: the first resource.
func (p *apiPage) Word() string {
	if len(p.Groups) > 0 {
		for _, w := range strings.FieldsFunc(p.Groups[0].Title, func(r rune) bool { return r == ' ' || r == '-' || r == '.' || r == '_' }) {
			return strings.ToLower(w)
		}
	}
	return p.Name
}

// Simplest is an operation to show: a list that needs nothing and belongs to
// no tenant, with short names; else the first operation.
func (p *apiPage) Simplest() *operations.Operation {
	var found *operations.Operation
	for _, op := range p.Ops {
		needsNothing := callLine(op) == command("capstan", "call", op.API, op.ID)
		if op.Deprecated || !paging.Supported(op) || !needsNothing || len(tenantFilters(op, p.things)) > 0 {
			continue
		}
		if found == nil || len(op.Path)+len(op.ID) < len(found.Path)+len(found.ID) {
			found = op
		}
	}
	if found == nil && len(p.Ops) > 0 {
		return p.Ops[0]
	}
	return found
}

// credentials finds the variables that operations need.
func (p *apiPage) credentials() {
	uses := map[string][]string{}
	for _, op := range p.Ops {
		needs := p.runner.Env(context.Background(), p.api, op)
		if len(needs) == 0 {
			p.Open++
		}
		for _, n := range needs {
			if uses[n.Name] == nil {
				p.Env = append(p.Env, n)
			}
			uses[n.Name] = append(uses[n.Name], op.ID)
		}
	}
	for i, e := range p.Env {
		p.Env[i].For = words.Count(len(uses[e.Name]), "operation", "operations")
		if ids := uses[e.Name]; len(ids) <= 4 {
			p.Env[i].For = strings.Join(ids, ", ")
		}
	}
}

// Schemes describes how credentials travel.
func (p *apiPage) Schemes() string {
	var ways []string
	for _, op := range p.Ops {
		for _, requirement := range op.Security {
			for _, use := range requirement {
				if w := schemeInWords(use.Scheme); w != "" && !slices.Contains(ways, w) {
					ways = append(ways, w)
				}
			}
		}
	}
	return strings.Join(ways, ", or ")
}

func schemeInWords(s operations.SecurityScheme) string {
	switch s.Type {
	case "http":
		return "a " + s.Scheme + " credential in the `Authorization` header"
	case "apiKey":
		return "a key in the " + string(s.In) + " parameter " + code(s.Param)
	case "oauth2":
		return "an OAuth 2 access token, which it fetches itself"
	case "openIdConnect":
		return "an OpenID Connect access token"
	case "awsSigV4":
		return "an AWS access key, which signs each request"
	case "oauth1":
		return "OAuth 1.0 credentials, which sign each request"
	}
	return ""
}

// Paged counts the operations that answer page by page.
func (p *apiPage) Paged() int {
	n := 0
	for _, op := range p.Ops {
		if paging.Supported(op) && !op.Deprecated {
			n++
		}
	}
	return n
}

// Polled returns the things that take time.
func (p *apiPage) Polled() []polledThing { return polledThings(p.Ops) }

// ManyGroups reports whether the list of resources would make SKILL.md too long.
func (p *apiPage) ManyGroups() bool { return len(p.Groups) > 250 }

// Listed returns the groups for a page with its references below dir.
func (p *apiPage) Listed(dir string) any {
	return struct {
		Groups []group
		Dir    string
	}{p.Groups, dir}
}
