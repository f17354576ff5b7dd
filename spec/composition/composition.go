// Package composition reads the files of the two dialects that `specification`
// names: compositions, and the catalogues that support them.
package composition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// compositionVersion is the one specificationVersion of both dialects that are
// named by `specification`.
const compositionVersion = "0.1"

// The values of `specification` in the two dialects that are named by it.
const (
	Name          = "Naftiko Capability Composition"
	CatalogueName = "Naftiko Capabilities"
)

// Read decodes a composition.
func Read(doc *node.Document, o spec.Options, _ node.Importing) (*spec.File, diag.List) {
	d := reader{node.NewDecoder(&doc.Tree, o.Strict)}
	f := &spec.File{Name: doc.Path(), Overlays: doc.Overlays, Texts: doc.Texts()}
	d.composition(d.Object(doc.Root, fileKeys().What), f)
	return f, d.Diags.Sort()
}

// reader decodes the files of both dialects that `specification` names.
type reader struct{ *node.Decoder }

// composition fills f with its one unit, with none where there is no step.
func (d reader) composition(o *node.Object, f *spec.File) {
	u := &spec.Unit{Name: spec.NameOf(f.Name), Kind: spec.UnitComposition, File: f.Name, Pos: d.Pos(o.Node), Spans: d.Spans(o.Node)}
	f.Units = []*spec.Unit{u}
	fileKeys().Fill(o, f)
	u.Title = f.Title
	d.apis(o, f, u)
	o.Done()
	if len(u.Steps) == 0 {
		f.Units = nil
	}
}

// apis gives operations the file's API where they name none, and the file the
// APIs that they name.
func (d reader) apis(o *node.Object, f *spec.File, u *spec.Unit) {
	named, unnamed := map[string]bool{"": true}, false
	for _, s := range u.Steps {
		op, ok := s.Action.(*spec.Operation)
		if !ok {
			continue
		}
		if !op.API.IsSet() {
			op.API = f.API
			unnamed = unnamed || op.Operation.IsSet()
		}
		if !named[op.API.Value] {
			named[op.API.Value] = true
			f.APIs = append(f.APIs, &spec.API{Namespace: op.API, File: f.Name, Pos: op.API.Pos})
		}
	}
	if unnamed {
		o.Need("api")
	}
}

// specification checks the key that names the dialect, which is the dialect's
// own up to a misspelling.
func (d reader) specification(n *node.Node, name string) {
	if n != nil && strings.TrimSpace(n.Value) != name {
		r := d.Report(n, "bad-value", "specification cannot be %q", n.Value)
		r.Hint = fmt.Sprintf("did you mean %q?", name)
		r.Replace(n.Value, name, suggest.Meant(n.Value, []string{name}) != "")
	}
}

func (d reader) version(n *node.Node, what string) string {
	version := d.Loose(n, what).Value
	if version != "" && version != compositionVersion {
		r := d.Report(n, "unsupported-version", "specificationVersion %s is not known, it is read as %s", version, compositionVersion)
		r.Replace(n.Value, compositionVersion, false)
		if !d.Strict {
			r.Severity = diag.Warning
		}
	}
	return version
}

func (d reader) steps(n *node.Node) []*spec.Step {
	if n == nil {
		return nil
	}
	if node.IsNull(n) || n.Kind == node.SequenceNode && len(n.Content) == 0 {
		d.Report(n, "empty-value", "a capability needs at least one step")
	}
	var steps []*spec.Step
	ids := d.Names("step")
	for i, item := range d.Items(n, "steps", "id", "") {
		s := d.step(item)
		if s == nil {
			continue
		}
		if !s.ID.IsSet() || ids.Repeats(s.ID) {
			s.ID = standIn(i, s)
		}
		steps = append(steps, s)
	}
	return steps
}

func (d reader) outputs(n *node.Node) []*spec.Output {
	outputs := node.DecodeEach(d.Items(n, "outputs", "name", "source"), d.output)
	seen := d.Names("output")
	for _, out := range outputs {
		seen.Repeats(out.Name)
	}
	return slices.DeleteFunc(outputs, func(out *spec.Output) bool { return !out.Source.IsSet() })
}

func (d reader) output(n *node.Node) *spec.Output {
	out := new(spec.Output)
	if !outputKeys().Read(d.Decoder, n, out) {
		return nil
	}
	return out
}
