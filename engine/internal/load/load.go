package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/engine/internal/serving"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
	projectfile "github.com/capstan-run/capstan/spec/project"
)

// loader gathers the results of one Open.
type loader struct {
	opts    *Options
	file    string
	report  *document.Report
	project *project
	docs    *documents
	within  *reach.Reach

	source   reach.Text
	overlaid []reach.Text

	screen   *screen.Screen // once the texts are known
	baseline *screen.Baseline
	secrets  dialect.Secrets
	whole    bool // a file without units was judged to its end
}

func (l *loader) add(problems diag.List) {
	l.report.Diagnostics = append(l.report.Diagnostics, problems...)
}

// Open reads a file and everything it names. The File is nil where it holds no unit
// that could be judged; the report has the reason.
func Open(ctx context.Context, file string, opts *Options) (*File, *document.Report) {
	l := &loader{opts: opts, file: file, project: noProject, report: &document.Report{File: file, Sources: map[string][]byte{}}}
	f := l.load(ctx)
	if l.within != nil {
		l.report.Files = l.within.Files()
	}
	l.screened()
	if f != nil {
		f.screen = l.screen
		for _, u := range f.Units {
			l.add(u.Problems)
			u.Problems = l.counted(u.Problems)
		}
		f.found = l.report.Diagnostics.Placed(l.report.File).Sort()
		f.Screened(l.report, nil, f.unable())
		return f, l.report
	}
	found := l.report.Diagnostics.Placed(l.report.File).Sort()
	l.report.Diagnostics, l.report.Failures = l.screen.Counted(found), len(found.Errors())
	l.report.Shown = l.screen.Shown(found, nil, l.whole)
	return nil, l.report
}

// screened readies the rules, comments and baseline for the problems in the texts that
// are known by now.
func (l *loader) screened() {
	if l.screen != nil {
		return
	}
	l.screen = &screen.Screen{File: l.report.File, Rules: l.project.rules(), Baseline: l.baseline, Texts: l.report.Sources}
	for _, name := range slices.Sorted(maps.Keys(l.report.Sources)) {
		ignores, problems := projectfile.ReadIgnores(name, l.report.Sources[name])
		l.screen.Ignores = append(l.screen.Ignores, ignores...)
		l.screen.Comments = append(l.screen.Comments, problems...)
	}
}

// counted are problems as they decide whether a unit can run.
func (l *loader) counted(problems diag.List) diag.List {
	return l.screen.Counted(problems.Placed(l.report.File))
}

// load walks the stages in order: read, overlay, decode, plan. Each stage runs
// only when the one before it left something to work on; problems gather.
func (l *loader) load(ctx context.Context) *File {
	name, text, err := l.read()
	if err != nil {
		d := diag.Diagnostic{Code: "unreadable-file", Severity: diag.Error, Pos: diag.Pos{File: l.file}, Message: err.Error()}
		if errors.Is(err, fs.ErrNotExist) {
			d.Hint = nearFile(l.file)
		}
		l.report.Diagnostics.Add(d)
		return nil
	}
	if filepath.Base(name) == reach.ProjectFile {
		name = filepath.Clean(name) // as it is found
	}
	l.report.File = name
	l.report.Sources[name] = text
	l.source = reach.Text{Name: name, Text: text}
	l.within = reach.New(l.opts.FS, name, l.opts.AllowRead)
	if name == l.file { // another one ships with Capstan
		l.within.Note(name, "capability")
	}
	l.loadProject(name)
	if l.isProject() {
		l.checkProject()
		l.whole = true
		return nil
	}

	src, problems := dialect.Read(name, text)
	l.add(problems)
	if src == nil {
		return nil
	}
	l.report.Dialect, l.report.Version, l.report.Runnable = string(src.Dialect()), src.Version(), src.Runnable()
	l.docs = newDocuments(l.opts, l.project, l.within, filepath.Dir(name))
	l.docs.shipped = name != l.file
	if src.Dialect() == spec.DialectCatalogue {
		l.checkCatalogue(ctx, src)
		l.hideSecrets(src)
		l.report.Diagnostics = l.secrets.Redact(append(l.report.Diagnostics, src.Secrets().Problems()...))
		l.whole = true
		return nil
	}
	src, ok := l.overlay(src)
	if !ok {
		return nil
	}
	f := &File{
		Report: l.report, APIs: map[string]connect.API{}, source: l.source, overlays: l.overlaid, reads: reach.NewReader(l.within),
		Given: l.opts.Source != nil || l.opts.FS != nil, strict: l.opts.Strict, sets: l.docs.sets, documents: map[string]documentedAPI{}, settings: l.project.api, path: l.docs.source, Limit: l.project.limit(), MaxPages: l.project.maxPages(),
	}
	f.having = func(operation string) (string, error) { return l.having(ctx, f, operation) }
	return l.units(ctx, f, src)
}

// units decodes the file and plans its units.
func (l *loader) units(ctx context.Context, f *File, src *dialect.Source) *File {
	decoded, problems := src.File(spec.Options{Strict: l.opts.Strict, Open: f.reads.Import})
	for _, kept := range f.reads.Kept() {
		l.report.Sources[kept.Name] = kept.Text.Text
		imported, _ := dialect.Read(kept.Name, kept.Text.Text)
		l.secrets = append(l.secrets, imported.Secrets()...)
	}
	l.hideSecrets(src)
	if decoded == nil {
		l.add(l.secrets.Redact(problems))
		return nil
	}
	problems = append(problems, l.secrets.Problems()...)
	f.Spec = decoded
	l.docs.own = f.ownAPI()
	problems = append(append(problems, l.unused(f)...), l.complete(ctx, f)...)
	f.Binds = connect.NewBinds(f.Spec, l.opts.Strict, l.within)
	problems = append(append(problems, f.Binds.Check()...), f.described(nil)...)
	problems = l.secrets.Redact(l.ruled(src, problems))
	blame := f.Spec.Problems(problems)
	own := append(blame.File, l.report.Diagnostics...)
	l.screened()
	f.Shared = l.counted(own)
	l.serve(f, blame.Exposures)
	f.Serving.Problems = l.secrets.Redact(src.Check(f.Serving.Problems, func(string) string { return "off" })) // for the ids alone
	l.report.Diagnostics = slices.Concat(own, problems, f.Serving.Problems)
	for _, s := range f.Spec.Units {
		var found diag.List
		u := f.plan(s, blame.Units[s], func(name string) (*operations.Set, error) {
			if c := f.Spec.Described(name); c != nil && (f.sets[name] != nil || len(c.Operations) > 0) {
				return f.known(name)
			}
			set, problems, err := l.api(ctx, f, name)
			found = append(found, problems...)
			return set, err
		})
		if f.Spec.Section && len(f.Spec.APIs) == 0 {
			continue // its calls are to the APIs that the importing file consumes
		}
		u.Problems = l.secrets.Redact(append(found, u.Problems...))
		f.Units = append(f.Units, u)
	}
	return f
}

// hideSecrets finds the credentials that are written in the file, and in those that it
// imports, and hides them in the texts that are shown beside problems.
func (l *loader) hideSecrets(src *dialect.Source) {
	l.secrets = append(l.secrets, src.Secrets()...)
	for name, text := range l.report.Sources {
		l.report.Sources[name] = l.secrets.Hide(name, text)
	}
}

// ruled holds the file to the ruleset of its dialect, as the project files want it.
func (l *loader) ruled(src *dialect.Source, known diag.List) diag.List {
	rules := l.project.rules()
	return src.Check(known, func(id string) string { return screen.Level(rules, l.report.File, id) })
}

// api readies an API that the file only names.
func (l *loader) api(ctx context.Context, f *File, name string) (*operations.Set, diag.List, error) {
	if set := l.docs.sets[name]; set != nil {
		return set, nil, nil
	}
	declared, document := catalogue(l.within, l.docs.dir, name)
	d := l.project.api(name).Or(declared)
	w := want{name: name, ids: f.operations(name), base: d.Base, document: document}
	if i := slices.IndexFunc(f.Spec.APIs, func(a *spec.API) bool { return a.Namespace.Value == name && a.Document.IsSet() }); i >= 0 {
		w.document = f.Spec.APIs[i].Document
	}
	set, problems, err := l.docs.find(ctx, w)
	if err == nil {
		f.APIs[name] = connect.Documented(name, d, set)
	}
	return set, problems, err
}

// serve finds the parts of the exposures that can be served, of which some problems are
// known.
func (l *loader) serve(f *File, known map[*spec.Exposure]diag.List) {
	for x, problems := range known {
		known[x] = l.counted(problems)
	}
	f.Serving = serving.Check(f.Spec, known, l.within)
	if f.Shared.HasErrors() {
		f.Serving.Exposures = nil
	}
}

// having readies the API whose document in the repository has an operation, under
// the name of the document.
func (l *loader) having(ctx context.Context, f *File, operation string) (api string, err error) {
	doc, err := l.docs.search("", []string{operation}, "")
	if doc == nil || err != nil {
		return "", err
	}
	api = spec.NameOf(doc.path)
	if l.docs.sets[api] == nil {
		set, problems, err := l.docs.openFound(ctx, api, *doc)
		if err != nil {
			return "", err
		}
		l.add(problems)
		l.docs.sets[api], f.APIs[api] = set, connect.Documented(api, l.project.api(api), set)
	}
	return api, nil
}

// read reads the file, or a shipped capability of that bare name.
func (l *loader) read() (name string, text []byte, err error) {
	switch {
	case l.opts.Source != nil:
		return l.file, l.opts.Source, nil
	case l.opts.FS != nil:
		text, err := reach.New(l.opts.FS, "", nil).ReadNamed(l.file)
		if err != nil {
			err = fmt.Errorf("%s cannot be read: %w", l.file, reach.Reason(err))
		}
		return l.file, text, err
	}
	return readCapability(l.file)
}

// readCapability reads a file, or a shipped capability of that bare name.
func readCapability(file string) (name string, text []byte, err error) {
	if err := checkReadable(file); err != nil {
		return "", nil, err
	}
	text, err = os.ReadFile(file)
	switch {
	case err == nil:
		return file, text, nil
	case errors.Is(err, fs.ErrNotExist):
		if filepath.Base(file) == file {
			if shipped, ok := capabilities.Lookup(file); ok {
				return shipped.Name, shipped.Data, nil
			}
		}
		return "", nil, missingFile(file)
	default:
		return "", nil, errors.Unwrap(err)
	}
}

// missingFile is the name of a file that does not exist.
type missingFile string

func (f missingFile) Error() string { return string(f) + " does not exist" }

// Is reports that a missing file is fs.ErrNotExist.
func (missingFile) Is(target error) bool { return target == fs.ErrNotExist }

// nearFile is the hint for a file that does not exist: the one of its folder, or the shipped
// capability, whose name is most like it.
func nearFile(file string) string {
	dir, base := filepath.Split(file)
	var names []string
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext == ".yaml" || ext == ".yml" {
			names = append(names, e.Name())
		}
	}
	if dir == "" {
		names = append(names, capabilities.Names()...)
	}
	if near := suggest.Closest(base, names); near != "" {
		return fmt.Sprintf("did you mean %q?", dir+near)
	}
	if dir == "" {
		return "`capstan capabilities` lists those that are built in"
	}
	return ""
}

// checkReadable refuses a file without an end or a text, such as a named pipe without
// a writer. A file that a shell hands over, stdin among them, is read to its end.
func checkReadable(file string) error {
	info, err := os.Stat(file)
	if err != nil || info.Mode().IsRegular() {
		return nil // reading fails with the reason
	}
	for _, handed := range []string{"/dev/stdin", "/dev/fd/", "/proc/self/fd/"} {
		if strings.HasPrefix(filepath.Clean(file), handed) && !info.IsDir() {
			return nil
		}
	}
	return fmt.Errorf("%s is no regular file", file)
}
