// Package dialect reads capability files: [Read] parses one and finds out its
// dialect, [Source.With] applies overlays, and [Source.File] gives the model of
// package spec.
//
// The package does no I/O, knows nothing of OpenAPI documents, and never stops
// at the first problem: each function returns all it found as a diag.List.
// Everything it returns is immutable and safe for concurrent use.
package dialect

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/framework"
	"github.com/capstan-run/capstan/spec/internal/node"
	"github.com/capstan-run/capstan/spec/internal/rules"
	"github.com/capstan-run/capstan/spec/internal/secrets"
	"github.com/capstan-run/capstan/spec/sibling"
)

// Source is a parsed file of any dialect, with the overlays that were applied
// to it. It is immutable and safe for concurrent use.
type Source struct {
	doc       *node.Document
	dialect   spec.Dialect
	stoodBack []StoodBack
}

// Read parses one YAML (or JSON) file and finds out which dialect it is
// written in. file names it in positions. Read keeps src, which must not be
// changed afterwards.
//
// The Source is never nil, so that its text can be shown beside the problems;
// [Source.File] on one that could not be parsed adds nothing to them.
// Problems of the YAML itself are reported here, those of the dialect by
// File, so a caller shows both lists.
func Read(name string, src []byte) (*Source, diag.List) {
	f, root, diags := node.Parse(name, src)
	root = held(root)
	s := &Source{doc: &node.Document{Tree: node.Tree{Main: f, Root: root}}}
	s.dialect, s.doc.Version, s.doc.Sign = detect(root, f.Text)
	if s.dialect == spec.DialectTemplate && root == nil {
		diags = nil // the YAML is broken by the template's own notation
	}
	return s, diags.Sort()
}

// Texts returns the text of the file and of every overlay that acted on it, by
// name: whatever a position of this Source may point into. The texts must not
// be changed.
func (s *Source) Texts() map[string][]byte { return s.doc.Texts() }

// Overlays returns the names of the overlays that matched at least one place,
// in the order in which they were applied.
func (s *Source) Overlays() []string { return slices.Clone(s.doc.Overlays) }

// StoodBack returns the actions of overlays that left an edited value alone, in
// the order in which they would have acted.
func (s *Source) StoodBack() []StoodBack { return slices.Clone(s.stoodBack) }

// Name returns what the file calls itself, "" when it has no name.
func (s *Source) Name() string { return node.FirstText(s.doc.Root, []string{"name"}) }

// Version returns the version that the file gives for its dialect, "" when it
// gives none.
func (s *Source) Version() string { return s.doc.Version }

// Dialect returns the kind of file that this is.
func (s *Source) Dialect() spec.Dialect { return s.dialect }

// Runnable reports whether files of this dialect can be run.
func (s *Source) Runnable() bool { return readers[s.dialect] != nil && !s.otherwiseNamed() }

// File decodes a capability file, with the files that it imports.
//
// The File is non-nil whenever the file is of a dialect that runs, so that later
// stages can look for more problems; [spec.File.Problems] returns which of its
// units the list keeps from running. Values that were reported are left out
// of it or replaced, so that no later stage reports them again: wrong defaults,
// outputs without a source, repeated inputs, the ids of repeated steps (see
// [spec.Step]). A file of another dialect, or written in another
// one than it states, gives nil and one problem, a file that [Read] could not parse
// gives nil and none.
func (s *Source) File(o spec.Options) (*spec.File, diag.List) {
	read := readers[s.dialect]
	switch {
	case s.doc.Root == nil && s.dialect != spec.DialectTemplate:
		return nil, nil
	case read == nil, s.otherwiseNamed():
		return nil, diag.List{s.refusal()}
	}
	other, key, alone := s.mixed()
	if alone {
		return nil, diag.List{s.otherBody(other, key)}
	}
	f, problems := read(s.doc, o, importer(s.dialect))
	if f != nil {
		problems = append(problems, travels(f)...)
	}
	if key != nil {
		return f, s.unmix(problems, other, key)
	}
	return f, problems.Sort()
}

// Check holds the file to the ruleset of its dialect, and returns the problems that are
// known with those that it finds beside them. level returns the level that the project
// files set for a rule, "" for none.
func (s *Source) Check(known diag.List, level func(id string) string) diag.List {
	if s.dialect != spec.DialectFramework || s.doc.Root == nil {
		return known
	}
	return rules.Check(&s.doc.Tree, known, func(r *rules.Rule) (diag.Severity, bool) {
		switch level(r.ID) {
		case "":
			return r.Unset()
		case "off":
			return 0, false
		default:
			return r.Level, true // the level itself is the screen's to set
		}
	})
}

// Secrets are credentials that are written in files.
type Secrets = secrets.List

// Secrets finds the credentials that are written in the file or in its overlays.
func (s *Source) Secrets() Secrets {
	if s.doc.Root == nil {
		return nil
	}
	return secrets.Find(&s.doc.Tree)
}

// readers decode the dialects that run, each in a package of its own. A new
// dialect is one more of them, and its sign in detect.
var readers = map[spec.Dialect]func(*node.Document, spec.Options, node.Importing) (*spec.File, diag.List){
	spec.DialectComposition: composition.Read,
	spec.DialectFramework:   framework.Read,
	spec.DialectSibling:     sibling.Read,
}

// importer parses the files that one of a dialect imports.
func importer(dialect spec.Dialect) node.Importing {
	return func(name string, text []byte) (*node.Document, bool, diag.List) {
		s, diags := Read(name, text)
		return s.doc, s.dialect == dialect, diags
	}
}

// Catalogue decodes a file with `specification: Naftiko Capabilities`. Other
// files give nil and one problem, as for [Source.File].
func (s *Source) Catalogue() (*spec.Catalogue, diag.List) {
	switch {
	case s.doc.Root == nil && s.dialect != spec.DialectTemplate:
		return nil, nil
	case s.dialect != spec.DialectCatalogue:
		r := s.refusal()
		r.Code = "dialect-not-runnable"
		r.Message, r.Hint = "this is no catalogue of an API's operations", `a catalogue says "specification: `+composition.CatalogueName+`"`
		return nil, diag.List{r}
	}
	other, key, alone := s.mixed()
	if alone {
		return nil, diag.List{s.otherBody(other, key)}
	}
	c, problems := composition.Catalogue(s.doc)
	if key != nil {
		return c, s.unmix(problems, other, key)
	}
	return c, problems
}
