package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// matchField is the name under which later steps see what `select` chose.
const matchField = "match"

// Names of the variables that expressions may use beside step ids.
const (
	varInputs = "inputs" // the run's inputs by name
	varRun    = "run"    // id and started_at of the run
	varResult = "result" // the answer being judged by until, fail and select
	varItem   = "item"   // the element of `each` at hand
	varIndex  = "index"  // its position, from 0
)

// APIs finds the operations of an API by the name that capabilities use. The
// error says where documents are looked for.
type APIs func(name string) (*operations.Set, error)

// Build checks a capability against its operations and returns the plan with
// every problem found. The plan is complete only when the list has no errors.
func Build(c *spec.Capability, apis APIs) (*Plan, diag.List) {
	b := &builder{
		c:      c,
		apis:   apis,
		plan:   &Plan{Capability: c},
		byID:   map[string]*Step{},
		order:  map[string]int{},
		types:  map[*operations.Schema]eval.Type{},
		about:  map[string][]int{},
		byName: map[string][]*Input{},
		used:   map[string][]string{},
		uses:   map[[2]string]bool{},
	}
	b.inputs()
	b.resolveAll()
	b.index()
	b.scope = eval.NewScope(b.stepTypes(), map[string]eval.Type{
		varInputs: b.inputsType(),
		varRun:    eval.Object(map[string]eval.Type{"id": eval.String(), "started_at": eval.String()}, false),
	})
	for i, s := range b.plan.Steps {
		b.at = i
		b.step(s)
		b.scope.SetStep(s.ID, s.Result)
	}
	b.outputs()
	b.promised()
	b.reads()
	b.unused()
	return b.plan, b.diags.Sort()
}

// builder holds what one Build collects.
type builder struct {
	c      *spec.Capability
	apis   APIs
	plan   *Plan
	byID   map[string]*Step
	order  map[string]int // id -> index of the step
	types  map[*operations.Schema]eval.Type
	about  map[string][]int    // resource -> indices of the steps whose operation is about it
	byName map[string][]*Input // by canonical name
	scope  *eval.Scope
	at     int                 // index of the step being planned
	used   map[string][]string // input -> what reads it
	uses   map[[2]string]bool  // input and what reads it
	diags  diag.List

	suggested int // unknown operations so far
}

func (b *builder) errorAt(s spec.Str, code, hint, format string, args ...any) {
	pos, end := s.Span(0, len([]rune(s.Value)))
	b.diags.Add(diag.Diagnostic{Code: code, Severity: diag.Error, Pos: pos, EndColumn: end, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// stepTypes returns what each step yields as far as its operation tells; the
// scope is refined as steps are planned.
func (b *builder) stepTypes() map[string]eval.Type {
	types := make(map[string]eval.Type, len(b.plan.Steps))
	for _, s := range b.plan.Steps {
		types[s.ID] = s.Result
		if s.src.Select != nil {
			types[s.ID] = selected(s.Result, eval.Any())
		}
	}
	return types
}

// step plans one step whose operation is resolved.
func (b *builder) step(s *Step) {
	scope := b.scope
	if s.src.Each != nil {
		s.Each = b.expr(scope, s.src.Each, s)
		item := eval.Any()
		if s.Each != nil {
			if t := s.Each.Type(); t.Kind() == "array" {
				item = t.Elem()
			} else if !t.IsAny() {
				b.errorAt(*s.src.Each, "wrong-type", "each wants a list", "each of step %q is a %s, not a list", s.ID, t)
			}
		}
		scope = scope.With(map[string]eval.Type{varItem: item, varIndex: eval.Int()})
	}
	if s.src.When != nil {
		s.When = b.condition(scope, s.src.When, s)
	}
	switch a := s.Action.(type) {
	case *External:
		b.bindExternal(s, a, scope)
	case *Operation:
		if a.Op != nil {
			b.guard(s, a, b.bindOperation(s, a, scope))
			b.policy(s, a, scope)
		} else {
			b.bindUnresolved(s, scope)
		}
		b.conditions(s, a, scope)
	}
	b.sensitive(s)
	for _, bind := range s.Action.Takes() {
		bind.Sensitive = b.readsSecret(bind.Value.refs())
	}
	s.Needs = b.needs(s)
	if s.Each != nil {
		s.Result = eval.ArrayOf(s.Result)
	}
}

// expr compiles a bare expression that may read earlier steps only.
func (b *builder) expr(scope *eval.Scope, src *spec.Str, s *Step) *eval.Expr {
	e, problems := scope.Compile(src.Value)
	b.report(*src, problems)
	return b.ordered(e, src, s, false)
}

func (b *builder) condition(scope *eval.Scope, src *spec.Str, s *Step) *eval.Expr {
	e, problems := scope.CompileBool(src.Value)
	b.report(*src, problems)
	return b.ordered(e, src, s, false)
}

// ordered refuses references to steps that have not run when e is evaluated.
func (b *builder) ordered(e *eval.Expr, src *spec.Str, s *Step, own bool) *eval.Expr {
	if e == nil {
		return nil
	}
	b.checkOrder(e.Refs(), *src, s, own)
	b.use(e.Refs(), s.ID)
	return e
}

func (b *builder) checkOrder(refs []eval.Ref, src spec.Str, s *Step, own bool) {
	for _, r := range refs {
		if !r.Step {
			continue
		}
		i, known := b.order[r.Name]
		if !known {
			i = -1
		}
		if i < b.at || i == b.at && own {
			continue
		}
		at := max(strings.Index(src.Value, r.Name), 0)
		pos, end := src.Span(len([]rune(src.Value[:at])), len([]rune(r.Name)))
		d := diag.Diagnostic{
			Code: "later-step", Severity: diag.Error, Pos: pos, EndColumn: end,
			Message: fmt.Sprintf("step %q reads step %q, which runs later", s.ID, r.Name),
			Hint:    fmt.Sprintf("move step %q before %q", r.Name, s.ID),
			Related: []diag.Related{{Pos: b.byID[r.Name].At.Pos, Message: fmt.Sprintf("step %q is here", r.Name)}},
		}
		if i == b.at {
			d.Message = fmt.Sprintf("step %q reads its own result before it has one", s.ID)
			d.Hint = "only until, fail and select see the step's own answer"
			d.Related = nil
		}
		b.diags.Add(d)
	}
}

// use notes which inputs the references read.
func (b *builder) use(refs []eval.Ref, by string) {
	for _, r := range refs {
		if r.Step || r.Name != varInputs {
			continue
		}
		if len(r.Path) == 0 {
			for _, in := range b.plan.Inputs {
				b.useInput(in.Name, by)
			}
			continue
		}
		b.useInput(r.Path[0], by)
	}
}

func (b *builder) useInput(name, by string) {
	if use := [2]string{name, by}; !b.uses[use] {
		b.uses[use] = true
		b.used[name] = append(b.used[name], by)
	}
}

// needs returns the ids of the steps that s reads, in file order.
func (b *builder) needs(s *Step) []string {
	read := map[string]bool{}
	mark := func(refs []eval.Ref) {
		for _, r := range refs {
			if r.Step && r.Name != s.ID {
				read[r.Name] = true
			}
		}
	}
	mark(s.Action.refs())
	mark(exprRefs(s.When, s.Each))
	out := slices.Collect(maps.Keys(read))
	out = slices.DeleteFunc(out, func(id string) bool { _, known := b.order[id]; return !known })
	slices.SortFunc(out, func(x, y string) int { return cmp.Compare(b.order[x], b.order[y]) })
	return out
}
