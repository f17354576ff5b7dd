package dialect

import (
	"bytes"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/internal/layout"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Format lays out a file: keys in the order in which its dialect has them, blocks
// indented by two, at most one blank line in a row. Values, comments and quotes stay as
// they are. A file that is no YAML gives a [diag.List]; any other error is a fault of
// this package, which found out that its result is not the same file.
func Format(name string, src []byte) ([]byte, error) {
	s, diags := Read(name, src)
	for _, d := range diags {
		switch d.Code {
		case "empty-file":
			return src, nil
		case "yaml-syntax", "too-large", "encoding":
			return nil, diags
		}
	}
	if s.doc.Root == nil && s.dialect == spec.DialectTemplate {
		return nil, diag.List{s.refusal()}
	}
	f := node.NewFile(name, src)
	out, err := layout.Format(f, s.forms().Rank)
	mark := src[:len(src)-len(f.Text)]
	return append(bytes.Clone(mark), out...), err
}

// forms returns the mappings of the file as its dialect reads them.
func (s *Source) forms() *node.Forms {
	doc := *s.doc
	doc.Forms = &node.Forms{}
	switch {
	case doc.Root == nil:
	case s.dialect == spec.DialectOverlay:
		overlayKeys().Read(node.NewDecoder(&doc.Tree, true), doc.Root, &Overlay{})
	case s.dialect == spec.DialectCatalogue:
		composition.Catalogue(&doc)
	case readers[s.dialect] != nil:
		readers[s.dialect](&doc, spec.Options{}, importer(s.dialect))
	}
	return doc.Forms
}
