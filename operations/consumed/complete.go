package consumed

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Complete returns c with the parts that its operations leave out and the document has: the
// place of a parameter in the path, and the place and type of one, and that it is
// required. A statement of the file stands.
func (d *Documented) Complete(c *spec.API) *spec.API {
	out := *c
	out.Operations = nil
	for _, op := range c.Operations {
		if m := d.byName[op.Name.Value]; m != nil {
			op = m.complete(op, c.Params)
		}
		out.Operations = append(out.Operations, op)
	}
	return &out
}

func (m *match) complete(op *spec.ConsumedOperation, shared []*spec.Param) *spec.ConsumedOperation {
	out := *op
	if len(m.places) > 0 {
		out.Path = spec.At(op.Path.Pos, withPlaces(op.Path.Value, m.places))
	}
	out.Params = nil
	for _, p := range op.Params {
		if !slices.Contains(shared, p) {
			p = m.param(p, op.Body != nil)
		}
		out.Params = append(out.Params, p)
	}
	return &out
}

// withPlaces inserts segments into a path, before its query.
func withPlaces(path string, places []gap) string {
	path, query, asked := strings.Cut(path, "?")
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for n, p := range places {
		segments = slices.Insert(segments, p.before+n, "{{"+p.param+"}}")
	}
	path = "/" + strings.Join(segments, "/")
	if asked {
		path += "?" + query
	}
	return path
}

// param returns a parameter of the file with what the document adds to it.
func (m *match) param(p *spec.Param, written bool) *spec.Param {
	in, schema, required := m.find(p, written)
	if schema == nil {
		return p
	}
	out := *p
	if q := m.parameter(p); q != nil {
		out.Style, out.Explode = q.Style, q.Explode
	}
	if !p.In.IsSet() && in != operations.InPath { // the variables of a path are known by their names
		out.In = spec.At(p.Pos, string(in))
	}
	if !p.Type.IsSet() {
		out.Type = typeText(p, schema)
	}
	if jsonType(out.Type) == "array" && !p.Items.IsSet() {
		out.Items = typeText(p, schema.Flatten().Items)
	}
	if !p.Description.IsSet() && schema.Description != "" {
		out.Description = spec.At(p.Pos, schema.Description)
	}
	out.Required = p.Required || required && p.Default == nil && p.Value == nil && !p.Optional
	return &out
}

// find returns a parameter as the document has it: of the same place, or anywhere
// where the file gives none. schema is nil where there is none. written reports that
// the file writes the body out.
func (m *match) find(p *spec.Param, written bool) (in operations.In, schema *operations.Schema, required bool) {
	want := operations.In(place(p))
	if q := m.parameter(p); q != nil {
		with := *q.Schema
		with.Description = cmp.Or(q.Description, with.Description)
		return q.In, &with, q.Required
	}
	if written || m.op.Body == nil || m.op.Body.JSON() == nil || want != "" && want != operations.InBody {
		return "", nil, false
	}
	for _, f := range m.op.BodyFields() {
		if f.Name == p.Name.Value {
			return operations.InBody, f.Schema, f.Required
		}
	}
	return "", nil, false
}

// parameter returns a parameter of the file outside the body as the document has it, or
// nil.
func (m *match) parameter(p *spec.Param) *operations.Param {
	want := operations.In(place(p))
	i := slices.IndexFunc(m.op.Params, func(q *operations.Param) bool {
		return (want == q.In || want == "") && words.Fold(q.Name) == words.Fold(p.Name.Value)
	})
	if i < 0 {
		return nil
	}
	return m.op.Params[i]
}

// typeText is the type of a schema where it has one that a file can name.
func typeText(p *spec.Param, s *operations.Schema) spec.Str {
	if s == nil {
		return spec.Str{}
	}
	for _, t := range s.Flatten().Types {
		if t != "null" {
			return spec.At(p.Pos, t)
		}
	}
	return spec.Str{}
}

// Answered returns op with the answer that the document gives its like, for a mock.
func (d *Documented) Answered(op *operations.Operation) *operations.Operation {
	like := d.Operation(op.ID)
	if like == nil || like.Success() == nil || like.Success().JSON() == nil {
		return op
	}
	answer := *like.Success().JSON()
	i := slices.IndexFunc(op.Responses, func(r *operations.ResponseDoc) bool { return r == op.Success() && r.JSON() != nil })
	if i < 0 || answer.Example == nil && len(answer.Schema.Flatten().Types) == 0 {
		return op
	}
	answer.Loose, answer.Validate = true, nil
	out, success := *op, *op.Responses[i]
	success.Media = append([]operations.Media{answer}, success.Media...)
	out.Responses = slices.Clone(op.Responses)
	out.Responses[i] = &success
	return &out
}
