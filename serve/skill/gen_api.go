package skill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
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
	p := newAPIPage(a)
	p.write()
	for _, g := range p.groups {
		files = append(files, p.groupPage(g))
	}
	if p.manyGroups() {
		files = append(files, p.index())
	}
	meta := map[string]string{"generator": generator, "api": a.Name}
	if v := a.Set.Version(); v != "" {
		meta["api-version"] = v
	}
	return folder(front{
		Name: name, Description: p.description(), License: o.License,
		Compatibility: "Needs the capstan command and network access to " + p.server() + ".",
		Metadata:      meta,
		AllowedTools:  "Read Bash(capstan operations:*)", // only what sends nothing
	}, p.String(), files)
}

// apiPage is the SKILL.md of an API.
type apiPage struct {
	page
	api    *engine.API
	title  string
	ops    []*operations.Operation
	groups []group
	things map[string]bool // names of the resources that operations deal with
}

func newAPIPage(a *engine.API) *apiPage {
	p := &apiPage{api: a, title: a.Set.Title(), things: map[string]bool{}}
	if p.title == "" {
		p.title = a.Name
	}
	for _, id := range a.Set.IDs() {
		if op, ok := a.Set.Lookup(id); ok {
			p.ops = append(p.ops, op)
			p.things[op.Resource().Name] = true
		}
	}
	p.groups = groupsOf(p.ops)
	return p
}

func (p *apiPage) description() string {
	var names []string
	for _, g := range p.groups {
		names = append(names, g.title)
	}
	text := fmt.Sprintf("Calls the %s API (%s) with the capstan command: reads, creates, changes and deletes. Use when a task needs something in or from %s, such as %s.",
		p.title, count(len(p.ops), "operation"), p.title, strings.Join(names, ", "))
	return clip(oneLine(text), maxDescription)
}

func (p *apiPage) server() string {
	if base := p.api.Source().BaseURL; base != "" {
		return base
	}
	if len(p.ops) > 0 && len(p.ops[0].Servers) > 0 {
		return p.ops[0].Servers[0].URL
	}
	return "none that the document names"
}

func (p *apiPage) write() {
	p.para("# %s", prose(p.title, 200))
	p.para("%s, called with `capstan call %s OPERATION`. Capstan knows the API's OpenAPI document: it refuses a wrong\nrequest before it is sent, adds the credential, keeps to rate limits, and follows pages.", count(len(p.ops), "operation"), p.api.Name)
	p.howToCall()
	p.authentication()
	p.baseURL()
	p.pagination()
	p.polled()
	p.errors()
	p.rateLimits()
	p.resources()
}

func (p *apiPage) howToCall() {
	p.para("## Call")
	p.para("1. Find the operation: in the pages under Resources, or by words.")
	p.shell(command("capstan", "operations", p.api.Name, p.word()))
	if op := p.simplest(); op != nil {
		p.para("2. See what it takes, and call it. `-p name=value` gives a parameter or a property of the body; `name:=JSON` any value,\n   `name=@FILE` the text of a file (a secret goes in this way only); repeat one for a list. `--body FILE` gives a whole\n   body, `-` is standard input.")
		p.shell(command("capstan", "operations", p.api.Name, op.ID), callLine(op))
		p.para("3. To rehearse without a credential, add `--mock`: the answer is made from the document, and nothing leaves the machine.")
		p.shell(callLine(op) + " --mock")
	}
	p.para("The answer's body is on stdout as JSON (`-o yaml` for YAML), problems are on stderr. Operation ids are opaque: copy them,\nquotes included. The pages mark what writes and what deletes: before such a call, say what it will do and to what, unless\nyou were told to go ahead. Values in the examples are made up. Operations that list give everything the credential can\nsee, unless a filter narrows it: when the task is about one tenant, always send the filter.")
	p.para("A write whose answer is lost exits 5: it may have happened. Look before you send it again.")
}

// word is what to search for: the first resource.
func (p *apiPage) word() string {
	if len(p.groups) > 0 {
		for _, w := range strings.FieldsFunc(p.groups[0].title, func(r rune) bool { return r == ' ' || r == '-' || r == '.' || r == '_' }) {
			return strings.ToLower(w)
		}
	}
	return p.api.Name
}

// simplest is an operation to show: a list that needs nothing and belongs to
// nobody else, with short names; else the first operation.
func (p *apiPage) simplest() *operations.Operation {
	var found *operations.Operation
	for _, op := range p.ops {
		needsNothing := callLine(op) == command("capstan", "call", op.API, op.ID)
		if op.Deprecated || !operations.Pageable(op) || !needsNothing || len(tenantFilters(op, p.things)) > 0 {
			continue
		}
		if found == nil || len(op.Path)+len(op.ID) < len(found.Path)+len(found.ID) {
			found = op
		}
	}
	if found == nil && len(p.ops) > 0 {
		return p.ops[0]
	}
	return found
}

func (p *apiPage) authentication() {
	p.para("## Authentication")
	if schemes := p.schemes(); schemes != "" {
		p.para("%s", schemes)
	}
	var env []document.Env
	uses := map[string][]string{}
	open := 0
	for _, op := range p.ops {
		needs := p.api.Env(context.Background(), op)
		if len(needs) == 0 {
			open++
		}
		for _, n := range needs {
			if uses[n.Name] == nil {
				env = append(env, n)
			}
			uses[n.Name] = append(uses[n.Name], op.ID)
		}
	}
	for i, e := range env {
		env[i].For = count(len(uses[e.Name]), "operation")
		if ids := uses[e.Name]; len(ids) <= 4 {
			env[i].For = strings.Join(ids, ", ")
		}
	}
	writeEnv(&p.page, env)
	if open > 0 && len(env) > 0 {
		p.para("%s without a credential.", count(open, "operation"))
	}
}

// schemes says how credentials travel.
func (p *apiPage) schemes() string {
	var ways []string
	for _, op := range p.ops {
		for _, requirement := range op.Security {
			for _, use := range requirement {
				if w := schemeInWords(use.Scheme); w != "" && !slices.Contains(ways, w) {
					ways = append(ways, w)
				}
			}
		}
	}
	if len(ways) == 0 {
		return ""
	}
	return "Capstan sends " + strings.Join(ways, ", or ") + "."
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
	}
	return ""
}

func (p *apiPage) baseURL() {
	p.para("## Base URL")
	asked := p.server()
	p.line("- %s, which is asked", code(asked))
	seen := map[string]bool{asked: true}
	for _, op := range p.ops {
		for _, s := range op.Servers {
			if !seen[s.URL] {
				seen[s.URL] = true
				p.line("- %s %s", code(s.URL), prose(s.Description, 100))
			}
		}
	}
	p.para("\n`--base-url URL` asks another server.")
}

func (p *apiPage) pagination() {
	var paged []*operations.Operation
	for _, op := range p.ops {
		if operations.Pageable(op) && !op.Deprecated {
			paged = append(paged, op)
		}
	}
	if len(paged) == 0 {
		return
	}
	p.para("## Pages")
	p.para("%s answer a page at a time; their entries say so. `--all` follows the pages and prints all items as one answer; without\nit you have the first page only. A part is never passed off as the whole: a list that does not end in 1,000 pages is an error.", count(len(paged), "operation"))
	if op := p.simplest(); op != nil && operations.Pageable(op) {
		p.shell(callLine(op) + " --all")
	}
}

func (p *apiPage) resources() {
	p.para("## Resources")
	if p.manyGroups() {
		p.para("`references/index.md` lists %d pages, one for each resource.", len(p.groups))
		return
	}
	p.groupTable(&p.page, "references/")
}

// manyGroups reports whether the list of resources would make SKILL.md too long.
func (p *apiPage) manyGroups() bool { return len(p.groups) > 250 }

func (p *apiPage) index() File {
	var page page
	page.para("# Resources of %s", prose(p.title, 200))
	p.groupTable(&page, "")
	return reference("index", &page)
}

func (p *apiPage) groupTable(to *page, dir string) {
	var rows [][]string
	for _, g := range p.groups {
		reads, writes := 0, 0
		for _, op := range g.ops {
			if op.Effect() == operations.Read {
				reads++
			} else {
				writes++
			}
		}
		rows = append(rows, []string{
			fmt.Sprintf("[%s](%s%s.md)", strings.NewReplacer("[", "", "]", "").Replace(cell(g.title, 80)), dir, g.file),
			fmt.Sprint(reads), fmt.Sprint(writes), cell(g.about(), 160),
		})
	}
	to.table([]string{"resource", "reads", "writes", "such as"}, rows)
}
