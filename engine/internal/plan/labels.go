package plan

import (
	"context"
	"fmt"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/spec"
)

const codeBadLabel = "bad-label"

// Label is a label of the runs of a plan, with the value that their inputs make.
type Label struct {
	Name  string
	Value Value
}

// labels compiles the labels, which see the inputs that are not sensitive.
func (b *builder) labels() {
	n := &names{builder: b, by: "labels", scope: b.scope, language: spec.Expressions}
	for _, f := range b.unit.Labels {
		if err := durable.CheckLabel(f.Key.Value, "x"); err != nil {
			b.errorAt(f.Key, codeBadLabel, "", "%v", err)
			continue
		}
		v := n.data(f.Value)
		switch kind := v.typ().Kind(); {
		case f.Value.Kind != spec.Scalar, kind == "array", kind == "object":
			b.errorAt(f.Key, codeBadLabel, "make a text of it, such as '{{ join(inputs.domains, \" \") }}'", "label %q is a list or an object, and labels are texts", f.Key.Value)
		case b.labelReads(f, v.refs()):
			b.plan.Labels = append(b.plan.Labels, Label{f.Key.Value, v})
		}
	}
}

// labelReads reports whether a label reads nothing that it may not, and else why.
func (b *builder) labelReads(f spec.Field, refs []eval.Ref) bool {
	for _, r := range refs {
		name, ok := InputOf(r)
		in := b.input(name)
		switch {
		case !ok:
			b.errorAt(f.Value.Str, codeBadLabel, "a label is made when the run is started, of inputs.NAME", "label %q reads more than an input", f.Key.Value)
			return false
		case in != nil && in.Sensitive:
			b.errorAt(f.Value.Str, codeBadLabel, "labels are shown and searched: leave the input out", "label %q reads input %q, which is sensitive", f.Key.Value, name)
			return false
		}
	}
	return true
}

// passwords are the inputs that an API takes as passwords.
func (b *builder) passwords() {
	for _, in := range b.plan.Inputs {
		for _, f := range in.Feeds {
			in.Sensitive = in.Sensitive || len(f.At) == 0 && f.Schema.Format == "password"
		}
	}
}

// LabelsOf returns the labels of a run with these inputs. A value that is absent makes
// none, and a long one is cut.
func (p *Plan) LabelsOf(ctx context.Context, inputs map[string]any) (map[string]string, error) {
	labels := map[string]string{}
	for _, l := range p.Labels {
		v, _, err := l.Value.Eval(ctx, &eval.Env{Vars: map[string]any{varInputs: inputs}})
		if err != nil {
			return nil, fmt.Errorf("label %q: %w", l.Name, err)
		}
		if text := columns.Cut(columns.OneLine(labelText(v)), durable.MaxLabel); text != "" {
			labels[l.Name] = text
		}
	}
	return labels, nil
}

func labelText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return jsonvalue.Compact(v)
}
