package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// wholeBody is the name in `with` that stands for a body that is no object.
const wholeBody = "body"

// binding is the state of binding one step.
type binding struct {
	*builder
	s       *Step
	op      *Operation
	scope   *eval.Scope
	targets []target
	// closed holds targets that `with` left out with a null: nothing is
	// inferred for them.
	closed map[string]bool
	// explained holds targets of which a problem says already why they are unbound.
	explained map[string]bool
	// consumed holds the inputs that `with` already reads: their value is
	// spoken for and is not inferred for another target as well.
	consumed map[string]bool
}

// bindOperation binds an operation's parameters and body in the order of the
// rules: with, step keys, then what can be inferred.
func (b *builder) bindOperation(s *Step, op *Operation, scope *eval.Scope) *binding {
	bb := &binding{builder: b, s: s, op: op, scope: scope, targets: targets(op.Op), closed: map[string]bool{}, explained: map[string]bool{}, consumed: map[string]bool{}}
	bb.with()
	bb.keys()
	bb.infer()
	bb.complete()
	slices.SortStableFunc(op.Binds, func(x, y *Bind) int { return bb.order(x) - bb.order(y) })
	return bb
}

// order keeps the plan's bindings in the document's order.
func (bb *binding) order(x *Bind) int {
	return slices.IndexFunc(bb.targets, func(t target) bool { return t.name == x.Name && t.in == x.In })
}

// with binds what the author wrote under `with`.
func (bb *binding) with() {
	for _, f := range bb.s.src.With {
		rule := RuleWith
		if f.Value.Pos.File != bb.c.File {
			rule = RuleOverlay
		}
		if f.Key.Value == wholeBody && bb.bodyIsWhole() {
			bb.bindWhole(f, rule)
			continue
		}
		t, ok := bb.find(f.Key)
		if !ok {
			continue
		}
		if f.Value.Kind == spec.Scalar && f.Value.Scalar == nil {
			bb.closed[t.key()] = true
			continue
		}
		v := bb.compile(bb.s, bb.scope, f.Value)
		for _, r := range v.refs() {
			if !r.Step && r.Name == varInputs && len(r.Path) > 0 {
				bb.consumed[r.Path[0]] = true
			}
		}
		bb.checkType(t.schema, f.Value, v, fmt.Sprintf("%s of %s", t.name, bb.op.Op.ID))
		bb.add(t, rule, v)
	}
}

// bodyIsWhole reports whether the body has no properties to bind one by one.
func (bb *binding) bodyIsWhole() bool {
	return bb.op.Op.Body != nil && !slices.ContainsFunc(bb.targets, func(t target) bool { return t.in == operations.InBody })
}

func (bb *binding) bindWhole(f spec.Field, rule Rule) {
	v := bb.compile(bb.s, bb.scope, f.Value)
	bb.checkType(bodySchema(bb.op.Op), f.Value, v, "the body of "+bb.op.Op.ID)
	bb.add(target{name: wholeBody, in: operations.InBody}, rule, v)
	bb.op.Binds[len(bb.op.Binds)-1].Whole = true
}

func (t target) key() string { return string(t.in) + " " + t.name }

// find looks up the target that a key of `with` names: by its name, or by
// "query.name" where one name stands in several places.
func (bb *binding) find(key spec.Str) (target, bool) {
	name, in := key.Value, operations.In("")
	if place, rest, ok := strings.Cut(name, "."); ok {
		switch p := operations.In(place); p {
		case operations.InPath, operations.InQuery, operations.InHeader, operations.InCookie, operations.InBody:
			name, in = rest, p
		}
	}
	var found []target
	for _, t := range bb.targets {
		if t.name == name && (in == "" || t.in == in) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 1:
		return found[0], true
	case 0:
		bb.unknownTarget(key)
	default:
		bb.errorAt(key, "ambiguous-parameter", fmt.Sprintf("write %s.%s or %s.%s", found[0].in, name, found[1].in, name),
			"%s takes %q in the %s and in the %s", bb.op.Op.ID, name, found[0].in, found[1].in)
	}
	return target{}, false
}

func (bb *binding) unknownTarget(key spec.Str) {
	names := targetNames(bb.targets)
	hint := "it takes no values"
	if near := suggest.Closest(key.Value, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(names) > 0 {
		hint = "it takes " + strings.Join(names, ", ")
	}
	bb.errorAt(key, "unknown-parameter", hint, "%s has no parameter or body property %q", bb.op.Op.ID, key.Value)
}

// keys binds step keys that are parameters, such as `intent: sso`. Any other
// unknown key is an error.
func (bb *binding) keys() {
	for _, f := range bb.s.src.Keys {
		if !slices.ContainsFunc(bb.targets, func(t target) bool { return t.name == f.Key.Value }) {
			bb.unknownKey(f.Key, bb.targets)
			continue
		}
		t, ok := bb.find(f.Key)
		if !ok {
			continue
		}
		if binds(bb.op.Binds, t) {
			bb.errorAt(f.Key, "bound-twice", "keep one of the two", "%q of step %q is given both under `with` and as a step key", t.name, bb.s.ID)
			continue
		}
		v := Literal{f.Value.Go()}
		bb.checkType(t.schema, f.Value, v, fmt.Sprintf("%s of %s", t.name, bb.op.Op.ID))
		bb.add(t, RuleKey, v)
	}
}

// stepKeys are the keys the composition dialect gives a step.
var stepKeys = []string{
	"id", "capability", "operation", "description", "external", "api", "with", "until", "fail", "every",
	"timeout", "select", "when", "each", "all", "requestTimeout", "retry", "key", "probe", "sensitive",
}

func (b *builder) unknownKey(key spec.Str, ts []target) {
	names := append(slices.Clone(stepKeys), targetNames(ts)...)
	hint := "a step takes " + strings.Join(stepKeys, ", ")
	if near := suggest.Closest(key.Value, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	b.errorAt(key, "unknown-key", hint, "unknown step key %q", key.Value)
}

// bindUnresolved still compiles what stands under `with` of a step whose
// operation is unknown, so that every problem shows at once.
func (b *builder) bindUnresolved(s *Step, scope *eval.Scope) {
	for _, f := range s.src.With {
		b.compile(s, scope, f.Value)
	}
}

// bindExternal gathers what a person needs: `with`, and the inputs that the
// description names.
func (b *builder) bindExternal(s *Step, a *External, scope *eval.Scope) {
	for _, f := range s.src.With {
		v := b.compile(s, scope, f.Value)
		rule := RuleWith
		if f.Value.Pos.File != b.c.File {
			rule = RuleOverlay
		}
		a.Binds = append(a.Binds, newBind(target{name: f.Key.Value}, rule, v))
	}
	for _, in := range b.plan.Inputs {
		if !mentions(s.src.Description.Value, in.Name) {
			continue
		}
		b.useInput(in.Name, s.ID)
		if !binds(a.Binds, target{name: in.Name}) {
			a.Binds = append(a.Binds, newBind(target{name: in.Name}, RuleInput, b.read(scope, inputPath(in.Name))))
		}
	}
	for _, f := range s.src.Keys {
		b.unknownKey(f.Key, nil)
	}
}

func binds(all []*Bind, t target) bool {
	return slices.ContainsFunc(all, func(x *Bind) bool { return x.Name == t.name && x.In == t.in })
}

func (bb *binding) add(t target, rule Rule, v Value) {
	bind := newBind(t, rule, v)
	bind.Must = t.required
	// An author who writes an expression for something nullable means its null;
	// an input that was not given means nothing.
	bind.Null = (rule == RuleWith || rule == RuleOverlay) && t.schema.Is("null")
	bb.op.Binds = append(bb.op.Binds, bind)
}

func newBind(t target, rule Rule, v Value) *Bind {
	bind := &Bind{Name: t.name, In: t.in, Param: t.param, Rule: rule, Value: v}
	bind.From, bind.Source = describe(v)
	return bind
}

// describe says in a few words where a value comes from; source is the whole
// expression when the words are only what it reads.
func describe(v Value) (from, source string) {
	switch v := v.(type) {
	case Literal:
		return jsonText(v.V), ""
	case exprValue:
		return v.e.Source(), ""
	case templateValue:
		if e, ok := v.t.Expr(); ok && e.Simple() {
			return strings.TrimSpace(e.Source()), ""
		}
		source = v.t.Source()
	case textValue:
		if v.text.Whole() {
			return v.places[0].name(), ""
		}
		source = v.text.Source()
	case placeValue:
		return v.at.name(), ""
	}
	var names []string
	for _, r := range v.refs() {
		if name := refText(r); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return source, ""
	}
	return strings.Join(names, ", "), source
}

func refText(r eval.Ref) string { return strings.Join(append([]string{r.Name}, r.Path...), ".") }

func sourceOf(v Value) string {
	from, source := describe(v)
	if source != "" {
		return source
	}
	return from
}

func jsonText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}

// complete reports the required targets that nothing was bound to.
func (bb *binding) complete() {
	op := bb.op.Op
	sendsBody := op.Body != nil && op.Body.Required ||
		slices.ContainsFunc(bb.op.Binds, func(x *Bind) bool { return x.In == operations.InBody })
	unplaced := op.Unplaced()
	for _, t := range bb.targets {
		if !t.required || t.in == operations.InBody && !sendsBody || binds(bb.op.Binds, t) || slices.Contains(unplaced, t.param) ||
			bb.explained[t.key()] || bb.unresolvedAbout(t.name, bb.at) {
			continue
		}
		place := string(t.in) + " parameter"
		if t.in == operations.InBody {
			place = "body property"
		}
		bb.errorAt(bb.s.At, "missing-parameter", bb.missingHint(t), "step %q lacks the required %s %q of %s", bb.s.ID, place, t.name, op.ID)
	}
	if bb.bodyIsWhole() && op.Body.Required && !slices.ContainsFunc(bb.op.Binds, func(x *Bind) bool { return x.Whole }) {
		bb.errorAt(bb.s.At, "missing-parameter", "add `with: {body: ...}`", "step %q lacks the required body of %s", bb.s.ID, op.ID)
	}
}

func (bb *binding) missingHint(t target) string {
	for _, in := range bb.plan.Inputs {
		if bb.meant(in, t) && !bb.consumed[in.Name] {
			return fmt.Sprintf("add it under the step: with: {%s: '{{ inputs.%s }}'}", t.name, in.Name)
		}
	}
	return fmt.Sprintf("add it under the step: with: {%s: ...}", t.name)
}
