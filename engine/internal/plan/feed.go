package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

// Feed is a parameter, or a property of a body, that an input reaches unchanged: as a
// whole or as a member of it.
type Feed struct {
	Step   *Step
	To     string             // as messages name it: "domain_data[0].state of createOrganization"
	Schema *operations.Schema // never nil
	About  string             // the document's description of the place
	// Text reports that the value is sent as text, in a URL, a header, a cookie or a form.
	Text bool
	// At leads from the input to the value that is sent, by names of members; EachItem
	// stands for every item of a list.
	At []string
}

// EachItem is the member of a list, in [Feed.At], that stands for all of its items.
const EachItem = "[]"

// Whole reports whether the value is sent whenever the input has one: the step has no
// condition, and what it sends is the input itself.
func (f *Feed) Whole() bool { return f.Step.When == nil && len(f.At) == 0 }

// Applies reports whether the step is certain to be executed, as far as the inputs of a
// run decide it.
func (f *Feed) Applies(ctx context.Context, inputs map[string]any) bool {
	when := f.Step.When
	if when == nil {
		return true
	}
	for _, r := range when.Refs() {
		if _, ok := InputOf(r); !ok {
			return false
		}
	}
	v, err := when.Eval(ctx, &eval.Env{Vars: map[string]any{varInputs: inputs}})
	return err == nil && v == true
}

// Refuses returns how a value of the input breaks the schema of the place that it is sent
// to. Paths lead into the input. What is absent or null is not sent.
func (f *Feed) Refuses(v any) []operations.Violation { return f.refuses(v, f.At, "") }

func (f *Feed) refuses(v any, at []string, path string) []operations.Violation {
	if v == nil {
		return nil
	}
	if len(at) > 0 && at[0] == EachItem {
		var out []operations.Violation
		items, _ := v.([]any)
		for i, item := range items {
			out = append(out, f.refuses(item, at[1:], path+"/"+strconv.Itoa(i))...)
		}
		return out
	}
	if len(at) > 0 {
		members, _ := v.(map[string]any)
		return f.refuses(members[at[0]], at[1:], path+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(at[0]))
	}
	compare := check.Value
	if f.Text {
		compare = check.Text
	}
	out := compare(f.Schema, v)
	for i := range out {
		out[i].Path = path + out[i].Path
	}
	return out
}

// Meant returns a hint at the value that a refused one is a misspelling of, "" for none.
func (f *Feed) Meant(v any, refused operations.Violation) string {
	text, _ := memberOf(v, tokensOf(refused.Path)).(string)
	if meant := suggest.Meant(text, choicesOf(schemaAt(f.Schema, f.below(refused.Path)))); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return ""
}

// feed notes the inputs that reach a target unchanged. A file that describes an operation
// gives types alone, loosely: nothing is refused for them.
func (bb *binding) feed(t target, v Value) {
	if bb.own != nil {
		return
	}
	f := Feed{Step: bb.s, To: t.name, Schema: t.schema, About: t.about(), Text: t.in != operations.InBody || !bb.sendsJSON()}
	if !t.whole && t.param == nil {
		f.Schema = bodySchema(bb.a.Op).CommonProperty(t.name)
	}
	bb.feeds(f, v)
}

// about is the document's description of a target.
func (t target) about() string {
	if t.param != nil && t.param.Description != "" {
		return t.param.Description
	}
	return t.schema.About()
}

// accepts is the schema of a constant for a target. A property that only some alternatives
// of the body have is that of the first.
func (bb *binding) accepts(t target) *operations.Schema {
	if !t.whole && t.param == nil {
		return cmp.Or(bodySchema(bb.a.Op).CommonProperty(t.name), t.schema)
	}
	return t.schema
}

func (bb *binding) sendsJSON() bool { return bb.a.Op.Body != nil && bb.a.Op.Body.JSON() != nil }

// feeds follows a value to the inputs that are in it as they came.
func (bb *binding) feeds(f Feed, v Value) {
	if f.Schema == nil {
		return
	}
	if s, ok := v.(structure); ok {
		for i, part := range s.values {
			sub := f
			if s.keys == nil {
				sub.To, sub.Schema = fmt.Sprintf("%s[%d]", f.To, i), f.Schema.Flatten().Items
			} else {
				sub.To, sub.Schema = f.To+"."+s.keys[i], f.Schema.CommonProperty(s.keys[i])
			}
			sub.About = sub.Schema.About()
			bb.feeds(sub, part)
		}
		return
	}
	ref, ok := bareRef(v)
	if !ok || ref.Step || len(ref.Path) == 0 && ref.Name == varInputs {
		return
	}
	if ref.Name == varItem && bb.s.Each != nil {
		list, ok := bareRef(exprValue{bb.s.Each})
		if !ok || list.Step || list.Name != varInputs || len(list.Path) == 0 {
			return
		}
		ref = eval.Ref{Name: varInputs, Path: slices.Concat(list.Path, []string{EachItem}, ref.Path)}
	}
	if ref.Name != varInputs {
		return
	}
	if in := bb.input(ref.Path[0]); in != nil {
		f.To, f.At = f.To+" of "+bb.a.Op.ID, ref.Path[1:]
		in.Feeds = append(in.Feeds, &f)
	}
}

// listed notes the input that is the list of a step with each.
func (b *builder) listed(s *Step) {
	ref, ok := bareRef(exprValue{s.Each})
	if name, isInput := InputOf(ref); ok && isInput && len(ref.Path) == 1 && b.unit.Steps[b.at].When == nil {
		if in := b.input(name); in != nil && in.Listed == nil {
			in.Listed = s
		}
	}
}

// bareRef returns the reference that a value is, where it is nothing else.
func bareRef(v Value) (eval.Ref, bool) {
	var e *eval.Expr
	switch v := v.(type) {
	case exprValue:
		e = v.e
	case templateValue:
		e, _ = v.t.Expr()
	default:
		at := wholePlace(v)
		switch {
		case at == nil, at.header != "":
			return eval.Ref{}, false
		case at.local != nil && at.path == nil:
			return bareRef(at.local)
		case at.local != nil:
			return eval.Ref{}, false
		case at.path != nil && !at.path.Drop(len(at.path.Names())).Whole():
			return eval.Ref{}, false
		}
		return at.refs()[0], true
	}
	if e == nil || !e.Simple() {
		return eval.Ref{}, false
	}
	refs := e.Refs()
	if len(refs) != 1 || refText(refs[0]) != strings.TrimSpace(e.Source()) {
		return eval.Ref{}, false
	}
	return refs[0], true
}
