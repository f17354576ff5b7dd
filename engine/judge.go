package engine

import (
	"context"
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/engine/internal/serving"
)

// Judged returns a file as this Runner can run it: what keeps a unit from its APIs is
// among the unit's problems, and among those of the file.
func (r *Runner) Judged(ctx context.Context, f *File) *File {
	out, report := *f, *f.report
	out.report, out.units = &report, nil
	var all diag.List
	var unable []screen.Unit
	for _, u := range f.units {
		if u.Program != nil {
			judged := *u
			found := r.check(ctx, u.Program)
			all = append(all, found...)
			found = f.loaded.Counted(found)
			judged.Problems = slices.Concat(u.Problems, found).Sort()
			if found.HasErrors() {
				judged.Program = nil
			}
			u = &judged
		}
		if u.Program == nil {
			unable = append(unable, screen.Unit{Name: u.Name, Problems: u.Problems})
		}
		out.units = append(out.units, u)
	}
	f.loaded.Screened(&report, all, unable)
	return &out
}

// Refusal is something that a file declares and that cannot be used.
type Refusal = document.Refusal

// Refused lists the units that cannot run, each with the first reason.
func (f *File) Refused() []Refusal {
	var out []Refusal
	for _, u := range f.units {
		if u.Program != nil {
			continue
		}
		if errors := u.Problems.Errors(); len(errors) > 0 {
			out = append(out, Refusal{Name: u.Name, Kind: string(u.Kind), Reason: errors[0]})
		}
	}
	return out
}

// Unserved lists the exposures, and the parts of exposures, that cannot be served:
// beside what cannot run, the routes that others have taken, and the like.
func (f *File) Unserved() []Refusal { return f.loaded.Serving.Refused }

// Exposure is an exposure without the parts that cannot be served.
type Exposure = serving.Exposure

// Exposures returns what can be served of the exposures in Spec. Units that cannot run
// are among it.
func (f *File) Exposures() []*Exposure { return f.loaded.Serving.Exposures }

// Check reports why a program cannot reach its APIs: a base URL that no request could
// go to, operations without a server, credentials that would go out unencrypted. Run
// and Start refuse such a program.
func (r *Runner) Check(ctx context.Context, p *Program) diag.List {
	return p.unit.File().Counted(r.check(ctx, p))
}

// check is [Runner.Check] before the project's rules.
func (r *Runner) check(ctx context.Context, p *Program) diag.List {
	l := r.linked(p)
	f := p.unit.File()
	var out diag.List
	if r.o.BaseURL != "" {
		if err := connect.CheckBaseURL(r.o.BaseURL); err != nil {
			out.Errorf(diag.Pos{File: "--base-url"}, "bad-base-url", "the base URL cannot be used: %v", err)
			return out
		}
	}
	for _, problem := range l.link.Check(ctx, p.unit.Uses) {
		var at diag.Pos
		switch {
		case problem.Op != nil:
			at = p.callOf(problem.Op.ID)
		case r.o.BaseURL != "":
			at = diag.Pos{File: "--base-url"}
		}
		out.Errorf(at, problem.Code, "%s", problem.Message)
	}
	return out.Placed(f.Report.File).Sort()
}

// callOf returns where the file calls an operation first.
func (p *Program) callOf(operation string) diag.Pos {
	for _, s := range p.plan.Steps {
		if a := s.Operation(); a != nil && a.Op.ID == operation {
			return a.At.Pos
		}
	}
	return diag.Pos{}
}
