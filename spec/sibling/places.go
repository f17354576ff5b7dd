package sibling

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// place is a place where things that can be run sit.
type place struct {
	path []string // below the file or one of its inner mappings; "*" is every item
	what string   // one of them, in messages
	read func(r *reading, n *node.Node, what string)
}

// places are all that there are, in the order of the units.
var places = []place{
	{[]string{"workflow"}, "step", (*reading).workflow},
	{[]string{"steps"}, "step", (*reading).workflow},
	{[]string{"workflows", "*"}, "step", (*reading).workflow},
	{[]string{"tools", "*"}, "tool", (*reading).tool},
	{[]string{"mcp_tools", "*"}, "tool", (*reading).tool},
	{[]string{"mcp", "tools", "*"}, "tool", (*reading).tool},
	{[]string{"adapters", "mcp", "tools", "*"}, "tool", (*reading).tool},
	{[]string{"exposes", "*", "tools", "*"}, "tool", (*reading).tool},
	{[]string{"workflows", "*", "tools", "*"}, "tool", (*reading).tool},
	{[]string{"capabilities", "*"}, "capability", (*reading).tool},
	{[]string{"actions", "*"}, "action", (*reading).tool},
	{[]string{"categories", "*", "operations", "*"}, "operation", (*reading).tool},
	{[]string{"consumes", "*"}, "operation", (*reading).taking},
	{[]string{"apis", "*"}, "operation", (*reading).taking},
	{nil, "operation", (*reading).itself},
}

// all returns the nodes that lie at the place.
func (p *place) all(f *frame) []*node.Node {
	if p.path == nil {
		return f.parts[:1]
	}
	found := f.parts
	for _, name := range p.path {
		var next []*node.Node
		for _, n := range found {
			switch v := node.Value(n, name); {
			case name == "*":
				next = append(next, named(n)...)
			case name == "+":
				for _, v := range node.Entries(n) {
					next = append(next, v)
				}
			case v != nil:
				next = append(next, v)
			}
		}
		found = next
	}
	return found
}

// unit declares a unit under a name that no other has; ok is false where one of
// that name and kind is there.
func (r *reading) unit(n *node.Node, kind spec.UnitKind, name spec.Str, otherwise string) (u *spec.Unit, ok bool) {
	f := r.main
	slug := slugOf(name.Value)
	if slug == "" {
		slug = otherwise
	}
	if r.taken[slug] {
		return nil, false
	}
	r.taken[slug] = true
	u = &spec.Unit{
		Name: slug, Kind: kind, Short: name, Title: f.textOf(n, titles...), Description: f.textOf(n, descriptions...),
		Answer: &spec.Answer{}, Binding: spec.BindByRuleOrAsk, File: f.doc.Path(), Pos: f.Pos(n), Spans: f.Spans(n),
	}
	r.out.Units = append(r.out.Units, u)
	return u, true
}

// workflow declares a list of steps, or a mapping with one.
func (r *reading) workflow(n *node.Node, what string) {
	f := r.main
	steps := n
	if n.Kind == node.MappingNode {
		if steps = node.Value(n, "steps"); steps == nil {
			return
		}
	}
	if len(named(steps)) == 0 {
		return
	}
	name, id := f.textOf(n, "id", "name"), ""
	if n.Kind != node.MappingNode || node.Value(f.doc.Root, "workflows") == nil {
		id, name = spec.NameOf(r.main.doc.Path()), spec.Str{}
	}
	u, ok := r.unit(n, spec.UnitWorkflow, name, id)
	if !ok {
		return
	}
	if n.Kind != node.MappingNode {
		u.Description = f.text("description")
	}
	if !u.Title.IsSet() {
		u.Title = r.out.Title
	}
	in, out := first([]*node.Node{n}, inputKeys...), first([]*node.Node{n}, "outputs")
	if in == nil && node.Value(f.doc.Root, "workflows") == nil {
		in = f.get(inputKeys...)
	}
	if out == nil && node.Value(f.doc.Root, "workflows") == nil {
		out = f.get("outputs")
	}
	w := &writing{reading: r, frame: f, unit: u, aliases: map[string]string{}, inputs: map[string]*spec.Input{}}
	w.declare(in)
	w.steps(named(steps), what)
	w.outputs(out)
}

// tool declares a unit of one call, or one for each of the operations that it lists.
func (r *reading) tool(n *node.Node, what string) {
	f := r.main
	name := f.textOf(n, "name", "id", "title")
	if n.Kind != node.MappingNode || node.Has(n, "workflow") && !node.Has(n, "operation", "operationId") {
		return // another name of a workflow
	}
	if list := operationList(n); len(list) > 1 {
		if what == "tool" {
			f.loosely(list[0], "give each operation a tool of its own, or write a workflow of steps",
				"the tool %q names %d operations: each is offered by itself", name.Value, len(list))
		}
		for _, item := range list {
			r.one(item, n, f.plain(first([]*node.Node{item}, "operationId", "id", "name")), what)
		}
		return
	}
	r.one(n, n, name, what)
}

// one declares a unit that is one call: n names the operation, in the surroundings
// of within.
func (r *reading) one(n, within *node.Node, name spec.Str, what string) {
	c := r.call(r.main, n, within)
	if !name.IsSet() {
		name = c.operation
	}
	u, ok := r.unit(n, spec.UnitTool, name, "")
	if !ok {
		return
	}
	if u.Name == "" {
		u.Name = fmt.Sprintf("%s-%d", what, len(r.out.Units))
	}
	u.Direct, u.Spans = true, r.main.Spans(within)
	w := &writing{reading: r, frame: r.main, unit: u, aliases: map[string]string{}, inputs: map[string]*spec.Input{}}
	w.declare(first([]*node.Node{n}, inputKeys...))
	op := c.action()
	u.Steps = []*spec.Step{{ID: spec.At(u.Pos, identifier(u.Name)), Pos: u.Pos, Description: u.Description, Action: op}}
	if op.Operation.IsSet() {
		r.called++
		c.learn(u.Inputs)
		return
	}
	r.nameless = append(r.nameless, &nameless{r.main, n, what})
}

// taking declares units for the operations that the file takes of an API, where it
// does nothing else with them.
func (r *reading) taking(n *node.Node, what string) {
	if n.Kind != node.MappingNode || len(r.out.Units) > 0 && r.out.Units[0].Pos.Compare(r.main.Pos(n)) < 0 {
		return
	}
	list := items(node.Value(n, "operations"))
	if ref := node.Value(n, "ref"); len(list) == 0 && ref != nil {
		s := r.sourceOf(r.main, n)
		for _, e := range s.entries {
			r.entry(s, e, n)
		}
		if len(s.entries) == 0 {
			r.main.Report(ref, "import", "there is no %s with operations, and nothing here says which of them are meant", ref.Value).Hint =
				"correct the path, which is relative to the folder of the file, or list them: operations: [ID, ...]"
		}
		return
	}
	for _, item := range list {
		r.one(item, n, r.main.plain(first([]*node.Node{item}, "operationId", "id", "name")), what)
	}
}

// entry declares a unit for an operation of a shared file.
func (r *reading) entry(s *source, e *entry, at *node.Node) {
	name := spec.At(r.main.Pos(at), e.name.Value)
	u, ok := r.unit(at, spec.UnitTool, name, "")
	if !ok {
		return
	}
	u.Title, u.Description, u.Direct = name, e.description, true
	c := &call{source: s, entry: e, operation: name}
	u.Steps = []*spec.Step{{ID: spec.At(u.Pos, identifier(u.Name)), Pos: u.Pos, Action: c.action()}}
	r.called++
}

// itself declares the file as a whole, where that is one operation.
func (r *reading) itself(root *node.Node, what string) {
	if node.Has(root, "operationId") {
		r.one(root, root, r.main.text("name"), what)
	}
}

// slugOf is a name as commands take it.
func slugOf(name string) string {
	slug := strings.Trim(notInNames.ReplaceAllString(name, "-"), "-.")
	if strings.ContainsAny(name, " \t") {
		slug = strings.ToLower(slug)
	}
	return slug
}

var notInNames = lazyregexp.New(`[^A-Za-z0-9_.]+`)

// identifier is a name that expressions can hold.
func identifier(name string) string {
	id := strings.Trim(notInIDs.ReplaceAllString(name, "-"), "-")
	switch id {
	case "":
		return "step"
	case "inputs", "steps", "run", "env", "true", "false", "nil", "result", "item", "index", "match":
		return id + "-step"
	}
	return id
}

var notInIDs = lazyregexp.New(`[^\pL\pN_]+`)
