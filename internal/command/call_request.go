package command

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// request builds the request from -p and --body. Every problem is found before
// anything is sent.
func (a *app) request(ctx context.Context, op *operations.Operation, f *callFlags) (*operations.Request, error) {
	all := targets(op)
	values, problems := a.gather(ctx, f.params, func(name string) wantedType {
		if found := find(all, name); len(found) == 1 {
			return typeOfSchema(found[0].schema)
		}
		return anyType
	})
	r := &requestBuilder{req: &operations.Request{Op: op}, all: all, given: map[string]bool{}, problems: problems}
	for _, p := range problems {
		r.given[p.Name] = true // given, if wrongly: not missing as well
	}
	if f.body != "" {
		r.body(ctx, a, f.body)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		r.set(name, values[name])
	}
	r.missing(f.body != "")
	r.placeless()
	r.check()
	if len(r.problems) > 0 {
		return nil, &engine.InputError{Problems: r.problems}
	}
	if r.props != nil {
		r.req.Body = r.props
	}
	return r.req, nil
}

// requestBuilder collects a request and its faults.
type requestBuilder struct {
	req      *operations.Request
	all      []target
	props    map[string]any // the body, when it is an object
	given    map[string]bool
	problems []engine.InputProblem
}

func (r *requestBuilder) problem(name, message, hint string) {
	r.problems = append(r.problems, engine.InputProblem{Name: name, Message: message, Hint: hint})
}

// body reads --body: JSON when the operation takes JSON, the fields of a form as JSON
// or YAML, else bytes.
func (r *requestBuilder) body(ctx context.Context, a *app, file string) {
	op := r.req.Op
	data, err := a.readFile(ctx, file)
	switch {
	case err != nil:
		r.problem("--body", err.Error(), "")
		return
	case op.Body == nil:
		r.problem("--body", "the operation takes no body", "")
		return
	case isForm(op):
		r.form(data)
		return
	case op.Body.JSON() == nil:
		r.req.Body = data
		return
	}
	v, err := parseJSON(data)
	if err != nil {
		r.problem("--body", err.Error(), "")
		return
	}
	if object, ok := v.(map[string]any); ok {
		r.props = object
		return
	}
	r.req.Body = v
}

func isForm(op *operations.Operation) bool {
	media := bodyMedia(op)
	if media == nil {
		return false
	}
	kind, _, _ := mime.ParseMediaType(media.Type)
	return kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data"
}

// form takes the fields of a form. A form that is encoded already is a text
// without fields, and is sent as it is; parts need a boundary, which the request
// would not name.
func (r *requestBuilder) form(data []byte) {
	fields, err := yamldata.Decode(data)
	object, isObject := fields.(map[string]any)
	_, isText := fields.(string)
	switch {
	case err == nil && isObject:
		r.props = object
	case err == nil && isText && strings.HasPrefix(bodyMedia(r.req.Op).Type, "application/"):
		r.req.Body = bytes.TrimSpace(data)
	case err != nil:
		r.problem("--body", "cannot be read as JSON or YAML: "+err.Error(), "write the fields of the form as an object")
	default:
		r.problem("--body", "holds no object, and the body is a form", "write the fields of the form as an object, in JSON or YAML")
	}
}

// set takes one -p.
func (r *requestBuilder) set(name string, v any) {
	found := find(r.all, name)
	switch len(found) {
	case 0:
		r.unknown(name, v)
	case 1:
		r.give(found[0], v)
	default:
		var places []string
		for _, t := range found {
			r.given[t.qualified()] = true // one of them is meant: neither is missing
			places = append(places, t.qualified())
		}
		r.problem(name, "more than one value has this name", "write "+strings.Join(places, " or "))
	}
}

func (r *requestBuilder) give(t target, v any) {
	r.given[t.qualified()] = true
	if t.param != nil && v == nil {
		r.problem(t.name, "is null, which has no form outside a body", "leave it out")
		return
	}
	if t.param != nil {
		r.req.Args = append(r.req.Args, operations.Arg{Param: t.param, Value: v})
		return
	}
	r.property(t.name, v)
}

func (r *requestBuilder) property(name string, v any) {
	if r.req.Body != nil {
		r.problem(name, "the body of --body is no JSON object, so no property can be set on it", "")
		return
	}
	if r.props == nil {
		r.props = map[string]any{}
	}
	r.props[name] = v
}

// unknown takes a name the document does not list: a property where the body
// allows any under "body.", else a mistake.
func (r *requestBuilder) unknown(name string, v any) {
	if prop, ok := strings.CutPrefix(name, "body."); ok && r.openBody() {
		r.property(prop, v)
		return
	}
	var names []string
	for _, t := range r.all {
		names = append(names, t.name)
	}
	hint := cmp.Or(suggest.Hint(name, "it takes: ", names), "it takes no parameters")
	r.problem(name, "the operation has no such parameter", hint)
}

func (r *requestBuilder) openBody() bool {
	media := bodyMedia(r.req.Op)
	return media != nil && (media.Schema == nil || media.Schema.Open)
}

// missing reports the required values that were not given. A part that --body lacks is
// seen by looking at it.
func (r *requestBuilder) missing(hasBody bool) {
	for _, t := range r.all {
		if !t.required || slices.Contains(r.req.Op.Unplaced(), t.param) || r.given[t.name] || r.given[t.qualified()] || t.in == operations.InBody && hasBody && r.inBody(t.name) {
			continue
		}
		r.problem(t.name, fmt.Sprintf("required %s is missing", t.kind()), fmt.Sprintf("write -p %s=...", t.name))
	}
	b := r.req.Op.Body
	if b != nil && b.Required && !hasBody && r.props == nil && !slices.ContainsFunc(r.all, isRequiredProperty) {
		r.problem("--body", "the operation needs a body", "write --body FILE, or -p NAME=VALUE for its properties")
	}
}

// placeless refuses an operation with a path that has no place for one of its
// parameters, given or not: the request would go to another resource.
func (r *requestBuilder) placeless() {
	for _, p := range r.req.Op.Unplaced() {
		r.problem(p.Name, fmt.Sprintf("belongs in the path, and %s has no place for it", r.req.Op.Path),
			fmt.Sprintf("the OpenAPI document needs a path with {%s} in it", p.Name))
	}
}

// inBody reports whether --body has the property, or is nothing that could.
func (r *requestBuilder) inBody(name string) bool {
	_, ok := r.props[name]
	return ok || r.props == nil
}

func isRequiredProperty(t target) bool { return t.in == operations.InBody && t.required }

// check holds the request against its documented schemas: an API answers a wrong
// one less clearly, or does something else.
func (r *requestBuilder) check() {
	for _, arg := range r.req.Args {
		for _, v := range check.Value(arg.Param.Schema, arg.Value) {
			r.problem(arg.Param.Name, violationText(v.Path, v.Message), "")
		}
	}
	media := bodyMedia(r.req.Op)
	if media == nil || r.props == nil {
		return
	}
	for _, v := range check.Value(media.Schema, r.props) {
		name, rest := splitPointer(v.Path)
		switch {
		case name == "" && strings.HasSuffix(v.Message, "is missing"): // reported for each property
		case name == "":
			r.problem("body", v.Message, "")
		case !r.blamed(name):
			r.problem(name, violationText(rest, v.Message), "")
		}
	}
}

func (r *requestBuilder) blamed(name string) bool {
	return slices.ContainsFunc(r.problems, func(p engine.InputProblem) bool {
		return p.Name == name || p.Name == string(operations.InBody)+"."+name
	})
}

func violationText(path, message string) string { return strings.TrimSpace(path + " " + message) }

// splitPointer splits a JSON pointer into its first key and the rest.
func splitPointer(pointer string) (first, rest string) {
	first, rest, more := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	if more {
		rest = "/" + rest
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(first), rest
}
