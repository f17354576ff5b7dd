package plan

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/capstan-run/capstan/spec"
)

// Body makes a request body from a template.
type Body struct {
	Media string // "" takes the operation's own
	Reads []eval.Ref
	// Make returns the body: JSON-like data, []byte to be sent as it is, or the
	// []request.Part of a form.
	Make func(ctx context.Context, env *eval.Env) (any, error)
}

// bind is the body as one of the values that an operation takes.
func (b *Body) bind() *Bind {
	from := cmp.Or(refsText(b.Reads), "the file's own text")
	return &Bind{Name: "body", In: operations.InBody, Rule: RuleTemplate, From: from, Reads: b.Reads}
}

// body compiles the body that a described operation writes out, by its type.
func (bb *binding) body(body *spec.Body) {
	n := bb.inOperation()
	switch kind := body.Type.Value; kind {
	case "raw", "json":
		if s, ok := body.Data.Scalar.(string); ok && body.Data.Kind == spec.Scalar {
			bb.jsonText(n, body.Data.Str, s)
			return
		}
		bb.structured(n, "application/json", body.Data)
	case "formUrlEncoded":
		if body.Data.Kind == spec.Scalar {
			bb.plainText(n, "application/x-www-form-urlencoded", body.Data.Str, url.QueryEscape)
			return
		}
		bb.structured(n, "application/x-www-form-urlencoded", body.Data)
	case "multipartForm":
		bb.multipart(n, body.Data)
	case "xml":
		bb.plainText(n, "application/xml", body.Data.Str, escapeXML)
	case "sparql":
		bb.plainText(n, "application/sparql-query", body.Data.Str, escapeSPARQL)
	default:
		bb.plainText(n, "text/plain", body.Data.Str, nil)
	}
}

// structured is a body of data with texts in it.
func (bb *binding) structured(n *names, media string, v spec.Value) {
	value := n.data(v)
	bb.setBody(media, value.refs(), func(ctx context.Context, env *eval.Env) (any, error) {
		v, _, err := value.Eval(ctx, env)
		return v, err
	})
}

// jsonText is JSON written as text: values go in escaped. Text that is no JSON
// is sent as it is.
func (bb *binding) jsonText(n *names, at spec.Str, src string) {
	t, problems := template.ParseJSON(src)
	if t == nil || len(problems) > 0 {
		media := ""
		if !strings.HasPrefix(strings.TrimSpace(src), "{{") {
			media = bb.contentType()
		}
		bb.plainText(n, media, at, nil)
		return
	}
	places, ok := n.places(at, t.Placeholders())
	if !ok {
		return
	}
	v := textValue{places: places}
	bb.setBody("", v.refs(), func(ctx context.Context, env *eval.Env) (any, error) {
		var failed error
		out, err := t.Render(v.getter(ctx, env, &failed))
		if err = cmp.Or(failed, err); err != nil || out == nil {
			return nil, err
		}
		return out, nil
	})
}

// contentType is the media type that a constant header parameter gives the
// body, "" when none does.
func (bb *binding) contentType() string {
	for _, p := range bb.own.Params {
		if p.IsHeader("Content-Type") && p.Value != nil {
			s, _ := p.Value.Scalar.(string)
			return s
		}
	}
	return ""
}

// escapeXML is text as it stands in XML, in content and in attributes. What XML
// cannot hold becomes U+FFFD.
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// escapeSPARQL escapes everything that could end a quoted literal or an IRI (SPARQL 1.1,
// sections 19.2 and 19.7).
func escapeSPARQL(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "<", `\u003C`, ">", `\u003E`,
	).Replace(s)
}

// plainText is a body of text. A text that is one placeholder is the value
// itself, sent as JSON when it is structured data; inside other text values are
// escaped, nil as they are.
func (bb *binding) plainText(n *names, media string, at spec.Str, escape func(string) string) {
	switch v := n.text(at).(type) {
	case Literal:
		s, _ := v.V.(string)
		bb.setBody(media, nil, func(context.Context, *eval.Env) (any, error) { return []byte(s), nil })
	case textValue:
		bb.setBody(media, v.refs(), func(ctx context.Context, env *eval.Env) (any, error) {
			if v.text.Whole() {
				x, _, err := v.Eval(ctx, env)
				if s, isText := x.(string); isText {
					return []byte(s), err
				}
				return x, err
			}
			s, err := v.partial(ctx, env, escape)
			return []byte(s), err
		})
	}
}

func (bb *binding) setBody(media string, reads []eval.Ref, body func(context.Context, *eval.Env) (any, error)) {
	bb.a.Body = &Body{Media: media, Reads: reads, Make: body}
	bb.use(reads, bb.by)
}

// multipart compiles the parts of a form, each a mapping of its fields.
func (bb *binding) multipart(n *names, v spec.Value) {
	var parts []structure
	var reads []eval.Ref
	add := func(name spec.Str, fields []spec.Field) {
		part := structure{}
		if name.IsSet() {
			part.keys, part.values = []string{"name"}, []Value{Literal{name.Value}}
		}
		for _, f := range fields {
			part.keys, part.values = append(part.keys, f.Key.Value), append(part.values, n.data(f.Value))
		}
		parts, reads = append(parts, part), append(reads, part.refs()...)
	}
	for _, item := range v.Items {
		add(spec.Str{}, item.Fields)
	}
	for _, f := range v.Fields {
		if f.Value.Kind == spec.Mapping {
			add(f.Key, f.Value.Fields)
		} else {
			add(f.Key, []spec.Field{{Key: spec.Str{Value: "value"}, Value: f.Value}})
		}
	}
	bb.setBody("multipart/form-data", reads, func(ctx context.Context, env *eval.Env) (any, error) {
		out := []request.Part{}
		for _, p := range parts {
			part, given, err := evalPart(ctx, env, p)
			if err != nil {
				return nil, err
			}
			if given {
				out = append(out, part)
			}
		}
		return out, nil
	})
}

func evalPart(ctx context.Context, env *eval.Env, p structure) (request.Part, bool, error) {
	text := map[string]string{}
	for i, name := range p.keys {
		v := p.values[i]
		x, _, err := v.Eval(ctx, env)
		if err != nil {
			return request.Part{}, false, err
		}
		if x == nil && name == "value" {
			if t, ok := v.(textValue); ok && t.text.Whole() {
				err = t.places[0].lacking(env)
			}
			return request.Part{}, false, err
		}
		if x == nil {
			delete(text, name)
			continue
		}
		if text[name], err = eval.TextOf(x); err != nil {
			return request.Part{}, false, err
		}
	}
	part := request.Part{Name: text["name"], Filename: text["filename"], ContentType: text["contentType"], Data: []byte(text["value"])}
	if part.Name == "" {
		return part, false, fmt.Errorf("a part of the form has no name")
	}
	return part, true, nil
}
