package engine

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// projectFile is searched for from the capability's folder upwards.
const projectFile = ".capstan.yaml"

// project is the project file, nil when there is none. Its methods accept nil.
type project struct{ *spec.Project }

// loadProject reads the project file for a capability file.
func (l *loader) loadProject(capability string) {
	p, text, problems := findProject(l.opts.Project, filepath.Dir(capability))
	l.add(problems)
	if p == nil {
		return
	}
	l.project = p
	l.opts = p.shape(l.opts)
	l.report.Sources[p.File] = text
}

// findProject reads the project file that is named, or the nearest one upwards
// from dir. "none" reads none.
func findProject(named, dir string) (*project, []byte, diag.List) {
	if named == "none" {
		return nil, nil, nil
	}
	path := named
	if path == "" {
		path = searchUp(dir)
	}
	if path == "" {
		return nil, nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		var l diag.List
		l.Errorf(diag.Pos{File: path}, "unreadable-file", "the project file cannot be read: %v", errors.Unwrap(err))
		return nil, nil, l
	}
	p, problems := spec.ReadProject(path, text)
	if p == nil {
		return nil, text, problems
	}
	return &project{p}, text, problems
}

func searchUp(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, projectFile)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// shape fills in what the project file sets and the options leave open.
func (p *project) shape(o *Options) *Options {
	if p == nil || p.RequestTimeout == nil || o.RequestTimeout > 0 {
		return o
	}
	shaped := *o
	shaped.RequestTimeout = p.RequestTimeout.D
	return &shaped
}

// document returns the path of an API's OpenAPI document.
func (p *project) document(api string) string {
	if p == nil {
		return ""
	}
	for _, a := range p.APIs {
		if a.Name.Value == api && a.OpenAPI.IsSet() {
			return p.resolve(a.OpenAPI.Value)
		}
	}
	return ""
}

// api returns an API's base URL and the environment variables that hold its
// credential.
func (p *project) api(name string) (baseURL string, env declaredEnv) {
	if p == nil {
		return "", env
	}
	for _, a := range p.APIs {
		if a.Name.Value != name {
			continue
		}
		if a.Auth != nil {
			if a.Auth.UserEnv.IsSet() {
				env.names = append(env.names, a.Auth.UserEnv.Value)
			}
			for _, e := range a.Auth.Env {
				env.names = append(env.names, e.Value)
			}
			env.kind = a.Auth.Type.Value
		}
		return a.BaseURL.Value, env
	}
	return "", env
}

// security returns what the project file says an API needs, nil when it says
// nothing.
func (p *project) security(name string) []operations.Requirement {
	if p == nil {
		return nil
	}
	for _, a := range p.APIs {
		if a.Name.Value != name || a.Auth == nil {
			continue
		}
		s := a.Auth
		switch strings.ToLower(s.Type.Value) {
		case "apikey":
			in := operations.In(s.In.Value)
			return []operations.Requirement{{{Name: "apiKey", Scheme: operations.SecurityScheme{Type: "apiKey", In: cmp.Or(in, operations.InHeader), Param: s.Name.Value}}}}
		case "oauth2":
			var scopes []string
			for _, scope := range s.Scopes {
				scopes = append(scopes, scope.Value)
			}
			return []operations.Requirement{{{Name: "oauth2", Scopes: scopes, Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: s.TokenURL.Value}}}}
		default:
			return declaredSecurity(s.Type.Value)
		}
	}
	return nil
}

// overlays returns the paths of the project's overlays.
func (p *project) overlays() []string {
	if p == nil {
		return nil
	}
	var out []string
	for _, o := range p.Overlays {
		out = append(out, p.resolve(o.Value))
	}
	return out
}

// resolve makes a path of the project file relative to its folder.
func (p *project) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.Dir, path)
}

// adjust applies the project's severities.
func (p *project) adjust(l diag.List) diag.List {
	if p == nil {
		return l
	}
	out := make(diag.List, 0, len(l))
	for _, d := range l {
		level := ""
		for _, rule := range p.Severities {
			if rule.Code.Value == d.Code {
				level = rule.Level.Value
			}
		}
		switch level {
		case "off":
			continue
		case "error":
			d.Severity = diag.Error
		case "warning":
			d.Severity = diag.Warning
		}
		out = append(out, d)
	}
	return out
}
