package dialect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/composition"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// body is how the content of a file shows its dialect, whatever the file states.
type body struct {
	dialect spec.Dialect
	what    string
	states  string // the entry by which a file of it states that it is one, "" where none is run
	holds   []string
	beside  []string // further keys at the root that belong to it
	key     func(root *node.Node) *node.Node
}

var bodies = [...]body{
	{spec.DialectFramework, "a framework file", "ikanos: 1.0.0-beta5", []string{"capability", "consumes", "exposes", "aggregates", "binds"}, versionKeys[:], frameworkPart},
	{spec.DialectComposition, "a composition", "specification: " + composition.Name, []string{"steps"}, []string{"api", "inputs", "outputs"}, operationSteps},
	{spec.DialectCatalogue, "a catalogue", "specification: " + composition.CatalogueName, []string{"capabilities"}, nil, operationGroups},
	{spec.DialectArazzo, "an Arazzo document", "", []string{"workflows"}, []string{"arazzo", "sourceDescriptions"}, workflows},
	{spec.DialectOpenAPI, "an OpenAPI document", "", []string{"paths"}, []string{"openapi", "swagger", "info", "servers", "components"}, pathsKey},
}

// versionKeys hold the version of a framework file.
var versionKeys = [...]string{"ikanos", "naftiko"}

// frameworkPart returns the key of what a framework file consumes or exposes.
func frameworkPart(root *node.Node) *node.Node {
	if k, v := node.Entry(root, "capability"); node.Has(v, "consumes", "exposes", "aggregates") {
		return k
	}
	for _, name := range []string{"consumes", "exposes", "aggregates"} {
		if k, v := node.Entry(root, name); speaksFramework(v) {
			return k
		}
	}
	return nil
}

func operationSteps(root *node.Node) *node.Node {
	return listOf(root, "steps", "operation", "capability", "external")
}

func operationGroups(root *node.Node) *node.Node { return listOf(root, "capabilities", "operationIds") }

func workflows(root *node.Node) *node.Node { return listOf(root, "workflows", "workflowId") }

// listOf returns the key of a list of mappings, the first of which has one of some
// keys, or nil.
func listOf(root *node.Node, name string, keys ...string) *node.Node {
	k, v := node.Entry(root, name)
	if v == nil || v.Kind != node.SequenceNode || len(v.Content) == 0 || !node.Has(v.Content[0], keys...) {
		return nil
	}
	return k
}

func pathsKey(root *node.Node) *node.Node {
	k, v := node.Entry(root, "paths")
	if node.Has(root, "openapi", "swagger") {
		return k
	}
	for path := range node.Entries(v) {
		if strings.HasPrefix(path.Value, "/") {
			return k
		}
	}
	return nil
}

// mixed returns the body of another dialect that the file has, with its key; alone
// reports that the file has none of its own.
func (s *Source) mixed() (other body, key *node.Node, alone bool) {
	own, ok := s.body()
	if !ok || s.doc.Root == nil || s.doc.Sign == nil || slices.Contains(own.holds, s.doc.Sign.Value) { // it states nothing
		return body{}, nil, false
	}
	for _, b := range bodies {
		if b.dialect == s.dialect {
			continue
		}
		if key := b.key(s.doc.Root); key != nil {
			return b, key, !node.Has(s.doc.Root, own.holds...)
		}
	}
	return body{}, nil, false
}

// body returns that of the file's own dialect.
func (s *Source) body() (body, bool) {
	i := slices.IndexFunc(bodies[:], func(b body) bool { return b.dialect == s.dialect })
	if i < 0 {
		return body{}, false
	}
	return bodies[i], true
}

// otherBody refuses a file that states one dialect and is written in another.
func (s *Source) otherBody(other body, key *node.Node) diag.Diagnostic {
	own, _ := s.body()
	sign := s.doc.Sign.Value
	d := node.NewDecoder(&s.doc.Tree, false)
	r := d.Report(key, "mixed-dialects", "the file states by its %q that it is %s, and its %q is that of %s", sign, own.what, key.Value, other.what)
	if r.Hint = refusals[other.dialect][1]; other.states != "" {
		r.Hint = fmt.Sprintf("write %q in place of %s", other.states, sign)
	}
	r.Related = []diag.Related{{Pos: d.Pos(s.doc.Sign), Message: "the file states it here"}}
	return *r
}

// unmix reports the body of another dialect that stands beside the file's own, once: in
// place of the problems that its keys are unknown.
func (s *Source) unmix(problems diag.List, other body, key *node.Node) diag.List {
	own, _ := s.body()
	d := node.NewDecoder(&s.doc.Tree, false)
	foreign := map[diag.Pos]bool{}
	for k := range node.Entries(s.doc.Root) {
		if slices.Contains(other.holds, k.Value) || slices.Contains(other.beside, k.Value) {
			foreign[d.Pos(k)] = true
		}
	}
	r := d.Report(key, "mixed-dialects", "%q is a key of %s, and this file is %s by its %q", key.Value, other.what, own.what, s.doc.Sign.Value)
	r.Severity, r.Hint = diag.Info, "move it to a file of its own"
	problems = slices.DeleteFunc(problems, func(p diag.Diagnostic) bool {
		replaced := p.Code == "unknown-key" && foreign[p.Pos]
		if replaced {
			r.Severity = min(r.Severity, p.Severity)
		}
		return replaced
	})
	return append(problems, *r).Sort()
}
