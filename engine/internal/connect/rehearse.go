package connect

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/formats"
	"github.com/capstan-run/capstan/spec"
)

// rehearsed returns an API whose operations declare, beside their own outputs, the
// places of their answers that the file's units read. A file that describes its APIs
// has no document of their answers, and a mock can only give outputs that are declared.
// An operation of which nothing is read by name has those that its path implies.
func rehearsed(c *spec.API, units []*spec.Unit) *spec.API {
	out := *c
	out.Operations = nil
	for _, op := range c.Operations {
		with := *op
		if formats.Writable(op.OutputFormat.Value) { // the mock's answer is written in it: see inFormat
			with.OutputFormat = spec.Str{}
		}
		out.Operations = append(out.Operations, &with)
	}
	for _, u := range units {
		for name, reads := range readsOf(u, c.Namespace.Value) {
			op := out.Operation(name)
			if op != nil && (op.OutputFormat.Value == "" || op.OutputFormat.Value == "json") {
				op.Outputs = append(slices.Clone(op.Outputs), reads...)
			}
		}
	}
	for _, op := range out.Operations {
		op.Outputs = append(consumed.Implied(c, op, op.Outputs), op.Outputs...)
	}
	return &out
}

// inFormat writes the answers of a mock in the formats that the file declares of them.
func inFormat(api API, mock operations.Caller) operations.Caller {
	a, ok := api.(*consumedAPI)
	if !ok {
		return mock
	}
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		op := a.spec.Operation(req.Op.ID)
		if op == nil || !formats.Writable(op.OutputFormat.Value) {
			return mock(ctx, req)
		}
		if goal := req.Goal; goal != nil {
			with := *req
			with.Goal = &operations.Goal{Values: goal.Values, Judge: func(resp *operations.Response) (done, failed bool) {
				return goal.Judge(writtenAs(op.OutputFormat.Value, resp))
			}}
			req = &with
		}
		resp, err := mock(ctx, req)
		return writtenAs(op.OutputFormat.Value, resp), err
	}
}

// writtenAs returns an answer in a format; refusals are JSON.
func writtenAs(format string, resp *operations.Response) *operations.Response {
	if resp == nil || !resp.IsJSON || resp.Status >= 300 {
		return resp
	}
	body, err := formats.Write(format, resp.Value)
	if err != nil {
		return resp
	}
	out := *resp
	out.Header = resp.Header.Clone()
	out.Header.Set("Content-Type", consumed.MediaOf(format))
	out.Body, out.Value, out.IsJSON = body, string(body), false
	return &out
}

// readsOf lists the places that a unit reads in the answers of an API's operations,
// as outputs by the operation's name.
func readsOf(u *spec.Unit, namespace string) map[string][]*spec.Shape {
	out := map[string][]*spec.Shape{}
	texts := textsOf(u)
	for i, s := range u.Steps {
		op, ok := s.Action.(*spec.Operation)
		if !ok || op.API.Value != namespace {
			continue
		}
		name := op.Operation.Value
		if !u.Direct {
			out[name] = append(out[name], stepReads(u, s, texts)...)
		}
		if i == len(u.Steps)-1 && u.Answer != nil && (u.Direct || len(u.Answer.Mappings) == 0) {
			out[name] = append(out[name], asRead(u.Answer)...)
		}
	}
	return out
}

// asRead returns the places that the unit's own outputs read in the last answer: an
// output without a place is taken by its name, or is the whole answer where it has none.
func asRead(a *spec.Answer) []*spec.Shape {
	var out []*spec.Shape
	for _, o := range a.Shapes {
		read := *o
		switch {
		case o.Mapping.IsSet() || o.Value.IsSet() || o.Const != nil:
		case a.Named:
			read.Mapping.Value = "$." + o.Name.Value
		default:
			read.Mapping.Value = "$"
		}
		out = append(out, &read)
	}
	return out
}

// stepReads returns the places that texts read in a step's result. The deepest come
// first: a place that has others below it is no text.
func stepReads(u *spec.Unit, s *spec.Step, texts []string) []*spec.Shape {
	places := map[string]bool{}
	name := regexp.MustCompile(`(?:^|\$\.|[^\w.$-])` + regexp.QuoteMeta(s.ID.Value) + `((?:\.[A-Za-z_][\w-]*|\[[^\]\s]*\])+)`)
	for _, text := range texts {
		for _, m := range name.FindAllStringSubmatch(text, -1) {
			places["$"+m[1]] = true
		}
	}
	for _, other := range u.Steps {
		look, ok := other.Action.(*spec.Lookup)
		if !ok || look.Index.Value != s.ID.Value || !look.Index.IsSet() {
			continue
		}
		for _, field := range append([]spec.Str{look.Match}, look.Fields...) {
			places["$[*]."+field.Value] = true
		}
	}
	paths := slices.SortedFunc(maps.Keys(places), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	var out []*spec.Shape
	for _, path := range paths {
		out = append(out, &spec.Shape{Type: spec.Str{Value: "string"}, Mapping: spec.Str{Value: path}})
	}
	return out
}

// textsOf gathers the texts of a unit that may name a step's result.
func textsOf(u *spec.Unit) []string {
	var out []string
	for _, s := range u.Steps {
		switch a := s.Action.(type) {
		case *spec.Operation:
			out = fieldTexts(out, a.With)
		case *spec.Script:
			out = fieldTexts(out, a.With)
		case *spec.Lookup:
			out = append(out, a.Value.Value)
		case *spec.Mock:
			out = shapeTexts(out, a.Outputs)
		}
	}
	if u.Answer == nil {
		return out
	}
	for _, m := range u.Answer.Mappings {
		out = valueTexts(out, m.Value)
	}
	return shapeTexts(out, u.Answer.Shapes)
}

func shapeTexts(out []string, shapes []*spec.Shape) []string {
	for _, o := range shapes {
		out = append(out, o.Value.Value)
	}
	return out
}

func fieldTexts(out []string, fields []spec.Field) []string {
	for _, f := range fields {
		out = valueTexts(out, f.Value)
	}
	return out
}

func valueTexts(out []string, v spec.Value) []string {
	if s, ok := v.Scalar.(string); ok {
		out = append(out, s)
	}
	for _, item := range v.Items {
		out = valueTexts(out, item)
	}
	return fieldTexts(out, v.Fields)
}
