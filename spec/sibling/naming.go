package sibling

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// call is an operation as a step or tool names it.
type call struct {
	source    *source // nil: one of the file's APIs, which the operation decides
	entry     *entry  // of the source, nil where it lists none of that name
	operation spec.Str
	api       spec.Str // the text that names the API, unset for none
	refused   bool     // reported already
}

// naming is a way in which an operation is named.
type naming struct {
	key string
	// whole reports that the text holds the API as well ("shelf.listBooks"), even
	// where no API of that name is known.
	whole bool
}

// namings are the keys that name an operation, by its id, by its method and
// path in one text, or by its name in a shared file.
var namings = []naming{
	{"operationId", false}, {"operation", false}, {"uses", true}, {"sharedTool", true}, {"operationRef", true},
	{"import", true}, {"$ref", true}, {"call", true}, {"function", false}, {"capability", false},
}

// apiKeys are the keys that name the API of an operation.
var apiKeys = []string{"api", "capability", "source", "ref", "shared", "from"}

// around are the mappings in a step or tool that may hold its method and path,
// or name its operation.
var around = [][]string{{}, {"server", "rest"}, {"rest"}, {"rest_adapter"}, {"endpoint"}, {"http"}, {"request"}}

// call finds the operation that n names. What n leaves out may stand in within.
func (r *reading) call(f *frame, n, within *node.Node) *call {
	c := &call{}
	if n.Kind == node.ScalarNode {
		r.named(f, c, f.plain(n), false)
		n = within
	}
	for _, path := range around {
		at := n
		for _, name := range path {
			at = node.Value(at, name)
		}
		if at == nil || at.Kind != node.MappingNode {
			continue
		}
		r.sourceIn(f, c, at)
		if !c.operation.IsSet() {
			r.byKey(f, c, at)
		}
		if !c.operation.IsSet() || c.entry == nil {
			r.byPath(f, c, at, n)
		}
	}
	if c.source == nil && within != n {
		r.sourceIn(f, c, within)
	}
	if !c.operation.IsSet() && c.source != nil {
		r.byOwnName(f, c, n)
	}
	return r.settle(f, c)
}

// sourceIn finds the API that a mapping names.
func (r *reading) sourceIn(f *frame, c *call, n *node.Node) {
	for _, key := range apiKeys {
		if c.source != nil {
			return
		}
		v := node.Value(n, key)
		if v == nil {
			continue
		}
		if v.Kind == node.MappingNode {
			c.source = r.sourceOf(f, v)
			continue
		}
		if text := f.plain(v); text.IsSet() {
			if c.source = r.known(text.Value); c.source == nil && key == "api" {
				c.source = r.add(f, v, text.Value)
			}
			c.api = text
		}
	}
}

// byKey takes the first key that names an operation.
func (r *reading) byKey(f *frame, c *call, n *node.Node) {
	for _, way := range namings {
		v := node.Value(n, way.key)
		if way.key == "operation" && v == nil {
			if list := operationList(n); len(list) == 1 {
				v = list[0]
				if v.Kind == node.MappingNode {
					r.byKey(f, c, v)
					return
				}
			}
		}
		text := f.plain(v)
		if !text.IsSet() || way.key == "capability" && (c.source != nil || node.Has(n, "operation", "function")) {
			continue
		}
		if r.named(f, c, text, way.whole); c.operation.IsSet() {
			return
		}
	}
}

// operationList returns the operations that a mapping lists.
func operationList(n *node.Node) []*node.Node {
	for _, at := range []*node.Node{n, node.Value(n, "rest_adapter")} {
		if list := items(node.Value(at, "operations")); len(list) > 0 {
			return list
		}
	}
	return nil
}

// request matches a method and a path in one text.
var request = lazyregexp.New(`^(?i:(get|put|post|delete|patch|head|options))\s+(/\S*)$`)

// named reads a text that names an operation: "GET /books", "createLoan",
// "shelf.createLoan", "shelf#createLoan", "shelf/createLoan" or
// "shared/shelf.yaml#/operations/createLoan".
func (r *reading) named(f *frame, c *call, text spec.Str, whole bool) {
	if m := request.FindStringSubmatch(text.Value); m != nil {
		c.operation = text
		c.entry = r.own().describe(f, text, spec.Reworded(text, strings.ToUpper(m[1])), spec.Reworded(text, m[2]), spec.Str{}, nil)
		c.source = r.own()
		return
	}
	for _, between := range []string{"#/operations/", "#/", "#", "/", "."} {
		for at := len(text.Value); at > 0; { // the longest name of an API wins
			at = strings.LastIndex(text.Value[:at], between)
			if at <= 0 {
				break
			}
			api, operation := text.Value[:at], text.Value[at+len(between):]
			if s := r.known(api); s != nil && operation != "" {
				c.source, c.api, c.operation = s, spec.Reworded(text, api), spec.Reworded(text, operation)
				return
			}
		}
	}
	if whole {
		if at := strings.IndexAny(text.Value, "#/."); at > 0 && at+1 < len(text.Value) {
			c.source = r.addAt(f, text, text.Value[:at])
			c.api, c.operation = spec.Reworded(text, text.Value[:at]), spec.Reworded(text, strings.TrimLeft(text.Value[at:], "#/."))
			return
		}
	}
	if strings.Contains(text.Value, " ") {
		return // words about it
	}
	if s := r.known(text.Value); s == nil || s.entry(text.Value) != nil {
		c.operation = text
	}
}

// byPath takes a method and a path.
func (r *reading) byPath(f *frame, c *call, at, n *node.Node) {
	path := f.textOf(at, "path", "url")
	method := f.textOf(at, "method")
	if !strings.HasPrefix(path.Value, "/") || !method.IsSet() {
		return
	}
	s := c.source
	if s == nil || c.operation.IsSet() && s.entry(c.operation.Value) != nil {
		s = r.own()
	}
	name := c.operation
	if !name.IsSet() {
		name = f.textOf(n, "name", "id")
	}
	if !name.IsSet() {
		name = path
	}
	if base := f.textOf(at, bases...); base.IsSet() && at != f.doc.Root && s.base.Value != base.Value {
		s = r.based(f, base)
	}
	c.source, c.operation = s, name
	c.entry = s.describe(f, name, spec.Reworded(method, strings.ToUpper(method.Value)), path, f.textOf(n, "description", "summary"), n)
}

// byOwnName takes the name of the step or tool itself, where that is one of its API's
// operations.
func (r *reading) byOwnName(f *frame, c *call, n *node.Node) {
	for _, key := range []string{"step", "name", "id"} {
		if name := f.textOf(n, key); name.IsSet() && c.source.entry(name.Value) != nil {
			c.operation = name
			return
		}
	}
	if name := f.textOf(n, "step"); name.IsSet() && len(c.source.entries) == 0 && !strings.Contains(name.Value, " ") {
		c.operation = name
	}
}

// settle finds the API of an operation that names none, and the operation in it.
func (r *reading) settle(f *frame, c *call) *call {
	if !c.operation.IsSet() || c.entry != nil {
		return c
	}
	if c.source == nil {
		c.source = r.owner(c.operation.Value)
	}
	if c.source != nil {
		c.entry = c.source.entry(c.operation.Value)
	}
	return c
}

// action is the call in the model.
func (c *call) action() *spec.Operation {
	op := &spec.Operation{Operation: c.operation}
	if c.entry != nil {
		op.Operation = spec.Reworded(c.operation, c.entry.name.Value)
	}
	if s := c.source; s != nil && op.Operation.IsSet() {
		s.used = true
		op.API = spec.At(op.Operation.Pos, s.name)
		if c.api.IsSet() {
			op.API = spec.Reworded(c.api, s.name)
		}
	}
	return op
}

// names reports whether a value names the thing that the call is about.
func (c *call) names(value string) bool {
	if c.entry != nil && c.entry.path.IsSet() {
		return strings.Contains(c.entry.path.Value, "{"+value+"}")
	}
	return strings.HasSuffix(strings.ToLower(value), "id")
}

// learn gives a described operation that declares no parameters those that a caller
// gives it.
func (c *call) learn(inputs []*spec.Input) {
	if c.entry == nil || c.entry.declared {
		return
	}
	for _, in := range inputs {
		c.entry.learn(in)
	}
}

// owner returns the one API that lists an operation, else the only API there is;
// nil where the operation's document must tell.
func (r *reading) owner(operation string) *source {
	var listing, all []*source
	for _, s := range r.sources {
		if s.loose {
			continue
		}
		all = append(all, s)
		if s.entry(operation) != nil {
			listing = append(listing, s)
		}
	}
	switch {
	case len(listing) == 1:
		return listing[0]
	case len(all) == 1:
		return all[0]
	case len(all) == 0 && r.names():
		return r.own()
	case len(all) == 0:
		return nil
	case r.mine != nil && r.mine.document.IsSet() && slices.Contains(all, r.mine):
		return r.mine
	}
	for _, s := range all {
		s.used = true
	}
	return nil
}
