package spec

import (
	"path/filepath"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// Project is a project file (.capstan.yaml): what the capabilities in and
// below its directory share. Paths are as written, relative to Dir.
type Project struct {
	File       string // as given to ReadProject
	Dir        string // the directory that holds File
	Text       []byte // the file's text, not to be changed
	APIs       []ProjectAPI
	Overlays   []Str // paths
	Severities []SeverityRule
	AllowRead  []Str // directories besides the project's that capabilities may name files in
	// RequestTimeout bounds one request with its answer, nil where the file
	// sets no bound.
	RequestTimeout *Duration
}

// ProjectAPI says where an API lives and how to authenticate to it.
type ProjectAPI struct {
	Name    Str // as a capability's `api` has it
	OpenAPI Str // path of its OpenAPI document
	BaseURL Str // replaces the document's server
	Auth    *ProjectAuth
	Pos     diag.Pos // of the mapping
}

// ProjectAuth names the environment variables that hold a credential; it never
// holds one itself.
type ProjectAuth struct {
	Type     Str   // bearer, basic, apiKey, oauth2 or none
	Env      []Str // variables with the secret, the first that is set counts
	UserEnv  Str   // basic: variable with the user's name; oauth2: with the client's id
	In       Str   // apiKey: header, query or cookie
	Name     Str   // apiKey: name of the header, parameter or cookie
	TokenURL Str   // oauth2 client credentials
	Scopes   []Str // oauth2
	Pos      diag.Pos
}

// SeverityRule changes how bad a diagnostic is.
type SeverityRule struct {
	Code  Str
	Level Str // error, warning or off
}

// ReadProject parses a project file. The Project is nil when the text cannot
// be parsed. An empty file is an empty project. file and src are as for
// [Read].
func ReadProject(file string, src []byte) (*Project, diag.List) {
	f, root, diags := parse(file, src)
	p := &Project{File: file, Dir: filepath.Dir(file), Text: f.text}
	if len(diags) == 1 && diags[0].Code == "empty-file" {
		return p, nil
	}
	if root == nil {
		return nil, diags
	}
	d := projectReader{newDecoder(&tree{main: f, root: root}, true)}
	o := d.object(root, "the project file")
	p.APIs = d.projectAPIs(o.get("apis"))
	p.Overlays = d.paths(o.get("overlays"), "overlays")
	p.Severities = d.severities(o.get("severities"))
	p.AllowRead = d.paths(o.get("allowRead"), "allowRead")
	p.RequestTimeout = d.duration(o.get("requestTimeout"), "requestTimeout")
	o.done()
	return p, append(diags, d.diags...).Sort()
}

// projectReader decodes a project file.
type projectReader struct{ *decoder }

// entries returns the keys and values of a mapping with free keys.
func (d projectReader) entries(n *yaml.Node, what string, each func(k, v *yaml.Node)) {
	if n == nil || isNull(n) {
		return
	}
	if o := d.object(n, what); o != nil {
		for i := 0; i+1 < len(n.Content); i += 2 {
			each(n.Content[i], n.Content[i+1])
		}
	}
}

func (d projectReader) projectAPIs(n *yaml.Node) (apis []ProjectAPI) {
	d.entries(n, "apis", func(k, v *yaml.Node) {
		o := d.object(v, "an API")
		if o == nil {
			return
		}
		api := ProjectAPI{
			Name:    d.filled(k, "the API's name"),
			OpenAPI: d.text(o.get("openapi"), "openapi"),
			BaseURL: d.text(o.get("baseUrl"), "baseUrl"),
			Auth:    d.projectAuth(o.get("auth")),
			Pos:     d.pos(v),
		}
		o.done()
		apis = append(apis, api)
	})
	return apis
}

func (d projectReader) projectAuth(n *yaml.Node) *ProjectAuth {
	o := d.object(n, "auth")
	if o == nil {
		return nil
	}
	auth := &ProjectAuth{
		Type:     d.oneOf(o.need("type"), "type", "bearer", "basic", "apiKey", "oauth2", "none"),
		Env:      d.paths(o.get("env"), "env"),
		UserEnv:  d.text(o.get("userEnv"), "userEnv"),
		In:       d.oneOf(o.get("in"), "in", "header", "query", "cookie"),
		Name:     d.text(o.get("name"), "name"),
		TokenURL: d.text(o.get("tokenUrl"), "tokenUrl"),
		Scopes:   d.paths(o.get("scopes"), "scopes"),
		Pos:      d.pos(n),
	}
	o.done()
	return auth
}

func (d projectReader) severities(n *yaml.Node) (rules []SeverityRule) {
	d.entries(n, "severities", func(k, v *yaml.Node) {
		code := d.filled(k, "a code")
		if level := d.oneOf(v, "a severity", "error", "warning", "off"); level.IsSet() {
			rules = append(rules, SeverityRule{Code: code, Level: level})
		}
	})
	return rules
}
