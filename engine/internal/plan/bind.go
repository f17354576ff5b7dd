package plan

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// binding is the state of binding one call of an operation.
type binding struct {
	*names  // of the step's own texts
	a       *Operation
	src     *spec.Operation
	targets []target
	given   map[string]gift // by the target's key, or by its name alone
	// api and own are the API and the operation as the file describes them, nil
	// for those of a document.
	api *spec.API
	own *spec.ConsumedOperation
	// closed holds targets that `with` left out with a null: nothing is
	// inferred for them.
	closed map[string]bool
	// explained holds targets of which a problem says already why they are unbound.
	explained map[string]bool
	// consumed holds, of the inputs that `with` reads, the names of the targets that
	// it makes of them.
	consumed map[string][]string
	// busy holds the parameters with a text that is being compiled: one cannot be
	// made of itself.
	busy map[string]bool
}

// gift is a value that the step gives, by which rule, and under which name.
type gift struct {
	Value
	rule Rule
	key  string
}

// rule finds the value of a target, nil when it has none to give.
type rule func(*binding, target) (Value, Rule)

// rules are tried in order for every target; the first value is bound.
var (
	byRule = []rule{(*binding).fromGiven, (*binding).fromOwn, (*binding).inferred}
	orAsk  = append(slices.Clone(byRule), (*binding).renamed, (*binding).asked)
	byName = []rule{(*binding).fromGiven, (*binding).fromOwn, (*binding).sameInput, (*binding).fromPath, (*binding).fromDefault, (*binding).newInput}
)

// bind binds the parameters and the body of an operation.
func (n *names) bind(a *Operation, src *spec.Operation) *binding {
	own := *n
	own.spent = map[string]bool{}
	bb := &binding{
		names: &own, a: a, src: src, given: map[string]gift{},
		closed: map[string]bool{}, explained: map[string]bool{}, consumed: map[string][]string{}, busy: map[string]bool{},
	}
	if bb.api = n.file.Described(a.API); bb.api != nil {
		bb.own = bb.api.Operation(a.Op.ID)
	}
	rules := byName
	switch n.unit.Binding {
	case spec.BindByRule:
		rules = byRule
	case spec.BindByRuleOrAsk:
		rules = orAsk
	}
	if bb.own != nil && !n.unit.Binding.ByRule() {
		bb.targets = declaredTargets(a.Op, bb.own)
	} else {
		bb.targets = targetsOf(a.Op, bb.own)
	}
	if n.unit.Binding.ByRule() {
		bb.with()
		bb.keys()
	} else {
		bb.arguments()
	}
	bb.placeless()
	for _, t := range bb.targets {
		if bb.supplied(t) {
			continue
		}
		for _, find := range rules {
			if v, rule := find(bb, t); v != nil {
				bb.add(t, rule, v)
				break
			}
		}
	}
	if bb.own != nil && bb.own.Body != nil {
		bb.body(bb.own.Body)
	}
	if n.unit.Binding.ByRule() {
		bb.complete()
	} else {
		bb.unspent()
	}
	return bb
}

func (bb *binding) add(t target, rule Rule, v Value) {
	bind := newBind(t, rule, v)
	// An author who writes an expression for something nullable means its null;
	// an input that was not given means nothing.
	bind.Null = bb.own == nil && (rule == RuleWith || rule == RuleOverlay) && t.schema.Is("null")
	bb.a.Binds = append(bb.a.Binds, bind)
	bb.feed(t, v)
	if t.required {
		bb.require(v)
	}
}

func newBind(t target, rule Rule, v Value) *Bind {
	bind := &Bind{Name: t.name, In: t.in, Param: t.param, Whole: t.whole, Must: t.must, Rule: rule, Reads: v.refs(), Value: v}
	bind.From, bind.Source = describe(v)
	return bind
}

func binds(all []*Bind, t target) bool {
	return slices.ContainsFunc(all, func(x *Bind) bool { return x.Name == t.name && x.In == t.in })
}

// written is the rule for a value under `with`.
func (b *builder) written(v spec.Value) Rule {
	if slices.Contains(b.file.Overlays, v.Pos.File) {
		return RuleOverlay
	}
	return RuleWith
}

// with takes the values that the author wrote under `with`.
func (bb *binding) with() {
	for _, f := range bb.src.With {
		t, ok := bb.targetOf(f.Key)
		if !ok {
			bb.value(f.Value) // the inputs in it are used: the mistake is the name
			continue
		}
		if f.Value.Kind == spec.Scalar && f.Value.Scalar == nil {
			bb.closed[t.key()] = true
			continue
		}
		v := bb.value(f.Value)
		for _, r := range v.refs() {
			if !r.Step && r.Name == varInputs && len(r.Path) > 0 {
				bb.consumed[r.Path[0]] = append(bb.consumed[r.Path[0]], t.name)
			}
		}
		bb.checkType(bb.accepts(t), f.Value, v, bb.called(t))
		bb.given[t.key()] = gift{v, bb.written(f.Value), f.Key.Value}
		if in := bb.inputOf(v); in != nil {
			bb.adopt(in, t)
		}
	}
}

// called is a target in messages.
func (bb *binding) called(t target) string {
	if t.whole {
		return "the body of " + bb.a.Op.ID
	}
	return t.name + " of " + bb.a.Op.ID
}

// targetOf looks up the target that a key of `with` names: by its name, or by
// "query.name" where one name stands in several places.
func (bb *binding) targetOf(key spec.Str) (target, bool) {
	name, in := key.Value, operations.In("")
	if place, rest, ok := strings.Cut(name, "."); ok {
		switch p := operations.In(place); p {
		case operations.InPath, operations.InQuery, operations.InHeader, operations.InCookie, operations.InBody, operations.InQueryString:
			name, in = rest, p
		}
	}
	var found []target
	for _, t := range bb.targets {
		if t.name == name && (in == "" || t.in == in) {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 1 || len(found) > 1 && found[0].whole:
		return found[0], true
	case len(found) == 0:
		bb.unknownTarget(key)
	default:
		bb.errorAt(key, "ambiguous-parameter", fmt.Sprintf("write %s.%s or %s.%s", found[0].in, name, found[1].in, name),
			"%s takes %q in the %s and in the %s", bb.a.Op.ID, name, found[0].in, found[1].in)
	}
	return target{}, false
}

func (bb *binding) unknownTarget(key spec.Str) {
	bb.misspelt(key, "unknown-parameter", targetNames(bb.targets), "it takes ", "it takes no values",
		"%s has no parameter or body property %q", bb.a.Op.ID, key.Value)
}

// keys takes step keys that are parameters, such as `intent: sso`. Any other
// unknown key is an error.
func (bb *binding) keys() {
	for _, f := range bb.src.Keys {
		if !slices.ContainsFunc(bb.targets, func(t target) bool { return t.name == f.Key.Value && !t.whole }) {
			bb.unknownKey(f.Key, bb.targets)
			continue
		}
		t, ok := bb.targetOf(f.Key)
		if !ok {
			continue
		}
		if _, twice := bb.given[t.key()]; twice {
			bb.errorAt(f.Key, "bound-twice", "keep one of the two", "%q of step %q is given both under `with` and as a step key", t.name, bb.s.ID)
			continue
		}
		v := Literal{f.Value.Go()}
		bb.checkType(bb.accepts(t), f.Value, v, bb.called(t))
		bb.given[t.key()] = gift{v, RuleKey, f.Key.Value}
	}
}

// stepKeys are the keys the composition dialect gives a step.
var stepKeys = []string{
	"id", "capability", "operation", "description", "external", "api", "with", "until", "fail", "every",
	"timeout", "select", "when", "each", "all", "requestTimeout", "retry", "key", "probe", "sensitive",
}

func (b *builder) unknownKey(key spec.Str, ts []target) {
	names := append(slices.Clone(stepKeys), targetNames(ts)...)
	b.misspelt(key, "unknown-key", names, "", "a step takes "+strings.Join(stepKeys, ", "), "unknown step key %q", key.Value)
}

// arguments takes the values under `with` by their name alone: they are for every
// target of that name, and for the texts of the operation.
func (bb *binding) arguments() {
	local := map[string]Value{}
	for _, f := range bb.src.With {
		name := bb.parameterOf(f.Key)
		if bb.superseded(f, name) {
			continue
		}
		v := bb.value(f.Value)
		local[f.Key.Value], local[name] = v, v
		bb.given[name] = gift{v, bb.written(f.Value), f.Key.Value}
	}
	bb.local = local // from here on: they do not see each other
}

// fromGiven is the first rule: the value that the step gives.
func (bb *binding) fromGiven(t target) (Value, Rule) {
	if g, ok := bb.given[t.key()]; ok {
		return g.Value, g.rule
	}
	g, ok := bb.given[t.name]
	if !ok {
		return nil, ""
	}
	bb.spent[g.key] = true
	if in := bb.wholeInput(g.Value); in != nil {
		in.refine(t.own)
	}
	return g.Value, g.rule
}

// fromOwn takes the constant or the text that a described operation declares for
// its parameter.
func (bb *binding) fromOwn(t target) (Value, Rule) {
	switch {
	case t.own == nil || t.own.Value == nil:
		return nil, ""
	case t.own.Const:
		return Literal{t.own.Value.Go()}, RuleSchema
	}
	bb.busy[t.name] = true
	defer delete(bb.busy, t.name)
	return bb.inOperation().value(*t.own.Value), RuleSchema
}

// sameInput takes the input of the target's name, or the one that is spelt nearly so.
func (bb *binding) sameInput(t target) (Value, Rule) {
	if t.whole && t.own == nil {
		return nil, ""
	}
	if v := bb.passed[t.name]; v != nil {
		return v, RuleWith
	}
	in := bb.input(t.name)
	if in == nil {
		in = bb.alike(t)
	}
	if in == nil {
		return nil, ""
	}
	in.refine(t.own)
	return bb.same(in), RuleInput
}

// same is the value of an input under its own name.
func (n *names) same(in *Input) Value {
	n.useInput(in.Name, n.by)
	return placeValue{&place{ref: eval.Ref{Name: varInputs, Path: []string{in.Name}}, t: in.Type}}
}

// fromPath takes the bind or the earlier step's field that a variable of the
// operation's path stands for, where that is no parameter.
func (bb *binding) fromPath(t target) (Value, Rule) {
	if t.own != nil || t.whole {
		return nil, ""
	}
	path, problems := jsonpath.Parse("$." + t.name)
	if path == nil || len(problems) > 0 {
		return nil, ""
	}
	n := bb.inOperation()
	n.call = nil // a parameter of its name is in another place
	if at := n.find(path); at != nil {
		return placeValue{at}, RuleWith
	}
	return nil, ""
}

// fromDefault takes the default that a described operation declares.
func (bb *binding) fromDefault(t target) (Value, Rule) {
	if t.own == nil || t.own.Default == nil {
		return nil, ""
	}
	return Literal{t.own.Default.Go()}, RuleSchema
}

// newInput makes an input of a parameter that must have a value, and of every
// parameter where the unit is nothing but the call. A REST operation takes the other
// parameters of its call from the query.
func (bb *binding) newInput(t target) (Value, Rule) {
	inQuery := bb.unit.Direct && bb.unit.Kind == spec.UnitOperation
	if !t.required && !bb.bare() && !inQuery || t.whole && t.own == nil {
		return nil, ""
	}
	in := bb.inferInput(t.name)
	in.refine(t.own)
	in.Required = in.Required || t.required
	if inQuery && !t.required && !bb.bare() {
		in.In = string(operations.InQuery)
	}
	return bb.same(in), RuleInput
}

// bare reports whether the unit is nothing but the call: it declares neither inputs
// nor arguments.
func (bb *binding) bare() bool {
	declares := slices.ContainsFunc(bb.unit.Inputs, func(in *spec.Input) bool { return !in.Implied })
	return bb.unit.Direct && !declares && len(bb.src.With) == 0
}

// inOperation are the names of texts that belong to the operation: they see the
// call's arguments first.
func (bb *binding) inOperation() *names {
	n := *bb.names
	n.call, n.language, n.local, n.writes = bb, spec.Placeholders, maps.Clone(bb.local), bb.a.Op.Effect() != operations.Read
	if n.local == nil {
		n.local = map[string]Value{}
	}
	for _, p := range bb.own.Params {
		if _, given := n.local[p.Name.Value]; p.In.Value == "environment" && !given {
			key := n.variables.use(environment + "." + p.Name.Value)
			n.local[p.Name.Value] = placeValue{&place{ref: eval.Ref{Name: varBinds, Path: []string{key}}}}
		}
	}
	return &n
}

// unspent reports arguments that the operation has no place for. It is an error
// for a method that acts on the resource of its URL: without the argument it would
// act on more than was meant.
func (bb *binding) unspent() {
	for _, f := range bb.src.With {
		if bb.isSpent(f.Key.Value) {
			continue
		}
		pos, end := wholeOf(f.Key)
		d := diag.Diagnostic{
			Code: "unused-argument", Severity: diag.Warning, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("%s takes no parameter %q: its value is not sent", bb.a.At.Value, f.Key.Value),
			Hint: cmp.Or(suggest.Hint(f.Key.Value, "it takes ", bb.parameters()),
				"declare it under the operation's inputParameters, with its place (in: query, ...)"),
		}
		if p := bb.ownParam(f.Key.Value); p != nil {
			d.Message = fmt.Sprintf("%s takes %q for texts that name it, and none does: its value is not sent", bb.a.At.Value, f.Key.Value)
			d.Hint = fmt.Sprintf("write {{%s}} where it belongs, such as in the body", f.Key.Value)
		}
		if actsOnURL(bb.a.Op.Method) {
			d.Severity = diag.Error
		}
		bb.diags.Add(d)
	}
}

// actsOnURL reports whether a method changes the resource that its URL names.
func actsOnURL(method string) bool {
	return method == http.MethodDelete || method == http.MethodPut || method == http.MethodPatch
}

// isSpent reports whether an argument is read, under its own name or under that of the
// parameter which it means.
func (bb *binding) isSpent(key string) bool {
	for name, g := range bb.given {
		if g.key == key && bb.spent[name] {
			return true
		}
	}
	return bb.spent[key]
}

// complete reports the required targets that nothing was bound to.
func (bb *binding) complete() {
	op := bb.a.Op
	sendsBody := op.Body != nil && op.Body.Required ||
		slices.ContainsFunc(bb.a.Binds, func(x *Bind) bool { return x.In == operations.InBody })
	unplaced := op.Unplaced()
	for _, t := range bb.targets {
		switch {
		case binds(bb.a.Binds, t), binds(bb.a.Supplied, t):
		case t.whole && op.Body.Required:
			bb.missing(t)
			bb.errorAt(bb.s.At, "missing-parameter", "add `with: {body: ...}`", "step %q lacks the required body of %s", bb.s.ID, op.ID)
		case !t.required || t.in == operations.InBody && !sendsBody, slices.Contains(unplaced, t.param),
			bb.explained[t.key()], bb.unresolvedAbout(t.name, bb.at):
		default:
			place := string(t.in) + " parameter"
			if t.in == operations.InBody {
				place = "body property"
			}
			bb.missing(t, bb.alikeInputs(t)...)
			bb.errorAt(bb.s.At, "missing-parameter", bb.missingHint(t), "step %q lacks the required %s %q of %s", bb.s.ID, place, t.name, op.ID)
		}
	}
}

// missing notes a value without a source, and the sources that it could have.
func (bb *binding) missing(t target, could ...string) {
	bb.a.Missing = append(bb.a.Missing, Missing{Name: t.name, In: t.in, Schema: t.schema, Could: could})
}

func (bb *binding) missingHint(t target) string {
	if alike := bb.alikeInputs(t); len(alike) > 0 {
		return fmt.Sprintf("add it under the step: with: {%s: '{{ %s }}'}", t.name, alike[0])
	}
	return fmt.Sprintf("add it under the step: with: {%s: ...}", t.name)
}

// alikeInputs are the inputs that may be meant for a target and that the step does not
// read.
func (bb *binding) alikeInputs(t target) (out []string) {
	for _, in := range bb.plan.Inputs {
		if bb.meant(in, t) && bb.consumed[in.Name] == nil {
			out = append(out, varInputs+"."+in.Name)
		}
	}
	return out
}
