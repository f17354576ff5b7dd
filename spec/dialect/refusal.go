package dialect

import (
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// refusals are the messages and hints for the dialects that are recognised and
// not run.
var refusals = map[spec.Dialect][2]string{
	spec.DialectCatalogue:  {"recognised as a catalogue of an API's operations, which has no steps to run", "run a composition that uses it"},
	spec.DialectOverlay:    {"recognised as an overlay, which has no steps to run", "pass it with --overlay beside the capability it changes"},
	spec.DialectOpenAPI:    {"recognised as an OpenAPI document, which has no steps to run", "pass it with --openapi NAME=PATH beside the capability that uses it"},
	spec.DialectArazzo:     {"recognised as an Arazzo document, a description of workflows that capstan does not run", "write its steps as a composition: operationId is operation, and parameters stand under with"},
	spec.DialectProxy:      {"recognised as a proxy of version 0.2, a form that later versions gave up and capstan does not run", "write baseUri and namespace under consumes, and a REST exposure with a resource that has forward"},
	spec.DialectEdges:      {"recognised as capability taxonomy edges, which describe and cannot be run", ""},
	spec.DialectFleet:      {"recognised as a fleet resource, which configures a cluster and cannot be run", ""},
	spec.DialectSchemaStub: {"recognised as a repository description of January 2026, which holds nothing to run", ""},
	spec.DialectTemplate:   {"recognised as a scaffolding template, which is not a capability until its ${{ values }} are filled in", "run the file that the scaffolder makes of it"},
	spec.DialectUnknown:    {"this is no capability that capstan knows", sayComposition},
}

// refusal reports in one line why a file of this dialect is not run.
func (s *Source) refusal() diag.Diagnostic {
	if s.otherwiseNamed() {
		return s.otherSpecification(node.Value(s.doc.Root, "specification"))
	}
	d := diag.Diagnostic{Code: "dialect-not-runnable", Message: refusals[s.dialect][0], Hint: refusals[s.dialect][1]}
	d.Pos, d.EndColumn = s.decidedAt()
	if s.dialect == spec.DialectUnknown {
		d.Code = "unknown-dialect"
	}
	return d
}

// otherwiseNamed reports whether the file names a specification like none that is known.
func (s *Source) otherwiseNamed() bool {
	n := node.Value(s.doc.Root, "specification")
	return n != nil && n.Kind == node.ScalarNode && (s.dialect == spec.DialectUnknown || s.dialect == spec.DialectSibling)
}

// sayComposition is the hint for files that do not name their dialect.
const sayComposition = `a composition says "specification: ` + composition.Name + `"`

// otherSpecification refuses a file with a `specification` like none that is
// known.
func (s *Source) otherSpecification(n *node.Node) diag.Diagnostic {
	d := node.NewDecoder(&s.doc.Tree, false)
	if text := d.Loose(n, "specification"); text.IsSet() {
		d.Report(n, "unknown-dialect", "specification %q is none that capstan knows", node.Shorten(text.Value))
	}
	d.Diags[0].Hint = sayComposition
	return d.Diags[0]
}

// decidedAt returns the text by which the dialect is known: the key that gave
// it away, a template's first placeholder, or else the first key.
func (s *Source) decidedAt() (pos diag.Pos, endColumn int) {
	d := node.NewDecoder(&s.doc.Tree, false)
	switch at := scaffolding.FindIndex(s.doc.Main.Text); {
	case s.dialect == spec.DialectTemplate && at != nil:
		pos = s.doc.Main.Place(at[0])
		return pos, pos.Column + utf8.RuneCount(s.doc.Main.Text[at[0]:at[1]])
	case s.doc.Sign != nil:
		return d.Mark(s.doc.Sign)
	case s.doc.Root != nil:
		return d.Mark(s.doc.Root)
	}
	return diag.Start(s.doc.Path()), 0
}
