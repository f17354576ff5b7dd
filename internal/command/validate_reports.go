package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// reports are where the outcomes go: stdout first, then files.
type reports []diag.Sink

// openReports opens the formats of --format, and text, or the format of -o, on stdout.
func (a *app) openReports(flags *validateFlags) (reports, error) {
	stdout, files, err := readFormats(flags.formats)
	if err != nil {
		return nil, err
	}
	switch stdout {
	case "":
	case "json":
		a.flags.output = "json"
	default:
		a.flags.output = "text"
	}
	options := diag.SinkOptions{Version: buildVersion(debug.ReadBuildInfo()).Version}
	if dir, err := os.Getwd(); err == nil {
		options.Root = filepath.ToSlash(dir)
	}
	out := reports{diag.NewSink(stdout, a.out, options)}
	switch {
	case flags.fixes.diff:
		out[0] = noSink{} // the changes are the product
	case !a.wantsText():
		out[0] = &outcomeDocument{documentStream: documentStream{to: a.out, format: a.flags.output}}
	case out[0] == nil:
		out[0] = diag.NewText(a.out, diag.TextOptions{Color: a.color(a.io.OutTTY), Width: a.textWidth(a.io.OutTTY)})
	}
	for _, f := range files {
		sink, err := f.open(options)
		if err != nil {
			return nil, errors.Join(err, out.close(err, false))
		}
		out = append(out, sink)
	}
	return out, nil
}

// reportFile is a format that goes to a file.
type reportFile struct{ format, path string }

// reportFormats are the words of --format.
func reportFormats() []string { return append([]string{"text", "json"}, diag.Formats()...) }

// readFormats reads the values of --format; stdout is "" where all go to files.
func readFormats(values []string) (stdout string, files []reportFile, err error) {
	known := reportFormats()
	for _, value := range values {
		format, path, toFile := strings.Cut(value, "=")
		switch {
		case !slices.Contains(known, format):
			return "", nil, usagef("--format %q is not a format: %s", format, strings.Join(known, ", "))
		case toFile && path == "":
			return "", nil, usagef("--format %s: a file is missing behind the =", value)
		case toFile:
			files = append(files, reportFile{format, path})
		case stdout != "" && stdout != format:
			return "", nil, usage(fmt.Sprintf("--format %s and --format %s are both for stdout", stdout, format), "write one to a file: --format "+format+"=FILE")
		default:
			stdout = format
		}
	}
	return stdout, files, nil
}

// open empties the file; a summary is added at its end.
func (f reportFile) open(options diag.SinkOptions) (diag.Sink, error) {
	mode := os.O_TRUNC
	if f.format == "markdown" {
		mode = os.O_APPEND
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|mode, 0o666)
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written: %w", err)
	}
	sink := diag.NewSink(f.format, file, options)
	switch f.format {
	case "text":
		sink = diag.NewText(file, diag.TextOptions{})
	case "json":
		sink = &outcomeDocument{documentStream: documentStream{to: file, format: "json"}}
	}
	return &fileSink{sink, file}, nil
}

// fileSink closes its file at the end.
type fileSink struct {
	diag.Sink
	file *os.File
}

func (f *fileSink) Close() error {
	if err := errors.Join(f.Sink.Close(), f.file.Close()); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

func (r reports) add(o *diag.Outcome) {
	for _, sink := range r {
		sink.Add(o)
	}
}

// excludedFile is a file that was found and not judged, in the document of
// `validate --format json`.
type excludedFile struct {
	File    string `json:"file"`
	By      string `json:"by"` // the project file
	Line    int    `json:"line"`
	Pattern string `json:"pattern"`
	Reason  string `json:"reason"`
}

// exclude adds a file that is not judged to the documents that have a place for it.
func (r reports) exclude(e excludedFile) {
	for _, sink := range r {
		if file, ok := sink.(*fileSink); ok {
			sink = file.Sink
		}
		if d, ok := sink.(*outcomeDocument); ok {
			d.excluded = append(d.excluded, e)
		}
	}
}

// close ends the reports and returns err with their own errors. A document on stdout
// that was not begun is left to the error.
func (r reports) close(err error, begun bool) error {
	errs := []error{err}
	for i, sink := range r {
		if _, document := sink.(*outcomeDocument); i == 0 && document && err != nil && !begun {
			continue
		}
		errs = append(errs, sink.Close())
	}
	return errors.Join(errs...)
}

// outcomeDocument is the document of `validate --format json`, with "diagnostics",
// "files" and, where there are some, "excluded".
type outcomeDocument struct {
	documentStream
	files    []diag.Outcome // without their problems
	excluded []excludedFile
}

func (d *outcomeDocument) Add(o *diag.Outcome) {
	d.list("diagnostics")
	for _, problem := range o.Problems {
		d.item(problem)
	}
	d.files = append(d.files, o.Row())
}

func (d *outcomeDocument) Close() error {
	d.list("diagnostics")
	d.list("files")
	for _, f := range d.files {
		d.item(f)
	}
	if len(d.excluded) > 0 {
		d.list("excluded")
	}
	for _, e := range d.excluded {
		d.item(e)
	}
	return d.end()
}

// shownPaths writes the paths of files below the working directory as they are from
// there, and all with slashes.
type shownPaths struct{ dirs []string } // the working directory, with and without links

func newShownPaths() shownPaths {
	dir, err := os.Getwd()
	if err != nil {
		return shownPaths{}
	}
	dirs := []string{dir}
	if real, err := filepath.EvalSymlinks(dir); err == nil && real != dir {
		dirs = append(dirs, real)
	}
	return shownPaths{dirs}
}

// path leaves a name as it is that is no path: a flag, an address.
func (s shownPaths) path(name string) string {
	if name == "" || strings.HasPrefix(name, "-") || strings.Contains(name, "://") {
		return name
	}
	for _, dir := range s.dirs {
		if rel, err := filepath.Rel(dir, name); filepath.IsAbs(name) && err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.ToSlash(filepath.Clean(name))
}

// outcome changes the paths of an outcome, which may share its problems.
func (s shownPaths) outcome(o *diag.Outcome) *diag.Outcome {
	o.File, o.Problems = s.path(o.File), s.list(o.Problems)
	for i := range o.Units {
		o.Units[i].Problems = s.list(o.Units[i].Problems)
	}
	sources := make(map[string][]byte, len(o.Sources))
	for name, text := range o.Sources {
		sources[s.path(name)] = text
	}
	o.Sources = sources
	return o
}

func (s shownPaths) fix(f *diag.Fix) *diag.Fix {
	if f == nil {
		return nil
	}
	out := &diag.Fix{Safe: f.Safe, Edits: slices.Clone(f.Edits)}
	for i := range out.Edits {
		out.Edits[i].Pos.File = s.path(out.Edits[i].Pos.File)
	}
	return out
}

func (s shownPaths) list(l diag.List) diag.List {
	out := slices.Clone(l)
	for i, d := range out {
		out[i].Fix = s.fix(d.Fix)
		out[i].Pos.File = s.path(d.Pos.File)
		out[i].Related = slices.Clone(d.Related)
		for j, r := range d.Related {
			out[i].Related[j].Pos.File = s.path(r.Pos.File)
		}
	}
	return out
}
