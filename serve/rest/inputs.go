package rest

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/charset"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/body"
	"github.com/capstan-run/capstan/spec"
)

// operation is a unit behind a method.
type operation struct {
	decl   *spec.RouteOperation
	prog   *engine.Program
	inputs []engine.Input
	path   map[string]bool // inputs that the path brings
	body   bool            // some input may come in the body
	beside bool            // several inputs are members of the body, so that none is the whole
	single bool            // it is one call, and its status is the answer's
}

func newOperation(decl *spec.RouteOperation, p *engine.Program, at pattern) *operation {
	op := &operation{decl: decl, prog: p, inputs: p.Inputs(), path: map[string]bool{}, single: decl.Unit.Direct}
	members := 0
	for _, in := range op.inputs {
		if in.In == "body" && in.At == nil {
			members++
		}
		op.beside = members > 1
		switch {
		case at.has(in.Name) && (in.In == "" || in.In == "path"):
			op.path[in.Name] = true
		case in.In == "body" || in.In == "":
			op.body = true
		}
	}
	return op
}

// gather collects the inputs that a request brings. A problem is the answer
// instead.
func (h *Handler) gather(r *http.Request, op *operation, path map[string]string) (engine.Inputs, *answer.Problem) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &answer.Problem{Status: http.StatusBadRequest, Detail: "the query is not properly percent-encoded"}
	}
	body, wrong := h.body(r, op)
	if wrong != nil {
		return nil, wrong
	}
	in := engine.Inputs{}
	for _, want := range op.inputs {
		v, ok := find(want, r, op, path, query, body)
		if _, twice := v.(repeated); twice { // one of its values would be lost
			return nil, &answer.Problem{Status: http.StatusBadRequest, Detail: "\"" + want.Name + "\" is given more than once and takes one value"}
		}
		if ok && !charset.Valid(v) { // JSON has no other text
			return nil, &answer.Problem{Status: http.StatusBadRequest, Detail: "the value of \"" + want.Name + "\" is not UTF-8"}
		}
		if ok {
			in[want.Name] = v
		}
	}
	return in, nil
}

// bodyValue is a request's body as data.
type bodyValue struct {
	v     any
	given bool
	form  bool // a list stands for a name that was given more than once
}

// find looks an input up in the place that the file names, else in any that it
// may come from: path, query, body, header.
func find(in engine.Input, r *http.Request, op *operation, path map[string]string, query url.Values, body bodyValue) (any, bool) {
	places := []string{in.In}
	if in.In == "" {
		places = []string{"path", "query", "body", "header"}
		switch {
		case op.path[in.Name]:
			places = places[:1]
		case isCredential(in.Name): // of the caller here, and nothing to pass on unless the file names it
			places = places[:3]
		}
	}
	for _, place := range places {
		switch place {
		case "path":
			if v, ok := path[in.Name]; ok {
				return v, true
			}
		case "query":
			if values, ok := query[in.Name]; ok {
				return several(in, values), true
			}
		case "header":
			if values := r.Header.Values(in.Name); len(values) > 0 {
				return several(in, values), true
			}
		case "cookie":
			if c, err := r.Cookie(in.Name); err == nil {
				return c.Value, true
			}
		case "body":
			v, ok := body.input(in, op.beside)
			if _, several := v.([]any); several && body.form && in.Type != "array" {
				return repeated{}, true
			}
			if ok {
				return v, true
			}
		}
	}
	return nil, false
}

// isCredential reports whether a header holds the credential of a caller.
func isCredential(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie":
		return true
	}
	return false
}

// repeated stands for the values of a parameter that takes one and has several.
type repeated struct{}

// several is the value of a parameter that was given once or more.
func several(in engine.Input, values []string) any {
	switch {
	case in.Type != "array" && len(values) > 1:
		return repeated{}
	case in.Type != "array":
		return values[0]
	}
	if len(values) == 1 && strings.HasPrefix(strings.TrimSpace(values[0]), "[") {
		return values[0] // written as JSON
	}
	return list(values)
}

func list(values []string) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// input finds an input in the body: at its place, as the member of its name, or
// as the whole, which is called body. Beside others it is a member.
func (b bodyValue) input(in engine.Input, beside bool) (any, bool) {
	if !b.given {
		return nil, false
	}
	if in.At != nil {
		return in.At(b.v)
	}
	m, isObject := b.v.(map[string]any)
	if v, ok := m[in.Name]; ok {
		return v, true
	}
	if in.Name == "body" && !beside || !isObject && in.In == "body" {
		return b.v, true
	}
	return nil, false
}

// body reads the request's body where the operation wants one: JSON, or a form.
func (h *Handler) body(r *http.Request, op *operation) (bodyValue, *answer.Problem) {
	if !op.body || r.Body == nil || r.Body == http.NoBody {
		return bodyValue{}, nil
	}
	raw, wrong := body.Read(r, h.opts.MaxBody)
	if wrong != nil || len(bytes.TrimSpace(raw)) == 0 {
		return bodyValue{}, wrong
	}
	kind := r.Header.Get("Content-Type")
	switch media, _, _ := mime.ParseMediaType(kind); {
	case media == "application/x-www-form-urlencoded":
		return form(string(raw))
	case kind != "" && media != "application/json" && !strings.HasSuffix(media, "+json"):
		return bodyValue{}, &answer.Problem{Status: http.StatusUnsupportedMediaType, Detail: "the body must be application/json"}
	}
	v, wrong := body.Decode(raw, kind)
	return bodyValue{v: v, given: wrong == nil}, wrong
}

// form reads a form as an object of texts.
func form(raw string) (bodyValue, *answer.Problem) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return bodyValue{}, &answer.Problem{Status: http.StatusBadRequest, Detail: "the form is not properly encoded"}
	}
	m := map[string]any{}
	for name, all := range values {
		if len(all) == 1 {
			m[name] = all[0]
			continue
		}
		m[name] = list(all)
	}
	return bodyValue{v: m, given: true, form: true}, nil
}
