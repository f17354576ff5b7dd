package spec

import (
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// refusal says in one line why a file of this dialect is not run.
func (s *Source) refusal() diag.Diagnostic {
	if n := value(s.root, "specification"); n != nil && n.Kind == yaml.ScalarNode && (s.dialect == DialectUnknown || s.dialect == DialectSibling) {
		return s.otherSpecification(n)
	}
	d := diag.Diagnostic{Code: "dialect-not-runnable"}
	d.Pos, d.EndColumn = s.decidedAt()
	switch s.dialect {
	case DialectCatalogue:
		d.Message, d.Hint = "recognised as a catalogue of an API's operations, which has no steps to run", "run a composition that uses it"
	case DialectOverlay:
		d.Message, d.Hint = "recognised as an overlay, which has no steps to run", "pass it with --overlay beside the capability it changes"
	case DialectOpenAPI:
		d.Message, d.Hint = "recognised as an OpenAPI document, which has no steps to run", "pass it with --openapi NAME=PATH beside the capability that uses it"
	case DialectEdges:
		d.Message = "recognised as capability taxonomy edges, which describe and cannot be run"
	case DialectFleet:
		d.Message = "recognised as a fleet resource, which configures a cluster and cannot be run"
	case DialectSchemaStub:
		d.Message = "recognised as a repository description of January 2026, which holds nothing to run"
	case DialectTemplate:
		d.Message, d.Hint = "recognised as a scaffolding template, which is not a capability until its ${{ values }} are filled in", "run the file that the scaffolder makes of it"
	case DialectUnknown:
		d.Code, d.Message = "unknown-dialect", "this is no capability that capstan knows"
		d.Hint = sayComposition
	case DialectSibling:
		d.Message = "recognised as " + s.label() + ", which capstan does not run yet"
		if has(s.root, "steps") {
			d.Hint = `if it is a composition, say so: "specification: ` + compositionName + `"`
		}
	default:
		d.Message = "recognised as " + s.label() + ", which is no composition"
	}
	return d
}

// sayComposition is the hint for files that do not say what they are.
const sayComposition = `a composition says "specification: ` + compositionName + `"`

// otherSpecification refuses a file whose `specification` is like none that is
// known.
func (s *Source) otherSpecification(n *yaml.Node) diag.Diagnostic {
	d := newDecoder(&s.tree, false)
	if text := d.loose(n, "specification"); text.IsSet() {
		d.report(n, "unknown-dialect", "specification %q is none that capstan knows", shorten(text.Value))
	}
	d.diags[0].Hint = sayComposition
	return d.diags[0]
}

// decidedAt returns the text by which the dialect is known: the key that gave
// it away, a template's first placeholder, or else the first key.
func (s *Source) decidedAt() (pos diag.Pos, endColumn int) {
	d := newDecoder(&s.tree, false)
	switch at := scaffolding.FindIndex(s.main.text); {
	case s.dialect == DialectTemplate && at != nil:
		pos = s.main.place(at[0])
		return pos, pos.Column + utf8.RuneCount(s.main.text[at[0]:at[1]])
	case s.sign != nil:
		return d.mark(s.sign)
	case s.root != nil:
		return d.mark(s.root)
	}
	return start(s.Path()), 0
}

func (s *Source) label() string {
	label := "a framework capability"
	if s.dialect == DialectSibling {
		label = "a relative of the composition dialect"
		if s.sign != nil {
			label += ` built around "` + s.sign.Value + `"`
		}
	}
	if s.version != "" && s.dialect == DialectFramework {
		label += " (" + s.sign.Value + " " + s.version + ")"
	}
	return label
}
