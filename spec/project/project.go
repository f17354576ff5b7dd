// Package project reads project files (.capstan.yaml).
package project

import (
	"iter"
	"path/filepath"
	"strconv"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Settings are those of a project file (.capstan.yaml), which hold for the capabilities in and
// below its directory. Paths are as written, relative to Dir.
type Settings struct {
	File       string // as given to Read
	Dir        string // the directory that holds File
	APIs       []API
	Overlays   []spec.Str // paths
	Severities []SeverityRule
	AllowRead  []spec.Str // directories besides the project's that capabilities may name files in
	// RequestTimeout bounds one request with its answer, nil where the file
	// sets no bound.
	RequestTimeout *spec.Duration
	// MaxPages bounds a list that is read page by page, 0 where the file sets no bound.
	MaxPages int
}

// API is the place of an API and the credential that it takes.
type API struct {
	Name    spec.Str // as a capability's `api` has it
	OpenAPI spec.Str // path of its OpenAPI document
	BaseURL spec.Str // replaces the document's server
	Pace    spec.Str // how many requests its server takes in a time
	Auth    *Auth
}

// Auth names the environment variables that hold a credential; it never
// holds one itself.
type Auth struct {
	Type     spec.Str   // bearer, basic, apiKey, oauth2 or none
	Env      []spec.Str // variables with the secret, the first that is set counts
	UserEnv  spec.Str   // basic: variable with the user's name; oauth2: with the client's id
	In       spec.Str   // apiKey: header, query or cookie
	Name     spec.Str   // apiKey: name of the header, parameter or cookie
	TokenURL spec.Str   // oauth2 client credentials
	Scopes   []spec.Str // oauth2
}

// SeverityRule changes how bad a diagnostic is.
type SeverityRule struct {
	Code  spec.Str
	Level spec.Str // error, warning or off
}

// Read parses a project file. The Settings are nil when the text cannot
// be parsed. An empty file is an empty project. file and src are as for
// [Read].
func Read(file string, src []byte) (*Settings, diag.List) {
	f, root, diags := node.Parse(file, src)
	p := &Settings{File: file, Dir: filepath.Dir(file)}
	if len(diags) == 1 && diags[0].Code == "empty-file" {
		return p, nil
	}
	if root == nil {
		return nil, diags
	}
	d := projectReader{node.NewDecoder(&node.Tree{Main: f, Root: root}, true)}
	o := d.Object(root, "the project file")
	p.APIs = d.projectAPIs(o.Get("apis"))
	p.Overlays = d.Paths(o.Get("overlays"), "overlays")
	p.Severities = d.severities(o.Get("severities"))
	p.AllowRead = d.Paths(o.Get("allowRead"), "allowRead")
	p.RequestTimeout = d.Duration(o.Get("requestTimeout"), "requestTimeout")
	p.MaxPages = d.pages(o.Get("maxPages"))
	o.Done()
	return p, append(diags, d.Diags...).Sort()
}

// projectReader decodes a project file.
type projectReader struct{ *node.Decoder }

// pages is a number of pages, 0 when none is written.
func (d projectReader) pages(n *node.Node) int {
	if n == nil {
		return 0
	}
	pages, err := strconv.Atoi(n.Value)
	switch {
	case n.Kind != node.ScalarNode || n.ShortTag() != "!!int":
		d.Report(n, "wrong-type", "maxPages must be a whole number, found %s", node.Describe(n))
		return 0
	case err != nil || pages < 1:
		d.Report(n, "bad-value", "maxPages cannot be %s", n.Value).Hint = "write how many pages of a list are read at most, from 1"
		return 0
	}
	return pages
}

// entries yields the keys and values of a mapping with free keys.
func (d projectReader) entries(n *node.Node, what string) iter.Seq2[*node.Node, *node.Node] {
	if n != nil && !node.IsNull(n) {
		d.Object(n, what)
	}
	return node.Entries(n)
}

func (d projectReader) projectAPIs(n *node.Node) (apis []API) {
	for k, v := range d.entries(n, "apis") {
		o := d.Object(v, "an API")
		if o == nil {
			continue
		}
		apis = append(apis, API{
			Name:    d.Filled(k, "the API's name"),
			OpenAPI: d.Text(o.Get("openapi"), "openapi"),
			BaseURL: d.Text(o.Get("baseUrl"), "baseUrl"),
			Pace:    d.Pace(o.Get("pace"), "pace"),
			Auth:    d.projectAuth(o.Get("auth")),
		})
		o.Done()
	}
	return apis
}

func (d projectReader) projectAuth(n *node.Node) *Auth {
	o := d.Object(n, "auth")
	if o == nil {
		return nil
	}
	auth := &Auth{
		Type:     d.OneOf(o.Need("type"), "type", "bearer", "basic", "apiKey", "oauth2", "none"),
		Env:      d.Paths(o.Get("env"), "env"),
		UserEnv:  d.Text(o.Get("userEnv"), "userEnv"),
		In:       d.OneOf(o.Get("in"), "in", "header", "query", "cookie"),
		Name:     d.Text(o.Get("name"), "name"),
		TokenURL: d.Text(o.Get("tokenUrl"), "tokenUrl"),
		Scopes:   d.Paths(o.Get("scopes"), "scopes"),
	}
	o.Done()
	return auth
}

func (d projectReader) severities(n *node.Node) (rules []SeverityRule) {
	for k, v := range d.entries(n, "severities") {
		code := d.Filled(k, "a code")
		if level := d.OneOf(v, "a severity", "error", "warning", "off"); level.IsSet() {
			rules = append(rules, SeverityRule{Code: code, Level: level})
		}
	}
	return rules
}
