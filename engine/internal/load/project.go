package load

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
	projectfile "github.com/capstan-run/capstan/spec/project"
)

// project is the project file.
type project struct {
	*projectfile.Settings
	named bool // the user gave it; one that was found may have come with the capability
}

// noProject stands for a project file where there is none.
var noProject = &project{Settings: &projectfile.Settings{}}

// loadProject reads the project file for a capability file.
func (l *loader) loadProject(capability string) {
	p, text, problems := findProject(l.opts.Project, filepath.Dir(capability), l.within)
	l.add(problems)
	if l.project = p; p != noProject {
		l.report.Sources[p.File] = text
	}
}

// allow adds the directories that the project file allows to be read from. One
// that was found allows no more than its own, since it may have come with the
// capability.
func (p *project) allow(within *reach.Reach) diag.List {
	var problems diag.List
	for _, dir := range p.AllowRead {
		path := p.resolve(dir.Value)
		if p.named || reach.IsBelow(reach.RealPart(path), p.dir()) {
			within.Allow(path)
			continue
		}
		pos, end := dir.Whole()
		problems.Add(diag.Diagnostic{
			Code: reach.Outside, Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("%s is not allowed to be read from: a project file that was found allows no more than its own folder", dir.Value),
			Hint:    "give the project file with --config " + p.File + ", or allow it with --allow-read " + path,
		})
	}
	return problems
}

// dir returns the real path of the project file's folder, "" when there is none.
func (p *project) dir() string {
	if p == noProject {
		return ""
	}
	return reach.Real(p.Dir)
}

// findProject reads the project file that is named, or the nearest one upwards
// from dir. "none" reads none.
func findProject(named, dir string, within *reach.Reach) (*project, []byte, diag.List) {
	if named == "none" {
		return noProject, nil, nil
	}
	path := named
	if path == "" {
		path = searchUp(dir, within)
	}
	if path == "" {
		return noProject, nil, nil
	}
	text, err := readProject(path, named != "", within)
	if err != nil {
		var l diag.List
		l.Errorf(diag.Pos{File: path}, "unreadable-file", "the project file cannot be read: %v", reach.Reason(err))
		return noProject, nil, l
	}
	read, problems := projectfile.Read(path, text)
	if read == nil {
		return noProject, text, problems
	}
	p := &project{read, named != ""}
	within.Note(path, "project file")
	return p, text, append(problems, p.allow(within)...)
}

func readProject(path string, named bool, within *reach.Reach) ([]byte, error) {
	if !named {
		return within.Text(path, "project file", reach.Real(filepath.Dir(path)))
	}
	return within.ReadNamed(path)
}

func searchUp(dir string, within *reach.Reach) string {
	if abs, err := filepath.Abs(dir); err == nil && !within.Own() {
		dir = abs
	}
	for {
		path := filepath.Join(dir, reach.ProjectFile)
		if within.IsFile(path) {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// limit bounds one exchange, 0 when the file is silent.
func (p *project) limit() time.Duration {
	if p.RequestTimeout == nil {
		return 0
	}
	return p.RequestTimeout.D
}

// document returns the path of an API's OpenAPI document.
func (p *project) document(api string) string {
	for _, a := range p.APIs {
		if a.Name.Value == api && a.OpenAPI.IsSet() {
			return p.resolve(a.OpenAPI.Value)
		}
	}
	return ""
}

// api returns the settings of an API in the project file.
func (p *project) api(name string) connect.Declared {
	for _, a := range p.APIs {
		if a.Name.Value == name {
			d := declaredBy(a.BaseURL.Value, a.Auth)
			d.Pace = a.Pace.Value
			return d
		}
	}
	return connect.Declared{}
}

func declaredBy(base string, auth *projectfile.Auth) connect.Declared {
	d := connect.Declared{Base: base}
	if auth == nil {
		return d
	}
	if auth.UserEnv.IsSet() {
		d.Env = append(d.Env, auth.UserEnv.Value)
	}
	for _, e := range auth.Env {
		d.Env = append(d.Env, e.Value)
	}
	d.AuthType = auth.Type.Value
	switch strings.ToLower(auth.Type.Value) {
	case "apikey":
		in := operations.In(auth.In.Value)
		d.Security = []operations.Requirement{{{Name: "apiKey", Scheme: operations.SecurityScheme{Type: "apiKey", In: cmp.Or(in, operations.InHeader), Param: auth.Name.Value}}}}
	case "oauth2":
		var scopes []string
		for _, scope := range auth.Scopes {
			scopes = append(scopes, scope.Value)
		}
		d.Security = []operations.Requirement{{{Name: "oauth2", Scopes: scopes, Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: auth.TokenURL.Value}}}}
	default:
		d.Security = connect.DeclaredSecurity(auth.Type.Value)
	}
	return d
}

// overlays returns the paths of the project's overlays.
func (p *project) overlays() []string {
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
	if len(p.Severities) == 0 {
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
