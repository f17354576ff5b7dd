package plan

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/capstan-run/capstan/spec"
)

// Body makes a request body from a template.
type Body struct {
	Media string // "" takes the operation's own
	Reads []eval.Ref
	make  func(ctx context.Context, env *eval.Env) (any, error)
}

// bind is the body as one of the values that an operation takes.
func (b *Body) bind() *Bind {
	var names []string
	for _, r := range b.Reads {
		if name := refText(r); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	from := cmp.Or(strings.Join(names, ", "), "the file's own text")
	return &Bind{Name: "body", In: operations.InBody, Rule: RuleTemplate, From: from}
}

// Make returns the body: JSON-like data, or []byte to be sent as it is.
func (b *Body) Make(ctx context.Context, env *eval.Env) (any, error) { return b.make(ctx, env) }

// body binds the request's body: the operation's template, or its parameters
// that travel in the body.
func (c *flowCall) body() {
	if c.op.Body != nil {
		c.template(c.op.Body)
		return
	}
	var inBody []*spec.Param
	for _, p := range c.op.Params {
		if p.In.Value == "body" { // of those in a form the spec stage made a template
			inBody = append(inBody, p)
		}
	}
	whole := consumed.Whole(c.op)
	for _, p := range inBody {
		v, rule, ok := c.value(p.Name.Value, p, p.Required)
		if !ok {
			continue
		}
		c.bind(&Bind{Name: p.Name.Value, In: operations.InBody, Whole: p == whole}, rule, v)
	}
	if c.op.Body == nil && len(inBody) == 0 && c.a.Op.Body != nil {
		if v, ok := c.with[wholeBody]; ok {
			c.spent[wholeBody] = true
			c.bind(&Bind{Name: wholeBody, In: operations.InBody, Whole: true}, RuleWith, v)
		}
	}
}

// template compiles a body template by its type.
func (c *flowCall) template(body *spec.Body) {
	n := c.inOperation()
	switch kind := body.Type.Value; kind {
	case "raw", "json":
		if s, ok := body.Data.Scalar.(string); ok && body.Data.Kind == spec.Scalar {
			c.jsonText(n, body.Data.Str, s)
			return
		}
		c.structured(n, "application/json", body.Data)
	case "formUrlEncoded":
		if body.Data.Kind == spec.Scalar {
			c.plainText(n, "application/x-www-form-urlencoded", body.Data.Str, url.QueryEscape)
			return
		}
		c.structured(n, "application/x-www-form-urlencoded", body.Data)
	case "multipartForm":
		c.multipart(n, body.Data)
	case "xml":
		c.plainText(n, "application/xml", body.Data.Str, escapeXML)
	case "sparql":
		c.plainText(n, "application/sparql-query", body.Data.Str, escapeSPARQL)
	default:
		c.plainText(n, "text/plain", body.Data.Str, nil)
	}
}

// structured is a body of data with texts in it.
func (c *flowCall) structured(n *names, media string, v spec.Value) {
	value := n.data(v)
	c.setBody(media, value.refs(), value.Eval)
}

// jsonText is JSON written as text: values go in escaped. Text that is no JSON
// is sent as it is.
func (c *flowCall) jsonText(n *names, at spec.Str, src string) {
	t, problems := template.ParseJSON(src)
	if t == nil || len(problems) > 0 {
		media := ""
		if !strings.HasPrefix(strings.TrimSpace(src), "{{") {
			media = c.contentType()
		}
		c.plainText(n, media, at, nil)
		return
	}
	places, ok := n.places(at, t.Placeholders())
	if !ok {
		return
	}
	v := textValue{places: places}
	c.setBody("", v.refs(), func(ctx context.Context, env *eval.Env) (any, error) {
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
func (c *flowCall) contentType() string {
	for _, p := range c.op.Params {
		if p.In.Value == "header" && strings.EqualFold(p.Name.Value, "Content-Type") && p.Value != nil {
			s, _ := p.Value.Scalar.(string)
			return s
		}
	}
	return ""
}

// escapeXML is text as it stands in XML, in content and in attributes. What XML
// has no way to say becomes U+FFFD.
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// escapeSPARQL escapes what could end a quoted literal or an IRI (SPARQL 1.1,
// sections 19.2 and 19.7).
func escapeSPARQL(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "<", `\u003C`, ">", `\u003E`,
	).Replace(s)
}

// plainText is a body of text. A text that is one placeholder is the value
// itself, sent as JSON when it is structured data; inside other text values are
// escaped, nil as they are.
func (c *flowCall) plainText(n *names, media string, at spec.Str, escape func(string) string) {
	switch v := n.text(at).(type) {
	case Literal:
		s, _ := v.V.(string)
		c.setBody(media, nil, func(context.Context, *eval.Env) (any, error) { return []byte(s), nil })
	case textValue:
		c.setBody(media, v.refs(), func(ctx context.Context, env *eval.Env) (any, error) {
			if v.text.Whole() {
				x, err := v.Eval(ctx, env)
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

func (c *flowCall) setBody(media string, reads []eval.Ref, make func(context.Context, *eval.Env) (any, error)) {
	c.a.Body = &Body{Media: media, Reads: reads, make: make}
	c.use(reads, c.by)
}

// multipart compiles the parts of a form.
func (c *flowCall) multipart(n *names, v spec.Value) {
	var parts []map[string]Value
	add := func(name spec.Str, fields []spec.Field) {
		part := map[string]Value{}
		if name.IsSet() {
			part["name"] = Literal{name.Value}
		}
		for _, f := range fields {
			part[f.Key.Value] = n.data(f.Value)
		}
		parts = append(parts, part)
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
	var reads []eval.Ref
	for _, p := range parts {
		for _, x := range p {
			reads = append(reads, x.refs()...)
		}
	}
	c.setBody("multipart/form-data", reads, func(ctx context.Context, env *eval.Env) (any, error) {
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

func evalPart(ctx context.Context, env *eval.Env, p map[string]Value) (request.Part, bool, error) {
	text := map[string]string{}
	for name, v := range p {
		x, err := v.Eval(ctx, env)
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
