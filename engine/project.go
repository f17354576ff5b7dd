package engine

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	projectfile "github.com/capstan-run/capstan/spec/project"
)

// projectFile is searched for from the capability's folder upwards.
const projectFile = ".capstan.yaml"

// project is the project file, nil when there is none. Its methods accept nil.
type project struct {
	*projectfile.Settings
	named bool // the user gave it; one that was found may have come with the capability
}

// loadProject reads the project file for a capability file.
func (l *loader) loadProject(capability string) {
	p, text, problems := findProject(l.opts.Project, filepath.Dir(capability), l.reach)
	l.add(problems)
	if p == nil {
		return
	}
	l.project = p
	l.opts = p.shape(l.opts)
	l.report.Sources[p.File] = text
}

// allow adds the directories that the project file allows to be read from. One
// that was found allows no more than its own, since it may have come with the
// capability.
func (p *project) allow(reach *reach) diag.List {
	var problems diag.List
	for _, dir := range p.AllowRead {
		path := p.resolve(dir.Value)
		if p.named || below(realPart(path), p.dir()) {
			reach.allow(path)
			continue
		}
		pos, end := dir.Whole()
		problems.Add(diag.Diagnostic{
			Code: codeOutside, Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("%s is not allowed to be read from: a project file that was found allows no more than its own folder", dir.Value),
			Hint:    "give the project file with --config " + p.File + ", or allow it with --allow-read " + path,
		})
	}
	return problems
}

// dir returns the real path of the project file's folder, "" when there is none.
func (p *project) dir() string {
	if p == nil {
		return ""
	}
	return realPath(p.Dir)
}

// given reports whether the user named the project file.
func (p *project) given() bool { return p != nil && p.named }

// findProject reads the project file that is named, or the nearest one upwards
// from dir. "none" reads none.
func findProject(named, dir string, reach *reach) (*project, []byte, diag.List) {
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
	text, err := readProject(path, named != "", reach)
	if err != nil {
		var l diag.List
		l.Errorf(diag.Pos{File: path}, "unreadable-file", "the project file cannot be read: %v", reason(err))
		return nil, nil, l
	}
	read, problems := projectfile.Read(path, text)
	if read == nil {
		return nil, text, problems
	}
	p := &project{read, named != ""}
	reach.note(path, "project file")
	return p, text, append(problems, p.allow(reach)...)
}

func readProject(path string, named bool, reach *reach) ([]byte, error) {
	if !named {
		return reach.text(path, "project file", realPath(filepath.Dir(path)))
	}
	return os.ReadFile(path)
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

// shape fills in settings of the project file that the options leave open.
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
			env.authType = a.Auth.Type.Value
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
