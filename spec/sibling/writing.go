package sibling

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// writing is one unit while it is made.
type writing struct {
	*reading
	frame    *frame
	unit     *spec.Unit
	inputs   map[string]*spec.Input
	ids      map[string]string // of steps, by the names that the file has for them
	aliases  map[string]string // paths, by the names that steps give to parts of their answers
	declares bool              // the unit lists its inputs
	first    *spec.Step
	optional bool // by the expression at hand
	required bool // an input that is read now must be given
}

// declare takes the inputs that the unit declares.
func (w *writing) declare(n *node.Node) {
	for _, in := range w.frame.inputs(n) {
		w.declares = true
		w.inputs[in.Name.Value] = in
		w.unit.Inputs = append(w.unit.Inputs, in)
	}
}

// reads notes that a text reads an input, which is declared where the file does not.
func (w *writing) reads(name string) {
	in := w.inputs[name]
	if in == nil {
		in = &spec.Input{Name: spec.At(w.unit.Pos, name), Pos: w.unit.Pos}
		w.inputs[name] = in
		w.unit.Inputs = append(w.unit.Inputs, in)
	} else if !in.Name.IsSet() || in.Pos != w.unit.Pos {
		return // declared: the file decides whether it is required
	}
	in.Required = in.Required || w.required && !w.optional
	in.Filled = in.Required
}

// steps takes the steps of a workflow.
func (w *writing) steps(list []*node.Node, what string) {
	w.ids = map[string]string{}
	taken := map[string]bool{}
	var all []*spec.Step
	for i, n := range list { // ids first: texts may name steps of either spelling
		name := w.frame.textOf(n, "id", "step", "name", "tool", "operationId", "operation")
		if n.Kind == node.ScalarNode {
			name = w.frame.plain(n)
		}
		id := identifier(name.Value)
		for base, k := id, 2; taken[id]; k++ {
			id = fmt.Sprintf("%s-%d", base, k)
		}
		taken[id] = true
		if name.IsSet() && name.Value != id && w.ids[name.Value] == "" {
			w.ids[name.Value] = id
		}
		at := spec.Reworded(name, id)
		if !name.IsSet() {
			at = spec.At(w.frame.Pos(list[i]), id)
		}
		all = append(all, &spec.Step{ID: at, Pos: w.frame.Pos(n)})
	}
	w.first = all[0]
	for i, n := range list {
		w.step(all[i], n, what)
		w.dependencies(all[:i+1], n)
	}
	w.unit.Steps = all
}

// refusedKeys are the keys of a step that would change what is sent, and mean nothing here.
var refusedKeys = []string{"loop", "while", "repeat", "parallel", "switch", "branch", "branches", "unless", "goto", "until", "poll", "steps"}

// unservedKeys are those that change what happens around the call.
var unservedKeys = []string{"onError", "on_error", "onFailure", "onSuccess", "continueOnError", "fallback", "rollback", "retry", "timeout", "cache", "transform"}

func (w *writing) step(s *spec.Step, n *node.Node, what string) {
	f := w.frame
	s.Description = f.textOf(n, descriptions...)
	var c *call
	tool := f.textOf(n, "tool")
	if n.Kind == node.ScalarNode && w.tools[n.Value] != nil {
		tool = f.plain(n)
	}
	if tool.IsSet() && !node.Has(n, "operation", "operationId") {
		c = w.toolCall(tool, s != w.first)
	} else {
		c = w.call(f, n, n)
	}
	op := c.action()
	s.Action = op
	w.required = true
	if condition := f.plain(first([]*node.Node{n}, conditions...)); condition.IsSet() {
		w.required = false
		w.condition(s, condition)
	}
	if list := f.plain(first([]*node.Node{n}, repetitions...)); list.IsSet() {
		each, _ := w.alone(list)
		s.Each = &each
	}
	w.with(op, c, n)
	w.required = false
	for name, path := range node.Entries(node.Value(n, "bind")) {
		if path := f.plain(path); path.IsSet() {
			w.aliases[name.Value] = s.ID.Value + "." + strings.TrimPrefix(path.Value, "$.")
		}
	}
	for k := range node.Entries(n) {
		switch {
		case slices.Contains(refusedKeys, k.Value):
			f.Report(k, "unknown-key", "%q of a step has no meaning here, and would change what is sent", k.Value).Hint = "write the file as a composition: its steps have when, each and until"
		case slices.Contains(unservedKeys, k.Value):
			f.loosely(k, "it changes nothing here", "%q of a step is not served", k.Value)
		}
	}
	switch list := operationList(n); {
	case len(list) > 1:
		f.Report(node.Value(n, "operations"), "bad-value", "step %q names %d operations: nothing says whether each is called, or one of them", s.ID.Value, len(list)).Hint = "write a step for each that is to be called"
	case op.Operation.IsSet(), c.refused:
		w.called++
	default:
		w.nameless = append(w.nameless, &nameless{f, n, what})
	}
}

// toolCall is the call of one of the file's tools. Its inputs are those of a workflow
// that declares none; an id, which an earlier step may give, is asked for where none does.
func (w *writing) toolCall(tool spec.Str, later bool) *call {
	if n := w.tools[tool.Value]; n != nil {
		w.unit.Spans = append(w.unit.Spans, w.frame.Spans(n)...)
		c, inputs := w.call(w.frame, n, n), w.frame.inputs(first([]*node.Node{n}, inputKeys...))
		c.learn(inputs)
		for _, in := range inputs {
			if !w.declares && w.inputs[in.Name.Value] == nil && !(later && c.names(in.Name.Value)) {
				w.inputs[in.Name.Value] = in
				w.unit.Inputs = append(w.unit.Inputs, in)
			}
		}
		return c
	}
	var names []string
	for name := range w.tools {
		names = append(names, name)
	}
	if s := w.owner(tool.Value); s != nil && s.entry(tool.Value) != nil {
		return &call{source: s, entry: s.entry(tool.Value), operation: tool}
	}
	suggest.Explain(w.frame.ReportAt(tool, "unknown-name", "there is no tool %q in this file", tool.Value), tool.Value, "its tools: ", names)
	return &call{refused: true}
}

// argumentKeys are the keys of the values that a step gives its operation.
var argumentKeys = []string{"with", "parameters", "params", "input", "inputs", "args", "arguments", "body"}

// with takes the values of a step.
func (w *writing) with(op *spec.Operation, c *call, n *node.Node) {
	for _, key := range argumentKeys {
		v := node.Value(n, key)
		if v == nil || v.Kind != node.MappingNode {
			continue
		}
		for k, v := range node.Entries(v) {
			w.optional = false
			field := w.frame.Field(k, v)
			field.Value = w.value(field.Value)
			op.With = append(op.With, field)
			c.learn([]*spec.Input{{Name: field.Key, Pos: field.Key.Pos}})
		}
	}
	w.optional = false
}

// condition takes the condition of a step. One that is a value alone asks whether there is one.
func (w *writing) condition(s *spec.Step, text spec.Str) {
	when, ok := w.alone(text)
	if !ok {
		w.frame.ReportAt(text, "expression-syntax", "the condition of step %q is a text with an expression in it", s.ID.Value).Hint = "write the expression alone"
		return
	}
	if m := inputAlone.FindStringSubmatch(when.Value); m != nil {
		if in := w.inputs[m[1]]; in != nil && in.Type.Value != "boolean" {
			when = spec.Reworded(when, "("+when.Value+` ?? "") != ""`)
		}
	}
	s.When = &when
}

var inputAlone = lazyregexp.New(`^inputs\.([\pL\pN_-]+)$`)

// dependencies checks that a step comes after those that it depends on: steps
// run in the order of the file.
func (w *writing) dependencies(done []*spec.Step, n *node.Node) {
	v := first([]*node.Node{n}, dependencies...)
	names := items(v)
	if v != nil && v.Kind == node.ScalarNode {
		names = []*node.Node{v}
	}
	for _, name := range names {
		id := name.Value
		if w.ids[id] != "" {
			id = w.ids[id]
		}
		var known []string
		for _, s := range done[:len(done)-1] {
			known = append(known, s.ID.Value)
		}
		if !slices.Contains(known, id) {
			last := done[len(done)-1].ID.Value
			suggest.Explain(w.frame.Report(name, "later-step", "step %q depends on %q, which is no step before it", last, name.Value), id, "steps before it: ", known)
		}
	}
}

// outputs takes the outputs that say where they come from. Without one the
// answer of the last step is the outcome.
func (w *writing) outputs(n *node.Node) {
	f := w.frame
	add := func(name spec.Str, source *node.Node) {
		text := f.plain(source)
		if !name.IsSet() || !text.IsSet() || !strings.ContainsAny(text.Value, "{.$") {
			return
		}
		from, ok := w.alone(text)
		if !ok {
			f.loosely(source, "give the output one expression", "output %q is a text around an expression: it is left out", name.Value)
			return
		}
		for _, s := range w.unit.Steps { // one that is skipped has no answer
			if id := regexp.QuoteMeta(s.ID.Value); s.When != nil {
				from = spec.Reworded(from, regexp.MustCompile(`(^|[^.\w-])`+id+`\.`).ReplaceAllString(from.Value, "${1}"+s.ID.Value+"?."))
			}
		}
		w.unit.Outputs = append(w.unit.Outputs, &spec.Output{Name: name, Source: from})
	}
	for _, item := range items(n) {
		add(f.textOf(item, "name", "id"), first([]*node.Node{item}, "value", "source", "from", "mapping"))
	}
	for k, v := range node.Entries(n) {
		source := v
		if v.Kind == node.MappingNode {
			if source = first([]*node.Node{v}, "value", "source", "from"); node.Has(v, "template") || source == nil {
				f.loosely(k, "give the output one expression", "output %q is a structure: it is left out", k.Value)
				continue
			}
		}
		add(f.plain(k), source)
	}
	if len(w.unit.Outputs) > 0 {
		w.unit.Answer = nil
	}
}
