package plan

import (
	"fmt"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/paging"
	"github.com/capstan-run/capstan/spec"
)

// conditions compiles until, fail and select, which see the step's own answer
// as `result` and under the step's id, and decides how the step is polled.
func (b *builder) conditions(s *Step, a *Operation, scope *eval.Scope) {
	st := s.src
	a.All = st.All
	if a.All && a.Op != nil && !paging.Supported(a.Op) {
		b.errorAt(s.At, "not-pageable", "remove `all`", "%s has no pagination that capstan knows", a.Op.ID)
	}
	if st.Retry != nil {
		a.Attempts = st.Retry.Attempts
	}
	if st.RequestTimeout != nil {
		a.Limit = st.RequestTimeout.D
	}
	answer := scope.WithStep(s.ID, s.Result).With(map[string]eval.Type{varResult: s.Result})
	a.Until = b.own(answer, st.Until, s, true)
	a.Fail = b.own(answer, st.Fail, s, true)
	a.Select = b.own(answer, st.Select, s, false)
	if a.Select != nil {
		if a.Select.Type().Kind() == "boolean" {
			b.errorAt(*st.Select, "wrong-type", "find(LIST, CONDITION) gives the item", "select wants the item, and this is true or false")
		}
		s.Result = selected(s.Result, a.Select.Type())
	}
	b.schedule(s, a)
}

// selected is the type of a result with its selected item beside it. A bare
// list keeps its items under a name of their own.
func selected(result, item eval.Type) eval.Type {
	if result.Kind() == "array" {
		result = eval.Object(map[string]eval.Type{"items": result}, false)
	}
	return result.WithField(matchField, item)
}

// own compiles an expression over the step's own answer.
func (b *builder) own(scope *eval.Scope, src *spec.Str, s *Step, boolean bool) *eval.Expr {
	if src == nil {
		return nil
	}
	compile := scope.Compile
	if boolean {
		compile = scope.CompileBool
	}
	e, problems := compile(src.Value)
	b.report(*src, problems)
	return b.ordered(e, src, s, true)
}

// schedule fills in when a poll looks. Its cap bounds the backoff: six times
// `every`, at most five minutes unless `every` itself is longer.
func (b *builder) schedule(s *Step, a *Operation) {
	st := s.src
	if st.Until == nil {
		for _, d := range []*spec.Duration{st.Every, st.Timeout} {
			if d != nil {
				b.diags.Add(diag.Diagnostic{Code: "misplaced-key", Severity: diag.Error, Pos: d.Pos,
					Message: fmt.Sprintf("step %q is given a time but nothing to wait for", s.ID), Hint: "add `until`, or remove it"})
			}
		}
		return
	}
	if a.Op != nil && a.Op.Effect() != operations.Read {
		b.errorAt(*st.Until, "polled-write", "poll an operation that reads, in a step of its own",
			"step %q would send %s again and again: it writes", s.ID, a.Op.ID)
	}
	sched := durable.Schedule{Every: DefaultEvery, Timeout: DefaultTimeout}
	if st.Every != nil {
		sched.Every = st.Every.D
	}
	if st.Timeout != nil {
		sched.Timeout = st.Timeout.D
	}
	sched.Cap = max(sched.Every, min(6*sched.Every, 5*time.Minute))
	a.Schedule = sched
}

// sensitive checks that the paths exist in the result.
func (b *builder) sensitive(s *Step) {
	for _, p := range s.src.Sensitive {
		path := ParsePath(p.Value)
		if _, ok := path.in(s.Result); !ok {
			b.errorAt(p, "unknown-field", b.fieldHint(s, path), "sensitive %q is not a field of the result of step %q", p.Value, s.ID)
		}
		s.Sensitive = append(s.Sensitive, path)
	}
}

// fieldHint suggests a field of the result for a path that is none.
func (b *builder) fieldHint(s *Step, path Path) string {
	if len(path) == 0 {
		return ""
	}
	if near := suggest.Closest(path[0], s.Result.Fields()); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// outputs compiles the sources, which see every step.
func (b *builder) outputs() {
	b.at = len(b.plan.Steps)
	var outputs Named
	for i := range b.c.Outputs {
		out := &b.c.Outputs[i]
		if !out.Source.IsSet() {
			continue // reported when the file was read
		}
		e, problems := b.scope.Compile(out.Source.Value)
		b.report(out.Source, problems)
		if e == nil {
			continue
		}
		p := &Output{Name: out.Name.Value, Expr: e, Sensitive: out.Sensitive || b.readsSecret(e.Refs())}
		b.use(e.Refs(), "output "+p.Name)
		outputs = append(outputs, p)
	}
	b.plan.Outcome = outputs
}
