package engine

import (
	"cmp"
	"context"
	"sync"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Program is a loaded unit: resolved, bound, checked and ordered. It is immutable,
// tied to no credential and to nothing outside, and safe for any number of
// concurrent runs by any number of Runners.
type Program struct {
	unit *load.Unit
	plan *plan.Plan
	view func() *document.Plan
	own  func() *Runner // the one of Run
}

func newProgram(u *load.Unit) *Program {
	p := &Program{unit: u, plan: u.Plan}
	p.view = sync.OnceValue(p.describe)
	p.own = sync.OnceValue(func() *Runner { return NewRunner(nil) })
	return p
}

// Name returns the capability's name as a slug: the file's base name without
// its extension ("b2b-enterprise-onboarding"); of a unit of a framework file
// "namespace.name".
func (p *Program) Name() string { return p.plan.Unit.Name }

// Kind returns the kind of thing that the program was declared as.
func (p *Program) Kind() spec.UnitKind { return p.plan.Unit.Kind }

// Title returns the capability's name as its file has it ("B2B Enterprise
// Onboarding"), its slug where the file has none.
func (p *Program) Title() string {
	return cmp.Or(p.plan.Unit.Short.Value, p.plan.Unit.Title.Value, p.Name())
}

// Description returns the capability's description in its file.
func (p *Program) Description() string { return p.plan.Unit.Description.Value }

// Plan returns the steps of a run, and how their values are bound. Its Env, Hosts and
// Pace depend on the outside and are empty; [Runner.Plan] has them. The caller must not
// change it.
func (p *Program) Plan() *document.Plan { return p.view() }

// Operation returns the operation that a step calls, nil for a step that calls
// none and for an unknown one.
func (p *Program) Operation(step string) *operations.Operation {
	for _, s := range p.plan.Steps {
		if a := s.Operation(); s.ID == step && a != nil {
			return a.Op
		}
	}
	return nil
}

// Run runs the program with a Runner of its own, which has the default options. See
// [Runner.Run].
func (p *Program) Run(ctx context.Context, in Inputs) (*Result, error) {
	return p.own().Run(ctx, p, in, nil)
}
