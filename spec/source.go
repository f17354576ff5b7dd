package spec

import "github.com/capstan-run/capstan/diag"

// Source is a parsed file of any dialect, with the overlays that were applied
// to it. It is immutable and safe for concurrent use.
type Source struct {
	document
	dialect Dialect
}

// Read parses one YAML (or JSON) file and finds out which dialect it is
// written in. file names it in positions. Read keeps src, which must not be
// changed afterwards.
//
// The Source is never nil, so that its text can be shown beside the problems;
// [Source.Capability] on one that could not be parsed adds nothing to them.
// Problems of the YAML itself are reported here, those of the dialect by
// Capability, so a caller shows both lists.
func Read(name string, src []byte) (*Source, diag.List) {
	f, root, diags := parse(name, src)
	s := &Source{document: document{tree: tree{main: f, root: root}}}
	s.dialect, s.version, s.sign = detect(root, f.text)
	if s.dialect == DialectTemplate && root == nil {
		diags = nil // what breaks the YAML is the template's own notation
	}
	return s, diags.Sort()
}

// Dialect returns what kind of file this is.
func (s *Source) Dialect() Dialect { return s.dialect }

// Runnable reports whether files of this dialect can be run.
func (s *Source) Runnable() bool { return readers[s.dialect] != nil }

// Name returns the capability's name as written, "" when it has none. The
// framework dialect keeps it under `info`, under a key that changed with its versions.
func (s *Source) Name() string {
	return firstText(s.root, []string{"name"}, []string{"info", "display"}, []string{"info", "label"}, []string{"info", "name"}, []string{"info", "title"}, []string{"metadata", "name"})
}

// Provider returns the top-level `provider`, "" when it is not text.
func (s *Source) Provider() string { return firstText(s.root, []string{"provider"}) }

// ProviderID returns the top-level `providerId`, "" when it is not text.
func (s *Source) ProviderID() string { return firstText(s.root, []string{"providerId"}) }

// API returns the top-level `api`, "" when it is not text.
func (s *Source) API() string { return firstText(s.root, []string{"api"}) }

// File decodes a capability file, with the files that it imports.
//
// The File is non-nil whenever the file is of a dialect that runs, so that later
// stages can look for more problems; which of its units the list keeps from
// running is for [File.Problems] to say. Values that were reported are left out
// of it or replaced, so that no later stage reports them again: wrong defaults,
// outputs without a source, repeated inputs, the ids of repeated steps (see
// [Step]). A file of another dialect gives nil and one problem, a file that
// [Read] could not parse gives nil and none.
func (s *Source) File(o Options) (*File, diag.List) {
	read := readers[s.dialect]
	switch {
	case s.root == nil && s.dialect != DialectTemplate:
		return nil, nil
	case read == nil:
		return nil, diag.List{s.refusal()}
	}
	return read(&s.document, o, importer(s.dialect))
}

// readers decode the dialects that run, each in a package of its own. A new
// dialect is one more of them, and its sign in detect.
var readers = map[Dialect]func(*document, Options, importing) (*File, diag.List){
	DialectComposition: readComposition,
	DialectFramework:   readFramework,
}

// importer parses the files that one of a dialect imports.
func importer(dialect Dialect) importing {
	return func(name string, text []byte) (*document, bool, diag.List) {
		s, diags := Read(name, text)
		return &s.document, s.dialect == dialect, diags
	}
}

// Capability decodes a composition. strict holds the file to the published
// form (`--strict`); otherwise what is unambiguous is accepted with a warning.
//
// The Capability is non-nil whenever the file is of a dialect that runs and has
// a step, so that later stages can look for more problems; it must not be run
// when the list has errors. What was reported is left out of it or replaced,
// so that no later stage reports it again: wrong defaults, outputs without a
// source, repeated inputs, the ids of repeated steps (see [Step]). A file of
// another dialect gives nil and one problem, a file that [Read] could not
// parse gives nil and none.
func (s *Source) Capability(strict bool) (*Capability, diag.List) {
	switch {
	case s.dialect == DialectTemplate, s.root != nil && s.dialect != DialectComposition:
		return nil, diag.List{s.refusal()}
	case s.root == nil:
		return nil, nil
	}
	return oldCapability(&s.document, strict)
}

// Framework decodes a file of the framework dialect, of any version, with what
// it imports. A file of another dialect gives nil and one problem, a file that
// [Read] could not parse nil and none. Otherwise the Framework is not nil, so
// that later stages can look for more problems; it must not be run when the
// list has errors.
func (s *Source) Framework(o FrameworkOptions) (*Framework, diag.List) {
	switch {
	case s.dialect == DialectTemplate, s.root != nil && s.dialect != DialectFramework:
		return nil, diag.List{s.refusal()}
	case s.root == nil:
		return nil, nil
	}
	return oldFramework(&s.document, o, importer(DialectFramework))
}

// Catalogue decodes a file that says `specification: Naftiko Capabilities`.
// What it returns for other files, and with which problems, is as for
// [Source.Capability].
func (s *Source) Catalogue() (*Catalogue, diag.List) {
	switch {
	case s.root == nil && s.dialect != DialectTemplate:
		return nil, nil
	case s.dialect != DialectCatalogue:
		r := s.refusal()
		r.Code = "dialect-not-runnable"
		r.Message, r.Hint = "this is no catalogue of an API's operations", `a catalogue says "specification: `+catalogueName+`"`
		return nil, diag.List{r}
	}
	return readCatalogue(&s.document)
}
