package consumed

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"golang.org/x/net/http/httpguts"
)

// params returns the parameters outside the body, the path's variables first, in
// the order of the path. ok is false when one cannot travel.
func (m *maker) params(op *spec.ConsumedOperation, path *template) (out []*operations.Param, ok bool) {
	ok = true
	declared := map[string]*spec.Param{} // in the path, or wherever the path needs it
	inQuery := map[string]bool{}
	for _, p := range op.Params {
		switch place(p) {
		case "path", "":
			declared[p.Name.Value] = p
		case "query":
			inQuery[p.Name.Value] = true
		}
	}
	for _, name := range path.inPath {
		out = append(out, pathParam(name, declared[name]))
	}
	for _, name := range path.inQuery {
		if !inQuery[name] && !slices.Contains(path.inPath, name) {
			out = append(out, pathParam(name, declared[name]))
		}
	}
	for _, p := range op.Params {
		in := in(p, path)
		if in == "" || slices.ContainsFunc(out, func(o *operations.Param) bool { return o.In == in && o.Name == p.Name.Value }) {
			continue
		}
		if in == operations.InHeader && !httpguts.ValidHeaderFieldName(p.Name.Value) {
			m.refuseAll(p.Name, "", "%q is not the name of a header: it holds a character that no header name can", p.Name.Value)
			ok = false
		}
		out = append(out, param(in, p))
	}
	return out, ok
}

// place is where a parameter travels, as the file has it: loose files spell it
// in any case.
func place(p *spec.Param) string { return strings.ToLower(p.In.Value) }

// in returns the place of a parameter outside path and body, "" for any other.
// One without a place goes to the query unless the path has it.
func in(p *spec.Param, path *template) operations.In {
	switch place(p) {
	case "query":
		return operations.InQuery
	case "header":
		return operations.InHeader
	case "cookie":
		return operations.InCookie
	case "":
		if !slices.Contains(path.inPath, p.Name.Value) && !slices.Contains(path.inQuery, p.Name.Value) {
			return operations.InQuery
		}
	}
	return ""
}

// pathParam is a variable of the path; p is its declaration, nil when there is
// none.
func pathParam(name string, p *spec.Param) *operations.Param {
	out := &operations.Param{Name: name, In: operations.InPath, Required: true, Style: "simple", Schema: &operations.Schema{Open: true}}
	if p != nil {
		out.Description, out.Schema = p.Description.Value, paramSchema(p)
		styled(out, p)
	}
	return out
}

func param(in operations.In, p *spec.Param) *operations.Param {
	out := &operations.Param{
		Name: p.Name.Value, In: in, Required: p.Required, Description: p.Description.Value,
		Schema: paramSchema(p), Style: "form", Explode: true,
	}
	if in == operations.InHeader {
		out.Style, out.Explode = "simple", false
	}
	styled(out, p)
	return out
}

// styled gives a parameter the form that a document has for it.
func styled(out *operations.Param, p *spec.Param) {
	if p.Style != "" {
		out.Style, out.Explode = p.Style, p.Explode
	}
}

// paramSchema is the declared type first, then the types that may stand for it: a
// template makes text of a number, and a tool's argument may be a number where
// the API is declared to want text.
func paramSchema(p *spec.Param) *operations.Schema {
	s := &operations.Schema{Description: p.Description.Value, Open: true}
	declared := jsonType(p.Type)
	if declared == "" {
		return s
	}
	s.Types = []string{declared}
	for _, t := range [...]string{"string", "number", "boolean", "null"} {
		if t != declared {
			s.Types = append(s.Types, t)
		}
	}
	if declared == "array" {
		s.Items = &operations.Schema{Open: true}
		if items := jsonType(p.Items); items != "" {
			s.Items.Types = []string{items}
		}
	}
	return s
}

// jsonType is a declared type, "" for one that is unknown or not written.
func jsonType(s spec.Str) string {
	switch t := strings.ToLower(s.Value); t {
	case "string", "number", "integer", "boolean", "array", "object":
		return t
	}
	return ""
}
