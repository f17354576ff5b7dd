package framework

import (
	"fmt"
	"math"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// bodyTypes are the published types of a body, then their names in loose
// files.
var bodyTypes = map[string]string{
	"json": "json", "text": "text", "xml": "xml", "sparql": "sparql", "formurlencoded": "formUrlEncoded", "multipartform": "multipartForm",
	"form": "formUrlEncoded", "multipart": "multipartForm", "raw": "raw",
	"application/json": "json", "application/x-www-form-urlencoded": "formUrlEncoded", "multipart/form-data": "multipartForm", "text/plain": "text", "application/xml": "xml",
	"application/sparql-query": "sparql",
}

// bodyType returns the type of a body that a file means, "" for none. other is its
// media type where that is not the one of the type.
func bodyType(written string) (meant, other string) {
	if meant, ok := bodyTypes[strings.ToLower(written)]; ok {
		return meant, ""
	}
	media, _, err := mime.ParseMediaType(written)
	switch {
	case err != nil || !strings.Contains(media, "/"):
		return "", ""
	case bodyTypes[media] == "multipartForm":
		return "multipartForm", "" // the sender makes the boundary
	case bodyTypes[media] != "":
		return bodyTypes[media], written
	case strings.HasSuffix(media, "+json"):
		return "json", written
	case strings.HasSuffix(media, "+xml"), media == "text/xml":
		return "xml", written
	}
	return "text", written
}

// body decodes the request body. Inputs that a loose file puts into a form
// make one.
func (f *frame) body(p *part, op *spec.ConsumedOperation) *spec.Body {
	n := p.get("body")
	switch {
	case n == nil:
		return f.formBody(op)
	case n.Kind == node.ScalarNode:
		v := f.Value(n)
		return &spec.Body{Type: spec.At(v.Pos, "raw"), Data: v}
	case n.Kind == node.SequenceNode || !node.Has(n, "type") || !node.Has(n, "data"):
		if n.Kind == node.MappingNode && node.Has(n, "data") && len(n.Content) == 2 {
			n = node.Value(n, "data")
		}
		f.loosely(n, "a body without type and data is read as JSON", "write body: {type: json, data: ...}")
		return &spec.Body{Type: spec.At(f.Pos(n), "json"), Data: f.Value(n)}
	}
	b := f.part(n, form.KindBody)
	s := b.needText("type")
	data := b.need("data")
	b.done()
	body := &spec.Body{Type: s}
	if data != nil {
		body.Data = f.Value(data)
	}
	meant, media := bodyType(s.Value)
	if media != "" && !slices.ContainsFunc(op.Params, func(p *spec.Param) bool { return p.IsHeader("Content-Type") }) {
		op.Params = append(slices.Clip(op.Params), &spec.Param{
			Input: spec.Input{Name: spec.At(s.Pos, "Content-Type"), In: spec.At(s.Pos, "header"), Pos: s.Pos},
			Value: &spec.Value{Scalar: media, Str: spec.Reworded(s, media), Pos: s.Pos}, Const: true,
		})
	}
	switch {
	case !s.IsSet():
	case meant == "":
		f.Report(b.get("type"), "bad-value", "the type of a body cannot be %q", node.Shorten(s.Value)).Hint = "write one of json, text, xml, sparql, formUrlEncoded, multipartForm"
	case meant != s.Value:
		hint := "write type: " + meant
		if media != "" {
			hint += ", and an input Content-Type in the header with const: " + media
		}
		f.loosely(b.get("type"), fmt.Sprintf("body type %q is read as %s", s.Value, meant), hint)
		body.Type = spec.Reworded(s, meant)
	}
	return body
}

// formBody makes a form of the inputs with "in: form".
func (f *frame) formBody(op *spec.ConsumedOperation) *spec.Body {
	var b *spec.Body
	for i, in := range op.Params {
		typ := map[string]string{"form": "formUrlEncoded", "formdata": "multipartForm", "multipart": "multipartForm"}[in.In.Value]
		if typ == "" {
			continue
		}
		if b == nil {
			b = &spec.Body{Type: spec.At(in.Pos, typ), Data: spec.Value{Kind: spec.Mapping, Pos: in.Pos}}
		}
		if typ == "multipartForm" {
			b.Type.Value = typ
		}
		field := spec.At(in.Name.Pos, "{{"+in.Name.Value+"}}")
		b.Data.Fields = append(b.Data.Fields, spec.Field{Key: in.Name, Value: spec.Value{Scalar: field.Value, Str: field, Pos: field.Pos}})
		param := *in
		param.In = spec.Reworded(in.In, "body")
		op.Params[i] = &param
	}
	return b
}

var sizePattern = lazyregexp.New(`^([0-9]+(?:\.[0-9]+)?)\s*(B|KiB|MiB|GiB|KB|MB|GB)?$`)

// size reads "5MiB" as bytes, 0 when not written.
func (f *frame) size(p *part, name string) int64 {
	n := p.get(name)
	if n == nil {
		return 0
	}
	m := sizePattern.FindStringSubmatch(strings.TrimSpace(n.Value))
	if n.Kind != node.ScalarNode || m == nil {
		f.Report(n, "bad-value", "%s must be a size such as 5MiB, found %s", name, node.Describe(n)).Hint = "write digits and one of B, KiB, MiB, GiB"
		return 0
	}
	number, err := strconv.ParseFloat(m[1], 64)
	bytes := number * math.Pow(1024, float64(max(0, slices.Index([]string{"B", "K", "M", "G"}, strings.TrimSuffix(strings.TrimSuffix(m[2], "iB"), "B")))))
	if err != nil || bytes < 1 || bytes > 1<<40 {
		f.Report(n, "bad-value", "%s is out of range", name).Hint = "write between 1B and 1024GiB"
		return 0
	}
	return int64(bytes)
}
