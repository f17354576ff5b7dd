package sibling

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// entry is an operation that a file lists of an API.
type entry struct {
	name         spec.Str // its id in the API's document
	names        []string
	method, path spec.Str // unset where only the id is listed
	description  spec.Str
	params       []*spec.Param
	declared     bool // the file lists the parameters
	spans        []spec.Span
}

// listings are where a file lists the operations of its API; "*" is every item, "+"
// every value of a mapping.
var (
	listingsOfMain = [][]string{
		{"operations", "*"}, {"operations", "+", "*"}, {"resources", "*", "operations", "*"}, {"rest", "resources", "*", "operations", "*"},
		{"consumes", "operations", "*"}, {"consumes", "*"},
	}
	listings = append([][]string{{"tools", "*"}, {"capabilities", "*"}}, listingsOfMain...)
)

// documents are the keys of the path of an API's OpenAPI document.
var documents = []string{"openapi", "openApi", "openapiSpec", "openapiFile"}

// bases are the keys of an API's server.
var bases = []string{"baseUrl", "baseURL", "baseUri", "baseURI", "base_url"}

// describeFrom takes the description that a file has of its API.
func (s *source) describeFrom(f *frame, lists [][]string) {
	parts := slices.Clone(f.parts)
	for _, p := range f.parts {
		for _, name := range []string{"api", "rest", "consumes"} {
			parts = append(parts, node.Value(p, name))
		}
		parts = append(parts, node.Value(node.Value(p, "adapters"), "rest"))
	}
	if n := first(parts, documents...); n != nil {
		s.document = f.plain(n)
	}
	if n := first(parts, bases...); n != nil {
		s.base = baseOf(f.plain(n))
		s.spans = append(s.spans, f.Spans(n)...)
	}
	if n := first(parts, credentials...); n != nil {
		s.auth = f.authentication(n)
		s.spans = append(s.spans, f.Spans(n)...)
	}
	for _, path := range lists {
		for _, n := range (&place{path: path}).all(f) {
			s.list(f, n)
		}
	}
}

// list adds an operation that a file lists, by its id or whole.
func (s *source) list(f *frame, n *node.Node) {
	if n.Kind == node.ScalarNode {
		if id := f.plain(n); id.IsSet() && !strings.ContainsAny(id.Value, " /") {
			s.entries = append(s.entries, &entry{name: id, names: []string{id.Value}, spans: f.Spans(n)})
		}
		return
	}
	if n.Kind != node.MappingNode || node.Has(n, "operations", "ref") {
		return
	}
	method, path := f.textOf(n, "method"), f.textOf(n, "path")
	operation := f.textOf(n, "operation")
	if m := request.FindStringSubmatch(operation.Value); m != nil {
		method, path = spec.Reworded(operation, m[1]), spec.Reworded(operation, m[2])
	}
	name := f.textOf(n, "operationId", "id", "name")
	switch {
	case name.IsSet() && strings.HasPrefix(path.Value, "/") && method.IsSet():
		s.describe(f, name, spec.Reworded(method, strings.ToUpper(method.Value)), path, f.textOf(n, "description", "summary"), n)
	case node.Has(n, "operationId"):
		s.entries = append(s.entries, &entry{name: name, names: namesOf(f, n), spans: f.Spans(n)})
	}
}

func namesOf(f *frame, n *node.Node) (out []string) {
	for _, key := range []string{"operationId", "id", "name"} {
		if name := f.textOf(n, key); name.IsSet() {
			out = append(out, name.Value)
		}
	}
	return out
}

// entry returns the operation that goes by a name.
func (s *source) entry(name string) *entry {
	for _, e := range s.entries {
		if slices.Contains(e.names, name) {
			return e
		}
	}
	return nil
}

// describe adds an operation with its method and path; n holds its parameters.
func (s *source) describe(f *frame, name, method, path, description spec.Str, n *node.Node) *entry {
	for _, e := range s.entries {
		if e.method.Value == method.Value && e.path.Value == path.Value && (n == nil || slices.Contains(e.names, name.Value)) {
			return e
		}
	}
	e := &entry{name: name, names: []string{name.Value}, method: method, path: path, description: description}
	if at := s.entry(name.Value); at != nil { // another operation of that name
		e.name = spec.Reworded(name, name.Value+"-"+strings.ToLower(method.Value))
	}
	s.entries = append(s.entries, e)
	if n == nil {
		return e
	}
	e.names, e.spans = append(e.names, namesOf(f, n)...), f.Spans(n)
	list := first([]*node.Node{n}, inputKeys...)
	for _, in := range f.inputs(list) {
		e.add(in)
	}
	for _, key := range []string{"requestBody", "body", "request"} {
		body := node.Value(n, key)
		if properties := node.Value(body, "properties"); properties != nil {
			body = properties
		} else if key == "request" {
			continue
		}
		for _, in := range f.inputs(body) {
			if in.In.Value == "" {
				in.In = spec.At(in.Pos, "body")
			}
			e.add(in)
		}
	}
	e.declared = len(e.params) > 0
	return e
}

// learn is add for a parameter that the file does not declare where it lists the
// operation: a caller gives it. One that a variable of the path shortens is that.
func (e *entry) learn(in *spec.Input) {
	if !strings.Contains(e.path.Value, "{"+in.Name.Value+"}") {
		for _, m := range openParts.FindAllStringSubmatch(e.path.Value, -1) {
			if m[1] != "id" && words.Shortened(m[1], in.Name.Value, false) {
				return
			}
		}
	}
	copied := *in
	copied.Required, copied.In, copied.Default = false, spec.Str{}, nil
	e.add(&copied)
}

// add gives the operation a parameter. One without a place goes into the path where
// that has one for it, else into the body of a method that sends one, else into the query.
func (e *entry) add(in *spec.Input) {
	inPath := strings.Contains(e.path.Value, "{"+in.Name.Value+"}")
	if slices.ContainsFunc(e.params, func(p *spec.Param) bool { return p.Name.Value == in.Name.Value }) {
		return
	}
	if !e.method.IsSet() || !in.Name.IsSet() {
		return
	}
	p := &spec.Param{Input: *in}
	if p.In.Value == "" {
		place := "query"
		switch {
		case inPath:
			place = "path"
		case e.method.Value == "POST" || e.method.Value == "PUT" || e.method.Value == "PATCH":
			place = "body"
		}
		p.In = spec.At(in.Pos, place)
	}
	p.Required = p.Required || inPath
	e.params = append(e.params, p)
}

// finish makes the API of the model.
func (s *source) finish() *spec.API {
	f := s.frame
	api := &spec.API{
		Namespace: spec.At(f.Pos(s.at), s.name), BaseURI: s.base, Auth: s.credential(), Document: s.document,
		File: f.doc.Path(), Pos: f.Pos(s.at), Spans: s.spans,
	}
	if s.about != nil && s.document.Pos.File == s.about.doc.Path() {
		api.File = s.about.doc.Path()
	}
	if s.at != f.doc.Root {
		api.Spans = append(api.Spans, f.Spans(s.at)...)
	}
	described := api.Document.IsSet() || api.BaseURI.IsSet() || api.Auth != nil || len(s.entries) > 0
	api.Described, api.Sketched = described, described
	for _, e := range s.entries {
		if e.method.IsSet() {
			api.Operations = append(api.Operations, &spec.ConsumedOperation{
				Name: e.name, Description: e.description, Method: e.method, Path: e.path, Params: e.params, Spans: e.spans,
			})
		}
	}
	api.PlaceKeys()
	api.BaseURI = opened(api.BaseURI)
	return api
}
