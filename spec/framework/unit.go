package framework

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
)

// declare completes the units and adds them to the file, under names that are
// unique in it.
func (l *loading) declare() {
	for _, x := range l.out.Exposures {
		for _, t := range x.Tools {
			l.declareUnit(t, x.Namespace, spec.UnitTool, "tool")
		}
		for _, r := range x.Routes {
			for _, op := range r.Operations {
				l.declareUnit(op.Unit, x.Namespace, spec.UnitOperation, strings.ToLower(op.Method.Value)+"-"+r.Name.Value)
			}
		}
		for _, doc := range x.Documents {
			doc.Name, doc.Title, doc.Description, doc.File = doc.Unit.Short, doc.Unit.Title, doc.Unit.Description, doc.Unit.File
			if doc.Location.IsSet() {
				doc.Unit = nil
			} else {
				l.declareUnit(doc.Unit, x.Namespace, spec.UnitResource, "resource")
			}
		}
	}
	for _, a := range l.aggregates {
		for _, u := range a.flows {
			l.declareUnit(u, a.namespace, spec.UnitFlow, "flow")
		}
	}
}

func (l *loading) declareUnit(u *spec.Unit, namespace spec.Str, kind spec.UnitKind, fallback string) {
	if u.Name != "" {
		return // an exposure was imported under two names
	}
	u.Name, u.Kind, u.Namespace = namespace.Value+"."+cmp.Or(u.Short.Value, fallback), kind, namespace
	if l.counts[u.Name]++; l.counts[u.Name] > 1 {
		u.Name = fmt.Sprintf("%s-%d", u.Name, l.counts[u.Name])
	}
	for _, in := range u.Inputs {
		in.Required = in.Required && in.Default == nil
	}
	if len(u.Passed) == 0 && !slices.ContainsFunc(u.Inputs, func(in *spec.Input) bool { return !in.Implied }) && !l.options.Strict {
		u.Binding = spec.BindAnyName
	}
	for _, op := range calls(u) {
		l.split(op)
	}
	if u.Direct {
		op := u.Steps[0].Action.(*spec.Operation)
		u.Steps[0].ID = op.Call
		u.Steps[0].ID.Value = op.Operation.Value
	}
	if len(u.Steps) == 0 {
		alone(u.Answer)
	}
	l.out.Units = append(l.out.Units, u)
}

// alone makes the answer of a unit without steps an object. A value without a
// name is called "value".
func alone(a *spec.Answer) {
	a.Named = true
	if len(a.Shapes) == 1 && !a.Shapes[0].Name.IsSet() {
		only := *a.Shapes[0]
		only.Name = spec.At(only.Pos, "value")
		a.Shapes = []*spec.Shape{&only}
	}
}

// split takes the text of a call apart.
func (l *loading) split(op *spec.Operation) {
	namespace, operation, _ := splitCall(op.Call.Value, l.out.APIs)
	op.API, op.Operation = op.Call, op.Call
	op.API.Value, op.Operation.Value = namespace, operation
	if op.Call.Raw == "" && op.Call.Style != spec.Block {
		op.Operation.Pos.Column += len([]rune(namespace)) + 1
	} else {
		op.API, op.Operation = spec.At(op.Call.Pos, namespace), spec.At(op.Call.Pos, operation)
	}
}
