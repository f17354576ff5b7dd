package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// matchField is the name under which later steps see the item that `select` chose.
const matchField = "match"

// headersField is the member that stands for the headers of a step's answer.
const headersField = "headers"

// Names of the variables that texts may use beside step ids.
const (
	varInputs = "inputs" // the run's inputs by name
	varRun    = "run"    // id and started_at of the run
	varResult = "result" // the answer being judged by until, fail and select
	varItem   = "item"   // the element of `each` at hand
	varIndex  = "index"  // its position, from 0
	varBinds  = "binds"  // the values of binds by "namespace.NAME"
)

// Sources are the means by which a plan finds the things that a file names.
type Sources struct {
	// API finds the operations of an API by the name that the file uses. The
	// error names the places where documents are looked for.
	API func(name string) (*operations.Set, error)
	// Having finds the API whose document has an operation, "" where none has it:
	// for one of which the file does not say where it belongs.
	Having func(operation string) (api string, err error)
	// File reads a file that a unit names, such as a schema or a script: path is
	// as written in the file from.
	File func(from, path string) ([]byte, error)
	// Reported reports that the unit has errors already: its calls of operations
	// that the file does not describe follow from them.
	Reported bool
}

// Build checks a unit of a file against its operations and returns the plan with
// every problem found. The plan is complete only when the list has no errors.
func Build(file *spec.File, unit *spec.Unit, src Sources) (*Plan, diag.List) {
	b := &builder{
		file: file, unit: unit, src: src,
		plan:      &Plan{File: file, Unit: unit},
		byID:      map[string]*Step{},
		order:     map[string]int{},
		types:     map[*operations.Schema]eval.Type{},
		about:     map[string][]int{},
		byName:    map[string][]*Input{},
		used:      map[string][]string{},
		uses:      map[[2]string]bool{},
		idle:      map[string]bool{},
		passed:    map[string]Value{},
		variables: NewVariables(file.Binds),
		askedFor:  map[string]string{},
		again:     map[string]bool{},
	}
	b.inputs()
	b.resolveAll()
	b.index()
	b.scope = eval.NewScope(b.stepTypes(), map[string]eval.Type{
		varInputs: b.inputsType(),
		varRun:    eval.Object(map[string]eval.Type{"id": eval.String(), "started_at": eval.String()}, false),
	})
	b.pass()
	for i, s := range b.plan.Steps {
		if s.Operation() != nil && unit.Steps[i].Each == nil {
			b.scope.SetHeaders(s.ID)
		}
	}
	for i, s := range b.plan.Steps {
		b.at = i
		b.step(s, unit.Steps[i])
		b.scope.SetStep(s.ID, s.Result)
	}
	b.at = len(b.plan.Steps)
	b.outcome()
	b.reads()
	b.keep()
	b.accepted()
	b.passwords()
	b.labels()
	b.unused()
	b.servedNames()
	b.plan.Variables = b.variables.used
	return b.plan, b.diags.Sort()
}

// builder holds everything that one Build collects.
type builder struct {
	file      *spec.File
	unit      *spec.Unit
	src       Sources
	plan      *Plan
	byID      map[string]*Step
	order     map[string]int // id -> index of the step
	types     map[*operations.Schema]eval.Type
	about     map[string][]int    // resource -> indices of the steps that call an operation about it
	byName    map[string][]*Input // by canonical name
	scope     *eval.Scope
	variables *Variables
	askedFor  map[string]string   // inputs that were asked for -> the resource that they are about
	at        int                 // index of the step being planned
	used      map[string][]string // input -> its readers
	uses      map[[2]string]bool  // input and reader
	idle      map[string]bool     // inputs that would feed what something else fills
	again     map[string]bool     // inputs that feed parameters of another name
	passed    map[string]Value    // see spec.Unit.Passed
	diags     diag.List

	suggested int // unknown operations so far
	// blind reports that the document of an operation is missing: any input may be meant
	// for it. likely are the operations that were misspelt.
	blind  bool
	likely []*operations.Operation
}

func (b *builder) errorAt(s spec.Str, code, hint, format string, args ...any) {
	pos, end := wholeOf(s)
	b.diags.Add(diag.Diagnostic{Code: code, Severity: diag.Error, Pos: pos, EndColumn: end, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// misspelt reports a word that is none of those known, with the one that was meant.
// Where none is like it the hint lists them after the label, or is otherwise.
func (b *builder) misspelt(s spec.Str, code string, known []string, label, otherwise, format string, args ...any) {
	b.errorAt(s, code, "", format, args...)
	d := &b.diags[len(b.diags)-1]
	suggest.Explain(d, s.Value, label, known)
	d.Hint = cmp.Or(d.Hint, otherwise)
}

// wholeOf is the place of a text, without its quotes.
func wholeOf(s spec.Str) (diag.Pos, int) { return s.Span(0, len([]rune(s.Value))) }

// stepTypes returns the types of the steps' results as far as their operations
// give them; the scope is refined as steps are planned.
func (b *builder) stepTypes() map[string]eval.Type {
	types := make(map[string]eval.Type, len(b.plan.Steps))
	for i, s := range b.plan.Steps {
		types[s.ID] = s.Result
		if op, ok := b.unit.Steps[i].Action.(*spec.Operation); ok && op.Select != nil {
			types[s.ID] = selected(s.Result, eval.Any())
		}
	}
	return types
}

// step plans one step after its operation was resolved.
func (b *builder) step(s *Step, src *spec.Step) {
	scope := b.scope
	if src.Each != nil {
		s.Each = b.expr(scope, src.Each, s, false, false)
		item := eval.Any()
		if s.Each != nil {
			b.listed(s)
			if t := s.Each.Type(); t.Kind() == "array" {
				item = t.Elem()
			} else if !t.IsAny() {
				b.errorAt(*src.Each, "wrong-type", "each wants a list", "each of step %q is a %s, not a list", s.ID, t)
			}
		}
		scope = scope.With(map[string]eval.Type{varItem: item, varIndex: eval.Int()})
	}
	s.When = b.expr(scope, src.When, s, true, false)
	n := b.scoped(s, scope)
	switch a := s.Action.(type) {
	case *Operation:
		b.operation(n, a, src.Action.(*spec.Operation))
	case *External:
		b.external(n, a, src.Action.(*spec.External))
	case *Lookup:
		b.lookup(n, a, src.Action.(*spec.Lookup))
	case *Script:
		b.script(n, a, src.Action.(*spec.Script))
	case *Mock:
		a.Answer = n.values(src.Action.(*spec.Mock).Outputs)
		s.Result = a.Answer.t
	}
	b.sensitive(s, src.Sensitive)
	for _, bind := range s.Action.Takes() {
		bind.Sensitive = b.readsSecret(bind.Reads)
	}
	s.Needs = b.needs(s)
	if s.Each != nil {
		s.Result = eval.ArrayOf(s.Result)
	}
}

// scoped are the names that the texts of a step may use.
func (b *builder) scoped(s *Step, scope *eval.Scope) *names {
	return &names{builder: b, s: s, by: s.ID, scope: scope, language: b.unit.Language}
}

// expr compiles an expression, nil for nil. It may read earlier steps, and the
// step's own answer where own is true.
func (b *builder) expr(scope *eval.Scope, src *spec.Str, s *Step, condition, own bool) *eval.Expr {
	if src == nil {
		return nil
	}
	compile := scope.Compile
	if condition {
		compile = scope.CompileBool
	}
	e, problems := compile(src.Value)
	b.report(*src, problems)
	if e != nil {
		b.checkOrder(e.Refs(), *src, s, own)
		b.use(e.Refs(), s.ID)
	}
	return e
}

// checkOrder refuses references to steps that have not run yet.
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

// earlierStep returns the step of an id that has run by the one at hand, or nil.
func (b *builder) earlierStep(id string) *Step {
	if i, ok := b.order[id]; ok && i < b.at {
		return b.plan.Steps[i]
	}
	return nil
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
	for _, r := range slices.Concat(s.Action.refs(), exprRefs(s.When, s.Each)) {
		if _, known := b.order[r.Name]; r.Step && known && r.Name != s.ID {
			read[r.Name] = true
		}
	}
	return slices.SortedFunc(maps.Keys(read), func(x, y string) int { return cmp.Compare(b.order[x], b.order[y]) })
}
