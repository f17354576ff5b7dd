package load

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	projectfile "github.com/capstan-run/capstan/spec/project"
)

// project has the project files of a capability, the nearest first.
type project struct {
	files []*projectfile.Settings
	named bool // the user gave the file; one that was found may have come with the capability
}

// noProject stands for the project files where there are none.
var noProject = &project{}

// loadProject reads the project files for a capability file.
func (l *loader) loadProject(capability string) {
	p, problems := findProject(l.opts, capability, l.within, l.report.Sources)
	l.project = p
	l.add(problems)
	l.report.Excludes = p.excludes(capability)
	l.loadBaseline()
}

// excludes returns the entries under exclude, for a file.
func (p *project) excludes(file string) (out []document.Exclude) {
	for _, s := range p.files {
		for _, e := range s.Excludes {
			pos, end := e.Path.Whole()
			out = append(out, document.Exclude{
				Pos: pos, EndColumn: end, Pattern: e.Path.Value, Reason: e.Reason.Value, Dir: s.Dir,
				Meets: e.Covers(screen.Relative(s.Dir, file)),
			})
		}
	}
	return out
}

// isProject reports whether the file that is judged is a project file itself.
func (l *loader) isProject() bool {
	return filepath.Base(l.report.File) == reach.ProjectFile || l.report.File == l.opts.Project
}

// checkProject judges a project file, as which it was read already: the files that it
// names are to be there.
func (l *loader) checkProject() {
	l.report.Dialect = "project"
	if len(l.project.files) == 0 || l.project.files[0].File != l.report.File {
		return // it could not be read, or --config names another one
	}
	s := l.project.files[0]
	look := func(path spec.Str, as string) {
		if !path.IsSet() {
			return
		}
		f, err := l.opener(s)(resolve(s, path.Value))
		if err == nil {
			f.Close()
			return
		}
		pos, end := path.Whole()
		l.report.Diagnostics.Add(unreadable(pos, end, as, err, ""))
	}
	for _, a := range s.APIs {
		look(a.OpenAPI, "OpenAPI document of "+strconv.Quote(a.Name.Value))
	}
	for _, o := range s.Overlays {
		look(o, "overlay")
	}
}

// opener opens files as a project file names them.
func (l *loader) opener(s *projectfile.Settings) func(path string) (fs.File, error) {
	if l.project.named {
		return l.within.Named
	}
	return func(path string) (fs.File, error) { return l.within.Open(path, reach.Real(s.Dir)) }
}

// unreadable is the problem of a file that a project file names and that cannot be read.
func unreadable(pos diag.Pos, end int, name string, err error, hint string) diag.Diagnostic {
	d := diag.Diagnostic{Code: "unreadable-file", Pos: pos, EndColumn: end, Message: fmt.Sprintf("the %s cannot be read: %v", name, reach.Reason(err)), Hint: hint}
	if refused := reach.Refused(err); refused != nil {
		d.Code, d.Hint = refused.Code, refused.Hint
	}
	return d
}

// mostKnown bounds a baseline, in bytes.
const mostKnown = 32 << 20

// loadBaseline reads the problems that are known: in the file that the user names, else
// in that of the nearest project file which has one.
func (l *loader) loadBaseline() {
	path, name, at, end := l.opts.Baseline, l.opts.Baseline, diag.Pos{File: l.opts.Baseline}, 0
	open := l.within.Named
	if i := slices.IndexFunc(l.project.files, func(s *projectfile.Settings) bool { return s.Baseline.IsSet() }); path == "" && i >= 0 {
		s := l.project.files[i]
		path = resolve(s, s.Baseline.Value)
		at, end = s.Baseline.Whole()
		if name = path; !filepath.IsAbs(s.File) && !l.within.Own() {
			name = fromHere(path)
		}
		open = l.opener(s)
	}
	if path == "" || path == "none" {
		return
	}
	text, err := readAll(open, path)
	if err != nil {
		l.add(diag.List{unreadable(at, end, "baseline "+name, err, "write it: capstan validate FILE|DIR... --write-baseline "+name)})
		return
	}
	l.within.Note(path, "baseline")
	dir := filepath.Dir(path)
	if abs, err := filepath.Abs(dir); err == nil && !l.within.Own() {
		dir = abs
	}
	b, problems := once(l.opts.Documents, func(d *Documents) *recent[parsed[*screen.Baseline]] { return &d.baselines }, name+"\x00"+dir, text,
		func() (*screen.Baseline, diag.List) { return screen.ReadBaseline(name, dir, text) })
	l.report.Sources[name] = text
	l.add(problems)
	l.baseline = b
}

func readAll(open func(string) (fs.File, error), path string) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return reach.ReadAll(f, mostKnown)
}

// allow adds the directories that a project file allows to be read from. One
// that was found allows no more than its own, since it may have come with the
// capability.
func (p *project) allow(s *projectfile.Settings, within *reach.Reach) diag.List {
	var problems diag.List
	for _, dir := range s.AllowRead {
		path := resolve(s, dir.Value)
		if p.named || reach.IsBelow(reach.RealPart(path), reach.Real(s.Dir)) {
			within.Allow(path)
			continue
		}
		pos, end := dir.Whole()
		problems.Add(diag.Diagnostic{
			Code: reach.Outside, Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("%s is not allowed to be read from: a project file that was found allows no more than its own folder", dir.Value),
			Hint:    "give the project file with --config " + s.File + ", or allow it with --allow-read " + path,
		})
	}
	return problems
}

// findProject reads the project file that is named, or those of a file's folder and the
// folders above it, and adds their texts. "none" reads none.
func findProject(opts *Options, file string, within *reach.Reach, texts map[string][]byte) (*project, diag.List) {
	p, dir := &project{named: opts.Project != ""}, filepath.Dir(file)
	var problems diag.List
	read := func(path string) *projectfile.Settings {
		name := path
		if !p.named && !filepath.IsAbs(dir) && !within.Own() {
			name = fromHere(path)
		}
		var given []byte
		if name == file {
			given = opts.Source // it is judged itself
		}
		s, text, found := readProject(opts.Documents, name, path, given, p.named, within)
		if problems = append(problems, found...); text != nil {
			texts[name] = text
		}
		if s != nil {
			within.Note(path, "project file")
			p.files = append(p.files, s)
			problems = s.Secrets.Redact(append(problems, p.allow(s, within)...))
			texts[name] = s.Secrets.Hide(name, text)
		}
		return s
	}
	switch opts.Project {
	case "none":
		return noProject, nil
	case "":
		upwards(dir, within, func(path string) bool { s := read(path); return s != nil && s.Root })
	default:
		read(opts.Project)
	}
	return p, problems
}

// fromHere returns a path as it is from the working directory.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil {
		return rel
	}
	return path
}

// readProject reads a project file, nil where it cannot be read. Positions have its
// name; text is read from its path unless it is given.
func readProject(kept *Documents, name, path string, text []byte, named bool, within *reach.Reach) (*projectfile.Settings, []byte, diag.List) {
	var err error
	switch {
	case text != nil:
	case named:
		text, err = within.ReadNamed(path)
	default:
		text, err = within.Text(path, "project file", reach.Real(filepath.Dir(path)))
	}
	if err != nil {
		var l diag.List
		l.Errorf(diag.Pos{File: name}, "unreadable-file", "the project file cannot be read: %v", reach.Reason(err))
		return nil, nil, l
	}
	s, problems := once(kept, func(d *Documents) *recent[parsed[*projectfile.Settings]] { return &d.projects }, name, text,
		func() (*projectfile.Settings, diag.List) { return projectfile.Read(name, text) })
	if s == nil {
		return nil, text, problems
	}
	own := *s
	own.Dir = filepath.Dir(path)
	return &own, text, problems
}

// upwards gives the project files of dir and of the folders above it to found, up to
// the root of the repository, or until found reports that the rest does not count. It
// ends below a folder that every user may write to, such as /tmp: a file there may be
// another user's, and could send the credentials of a nearer file to a server of its own.
func upwards(dir string, within *reach.Reach, found func(path string) (last bool)) {
	if abs, err := filepath.Abs(dir); err == nil && !within.Own() {
		dir = abs
	}
	for {
		if path := filepath.Join(dir, reach.ProjectFile); within.IsFile(path) && found(path) {
			return
		}
		parent := filepath.Dir(dir)
		if parent == dir || within.IsRepository(dir) || within.IsOpen(parent) {
			return
		}
		dir = parent
	}
}

// limit bounds one exchange, 0 when the files are silent.
func (p *project) limit() time.Duration {
	for _, s := range p.files {
		if s.RequestTimeout != nil {
			return s.RequestTimeout.D
		}
	}
	return 0
}

// maxPages bounds the pages of a list, 0 when the files are silent.
func (p *project) maxPages() int {
	for _, s := range p.files {
		if s.MaxPages > 0 {
			return s.MaxPages
		}
	}
	return 0
}

// document returns the path of an API's OpenAPI document, and the folder of the
// project file that names it.
func (p *project) document(api string) (path, dir string) {
	for _, s := range p.files {
		for _, a := range s.APIs {
			if a.Name.Value == api && a.OpenAPI.IsSet() {
				return resolve(s, a.OpenAPI.Value), s.Dir
			}
		}
	}
	return "", ""
}

// api returns the settings of an API in the project files.
func (p *project) api(name string) (out connect.Declared) {
	for _, s := range p.files {
		for _, a := range s.APIs {
			if a.Name.Value == name {
				d := declaredBy(a.BaseURL.Value, a.Auth)
				d.Pace = a.Pace.Value
				out = out.Or(d)
			}
		}
	}
	return out
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

// projectPath is a path that a project file names, and the file's folder.
type projectPath struct{ path, dir string }

// overlays returns the overlays of the project files, those of the nearest last.
func (p *project) overlays() []projectPath {
	var out []projectPath
	for _, s := range slices.Backward(p.files) {
		for _, o := range s.Overlays {
			out = append(out, projectPath{resolve(s, o.Value), s.Dir})
		}
	}
	return out
}

// rules returns the rules of the project files, those of the nearest last.
func (p *project) rules() []screen.Rule {
	var out []screen.Rule
	for _, s := range slices.Backward(p.files) {
		for _, r := range slices.Concat(s.Severities, s.Rules) {
			out = append(out, screen.Rule{Rule: r, Dir: s.Dir})
		}
	}
	return out
}

// resolve makes a path of a project file relative to its folder.
func resolve(s *projectfile.Settings, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}
