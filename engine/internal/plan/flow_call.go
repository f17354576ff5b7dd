package plan

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/formats"
	"github.com/capstan-run/capstan/spec"
)

// call is the state of planning one call.
type flowCall struct {
	*names
	a    *Operation
	step *spec.FlowStep
	op   *spec.ConsumedOperation
	with map[string]Value
	// spent are the entries of with that something reads.
	spent map[string]bool
	sole  bool // the flow is this call
}

// callStep plans a step that calls a consumed operation.
func (b *flowBuilder) callStep(fs *spec.FlowStep, sole bool) {
	a := &Operation{Policy: durable.Safe, Answer: Reading{Loose: true}}
	s := b.newStep(fs, a)
	n := &names{flowBuilder: b, by: s.ID}
	c := &flowCall{names: n, a: a, step: fs, with: map[string]Value{}, spent: map[string]bool{}, sole: sole}
	if !c.find() {
		for _, f := range fs.With {
			n.with(f.Value)
		}
		b.done(s, eval.Any())
		return
	}
	for _, f := range fs.With {
		c.with[f.Key.Value] = n.with(f.Value)
	}
	switch {
	case a.Op.Effect() == operations.Read:
		a.Policy = durable.Safe
	case a.Op.Idempotent():
		a.Policy = durable.Idempotent
	default:
		a.Policy = durable.Unsafe
	}
	c.params()
	c.body()
	c.unspent()
	t := c.exchange()
	b.done(s, t)
}

// find resolves the call to its operation. The spec stage has reported what
// does not exist.
func (c *flowCall) find() bool {
	namespace, name, ok := spec.SplitCall(c.step.Call.Value)
	api := c.Framework.Consumed(namespace)
	if !ok || api == nil {
		c.errorAt(c.step.Call, "unknown-operation", "", "the call %q names no consumed operation", c.step.Call.Value)
		return false
	}
	c.a.API = namespace
	c.op = api.Operation(name)
	set, err := c.APIs(namespace)
	if c.op == nil || err != nil {
		if err == nil {
			err = fmt.Errorf("the API %q has no operation %q", namespace, name)
		}
		c.errorAt(c.step.Call, "unknown-operation", "", "%v", err)
		return false
	}
	if c.a.Op, ok = set.Lookup(name); !ok {
		c.errorAt(c.step.Call, "unknown-operation", "", "the operation %q cannot be used", c.step.Call.Value)
	}
	return ok
}

// params binds what travels in path, query, headers and cookies.
func (c *flowCall) params() {
	c.placeless()
	for _, p := range c.a.Op.Params {
		declared := c.param(string(p.In), p.Name)
		must := p.In == operations.InPath || c.a.Op.Effect() != operations.Read && c.a.Op.InTemplate(p)
		v, rule, ok := c.value(p.Name, declared, p.Required || must)
		if !ok {
			continue
		}
		c.bind(&Bind{Name: p.Name, In: p.In, Param: p, Must: must}, rule, v)
	}
}

func (c *flowCall) param(in, name string) *spec.Param {
	i := slices.IndexFunc(c.op.Params, func(p *spec.Param) bool { return p.In.Value == in && p.Name.Value == name })
	if i < 0 {
		return nil
	}
	return c.op.Params[i]
}

func (c *flowCall) bind(b *Bind, rule Rule, v Value) {
	b.Rule, b.Value, b.template = rule, v, rule == RuleSchema
	b.From, b.Source = describe(v)
	c.a.Binds = append(c.a.Binds, b)
}

// value finds what a parameter gets: what `with` says, its own constant, the
// input of the same name, its default. A parameter that must be there and that
// nothing feeds becomes an input.
func (c *flowCall) value(name string, p *spec.Param, required bool) (Value, Rule, bool) {
	if v, ok := c.with[name]; ok {
		c.spent[name] = true
		c.typeInput(v, p)
		return v, RuleWith, true
	}
	if p != nil && p.Value != nil {
		if p.Const {
			return Literal{p.Value.Go()}, RuleSchema, true
		}
		return c.inOperation().with(*p.Value), RuleSchema, true
	}
	if in := c.input(name); in != nil {
		in.refineFor(p)
		return c.same(in), RuleInput, true
	}
	if p == nil {
		if v, ok := c.named(name); ok {
			return v, RuleWith, true
		}
	}
	if p != nil && p.Default != nil {
		return Literal{p.Default.Go()}, RuleSchema, true
	}
	if required || c.sole && len(c.Flow.Inputs) == 0 && len(c.step.With) == 0 {
		in := c.inferInput(name, p)
		in.Required = required
		return c.same(in), RuleInput, true
	}
	return nil, "", false
}

// named is what a variable of the operation's path stands for where that is no
// parameter: a bind, or an earlier step's field.
func (c *flowCall) named(name string) (Value, bool) {
	path, problems := jsonpath.Parse("$." + name)
	if path == nil || len(problems) > 0 {
		return nil, false
	}
	n := c.inOperation()
	if at := n.find(path); at != nil {
		return placeValue{at}, true
	}
	return nil, false
}

func (in *Input) refineFor(p *spec.Param) {
	if p != nil {
		in.refine(p)
	}
}

// typeInput gives an inferred input the type of the parameter it is for.
func (c *flowCall) typeInput(v Value, p *spec.Param) {
	at, ok := v.(placeValue)
	if !ok || p == nil || at.at.local != nil || at.at.ref.Name != varInputs || at.at.path != nil {
		return
	}
	if in := c.input(at.at.ref.Path[0]); in != nil {
		in.refine(p)
	}
}

// same is the value of an input under its own name.
func (c *flowCall) same(in *Input) Value {
	c.useInput(in.Name, c.by)
	return placeValue{&place{ref: eval.Ref{Name: varInputs, Path: []string{in.Name}}, t: in.Type}}
}

// inOperation is the scope of texts that belong to the consumed operation: they
// see the call's arguments first.
func (c *flowCall) inOperation() *names {
	n := *c.names
	n.local, n.writes = maps.Clone(c.with), c.a.Op.Effect() != operations.Read
	for _, p := range c.op.Params {
		if _, given := n.local[p.Name.Value]; p.In.Value == "environment" && !given {
			key := n.variables.use(environment + "." + p.Name.Value)
			n.local[p.Name.Value] = placeValue{&place{ref: eval.Ref{Name: varBinds, Path: []string{key}}}}
		}
	}
	n.spent = c.spent
	return &n
}

// unspent reports arguments that the operation has no place for. It is an error
// for a method that acts on the resource of its URL: without the argument it would
// act on more than was meant.
func (c *flowCall) unspent() {
	for _, f := range c.step.With {
		if c.spent[f.Key.Value] {
			continue
		}
		pos, end := f.Key.Span(0, len([]rune(f.Key.Value)))
		var names []string
		for _, p := range c.a.Op.Params {
			names = append(names, p.Name)
		}
		d := diag.Diagnostic{
			Code: "unused-argument", Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("%s takes no parameter %q: its value is not sent", c.step.Call.Value, f.Key.Value),
			Hint:    argumentHint(f.Key.Value, names),
		}
		if m := c.a.Op.Method; m == http.MethodDelete || m == http.MethodPut || m == http.MethodPatch {
			d.Severity = diag.Error
		}
		c.diags.Add(d)
	}
}

// exchange decides how the answer is read, and returns the result's type.
func (c *flowCall) exchange() eval.Type {
	x := &c.a.Answer
	x.Format, x.Media, x.MaxBinary = c.op.OutputFormat.Value, c.op.OutputMedia.Value, c.op.MaxBinary
	if x.Format == "json" {
		x.Format = ""
	}
	if x.Format != "" && x.Format != Binary {
		api := c.Framework.Consumed(c.a.API)
		decode, err := formats.New(x.Format, c.op.OutputSchema.Value, func(path string) ([]byte, error) { return c.Files(api.File, path) })
		if err != nil {
			at := c.op.OutputFormat
			if c.op.OutputSchema.IsSet() {
				at = c.op.OutputSchema
			}
			code, hint := "bad-output-format", ""
			if refused := (*spec.FileError)(nil); errors.As(err, &refused) {
				code, hint = refused.Code, refused.Hint
			}
			c.errorAt(at, code, hint, "answers of %s cannot be read: %v", c.step.Call.Value, err)
		}
		x.Decode = decode
	}
	if c.sole {
		return eval.Any() // shapes of the flow read the answer itself
	}
	return c.result(x)
}

// result shapes what later steps see: the operation's named outputs. A name that
// stands for the whole answer is added to it.
func (c *flowCall) result(x *Reading) eval.Type {
	fields := map[string]eval.Type{}
	open := len(c.op.Outputs) == 0
	for _, o := range c.op.Outputs {
		at := o.Value
		if !at.IsSet() {
			at = o.Mapping
		}
		p := c.path(at)
		if p == nil || o.Name.Value == "" {
			open = true
			continue
		}
		if rest(p, 0) == nil {
			open = true
		} else {
			x.Inside = true
		}
		x.Fields = append(x.Fields, &Field{Name: o.Name.Value, At: p})
		fields[o.Name.Value] = shapeType(o)
	}
	if open {
		return eval.Any()
	}
	return eval.Object(fields, false)
}

// argumentHint says what an argument was probably meant for.
func argumentHint(name string, params []string) string {
	if near := suggest.Closest(name, params); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(params) == 0 {
		return "declare it under the operation's inputParameters, with its place (in: query, ...)"
	}
	return "it takes " + strings.Join(params, ", ")
}
