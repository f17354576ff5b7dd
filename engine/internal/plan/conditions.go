package plan

import (
	"fmt"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/paging"
	"github.com/capstan-run/capstan/spec"
)

// conditions compiles until, fail and select, which see the step's own answer
// as `result` and under the step's id, and decides how the step is polled.
func (b *builder) conditions(n *names, a *Operation, src *spec.Operation) {
	s := n.s
	a.All = src.All
	if a.All && a.Op != nil && !paging.Supported(a.Op) {
		b.errorAt(s.At, "not-pageable", "remove `all`", "%s has no pagination that capstan knows", a.Op.ID)
	}
	a.Attempts = src.Retry
	if src.RequestTimeout != nil {
		a.Limit = src.RequestTimeout.D
	}
	if src.Until != nil || src.Fail != nil || src.Select != nil {
		answer := n.scope.WithStep(s.ID, s.Result).With(map[string]eval.Type{varResult: s.Result})
		a.Until = b.expr(answer, src.Until, s, true, true)
		a.Fail = b.expr(answer, src.Fail, s, true, true)
		a.Select = b.expr(answer, src.Select, s, false, true)
	}
	if a.Select != nil {
		if a.Select.Type().Kind() == "boolean" {
			b.errorAt(*src.Select, "wrong-type", "find(LIST, CONDITION) gives the item", "select wants the item, and this is true or false")
		}
		s.Result = selected(s.Result, a.Select.Type())
	} else if src.Select != nil { // reported
		s.Result = selected(s.Result, eval.Any())
	}
	b.schedule(s, a, src)
}

// selected is the type of a result with its selected item beside it. A bare
// list keeps its items under a name of their own.
func selected(result, item eval.Type) eval.Type {
	if result.Kind() == "array" {
		result = eval.Object(map[string]eval.Type{"items": result}, false)
	}
	return result.WithField(matchField, item)
}

// schedule fills in when a poll looks. Its cap bounds the backoff: six times
// `every`, at most five minutes unless `every` itself is longer.
func (b *builder) schedule(s *Step, a *Operation, st *spec.Operation) {
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
