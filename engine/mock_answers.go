package engine

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
)

// rehearsed is a consumed API whose operations declare, beside their own
// outputs, what the file's flows read of their answers. A framework file has no
// document that says what an API answers with, and a mock can only give what it
// is told of.
func (f *flows) rehearsed(c *spec.Consumed) *spec.Consumed {
	out := *c
	out.Operations = nil
	for _, op := range c.Operations {
		with := *op
		out.Operations = append(out.Operations, &with)
	}
	for _, d := range declared(f.file) {
		for name, reads := range readsOf(d.flow, c.Namespace.Value) {
			op := out.Operation(name)
			if op != nil && (op.OutputFormat.Value == "" || op.OutputFormat.Value == "json") {
				op.Outputs = append(slices.Clone(op.Outputs), reads...)
			}
		}
	}
	return &out
}

// readsOf lists what a flow reads of the answers of an API's operations, as
// outputs by the operation's name.
func readsOf(flow *spec.Flow, namespace string) map[string][]*spec.Shape {
	out := map[string][]*spec.Shape{}
	if flow.Call.IsSet() {
		if api, op, ok := spec.SplitCall(flow.Call.Value); ok && api == namespace {
			out[op] = asRead(flow)
		}
		return out
	}
	texts := textsOf(flow)
	for i, s := range flow.Steps {
		api, op, ok := spec.SplitCall(s.Call.Value)
		if !ok || api != namespace {
			continue
		}
		out[op] = append(out[op], stepReads(flow, s, texts)...)
		if i == len(flow.Steps)-1 && len(flow.Mappings) == 0 {
			out[op] = append(out[op], asRead(flow)...)
		}
	}
	return out
}

// asRead is what the flow's own outputs read of the last answer: a named output
// that says no place is taken by its name.
func asRead(flow *spec.Flow) []*spec.Shape {
	var out []*spec.Shape
	for _, o := range flow.Outputs {
		read := *o
		if flow.Named && !o.Mapping.IsSet() && !o.Value.IsSet() && o.Const == nil {
			read.Mapping.Value = "$." + o.Name.Value
		}
		out = append(out, &read)
	}
	return out
}

// stepReads is what texts read of a step's result. The deepest places come
// first: what has places below it is no text.
func stepReads(flow *spec.Flow, s *spec.FlowStep, texts []string) []*spec.Shape {
	places := map[string]bool{}
	name := regexp.MustCompile(`(?:^|\$\.|[^\w.$-])` + regexp.QuoteMeta(s.Name.Value) + `((?:\.[A-Za-z_][\w-]*|\[[^\]\s]*\])+)`)
	for _, text := range texts {
		for _, m := range name.FindAllStringSubmatch(text, -1) {
			places["$"+m[1]] = true
		}
	}
	for _, other := range flow.Steps {
		if other.Index.Value != s.Name.Value || !other.Index.IsSet() {
			continue
		}
		for _, field := range append([]spec.Str{other.Match}, other.Fields...) {
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

// textsOf gathers the texts of a flow that may name a step's result.
func textsOf(flow *spec.Flow) []string {
	var out []string
	var value func(v spec.Value)
	value = func(v spec.Value) {
		if s, ok := v.Scalar.(string); ok {
			out = append(out, s)
		}
		for _, item := range v.Items {
			value(item)
		}
		for _, f := range v.Fields {
			value(f.Value)
		}
	}
	for _, s := range flow.Steps {
		out = append(out, s.LookupValue.Value)
		for _, f := range s.With {
			value(f.Value)
		}
		for _, o := range s.Outputs {
			out = append(out, o.Value.Value)
		}
	}
	for _, m := range flow.Mappings {
		value(m.Value)
	}
	for _, o := range flow.Outputs {
		out = append(out, o.Value.Value)
	}
	return out
}
