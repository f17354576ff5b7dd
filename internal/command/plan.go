package command

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/spec"
)

func (a *app) planCommand() *cobra.Command {
	var load loadFlags
	var baseURL string
	var perSecond float64
	cmd := &cobra.Command{
		Use:   "plan FILE [EXPOSURE]",
		Short: "Show what a run would do; nothing is sent",
		Long: `Plan shows every step with the operation it calls, where each value it sends
comes from, what it writes, what it waits for and what it needs. Nothing is sent.

A value that was bound by an overlay, by a step's own "with", by a step key or by
a schema says so in parentheses; -v names the rule of the others too.

A file with errors is planned as far as it goes: each step has what is bound, what is
missing and its errors. The exit code is 3.

Of a file that exposes several things (naftiko: and ikanos: files), EXPOSURE picks
one, as for run; without it they are listed with the operations they call.`,
		Example: `  capstan plan b2b-enterprise-onboarding.yaml
  capstan plan b2b-enterprise-onboarding.yaml -o json
  capstan plan ships.yaml --openapi fleet=fleet.openapi.yaml --overlay ships.overlay.yaml
  capstan plan harbour.yaml
  capstan plan harbour.yaml harbour.get-berth`,
		Args: fileAndExposure,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			r := engine.NewRunner(&engine.Options{BaseURL: baseURL, Pace: perSecond})
			u, report, err := unit(cmd.Context(), args[0], second(args), opts, r)
			switch {
			case err != nil:
				return a.listPlans(report, err)
			case u == nil:
				return a.refusePlan(report, planOfFile(report))
			case u.Program == nil:
				plan := r.Draft(cmd.Context(), u)
				plan.Diagnostics = append([]diag.Diagnostic{}, report.Diagnostics...)
				return a.refusePlan(report, plan)
			}
			plan := r.Plan(cmd.Context(), u.Program)
			if !a.wantsText() {
				return a.printDocument(plan)
			}
			a.reportDiagnostics(report)
			a.planText(plan).write()
			return nil
		},
	}
	load.add(cmd.Flags())
	load.addOverride(cmd.Flags())
	cmd.Flags().StringVar(&baseURL, "base-url", "", "server to use for every API, as an absolute `URL` (default: the document's)")
	addPace(cmd.Flags(), &perSecond)
	a.completeFile(cmd, &load)
	return cmd
}

// listPlans answers for a file that holds several things to run, none of which
// was named: their kinds and their calls. Another error is returned.
func (a *app) listPlans(r *engine.Report, err error) error {
	var unit *engine.UnitError
	if !errors.As(err, &unit) || unit.Name != "" || len(unit.Units) == 0 {
		return exposureError(err)
	}
	list := exposures(unit.Units)
	if !a.wantsText() {
		return a.printDocument(planList{planOfFile(r), list, append([]engine.Refusal{}, unit.Refused...)})
	}
	a.listRefused(r.File, "run", unit.Refused)
	exposureTable(list, a.textWidth(a.io.OutTTY), true, func(format string, args ...any) { a.printf(format+"\n", args...) })
	for _, f := range r.Files {
		if f.Path != r.File {
			a.printf("reads  %s\n", term.Printable(fileText(f)))
		}
	}
	a.note("the plan of one: capstan plan %s %s", term.Printable(r.File), term.Printable(list[0].Name))
	return nil
}

// planList is the document of `plan -o json` for a file that holds several
// things to run: that of a plan, with the units that could be planned and those that
// could not.
type planList struct {
	*document.Plan
	Exposures []exposureEntry  `json:"exposures"`
	Refused   []engine.Refusal `json:"refused"`
}

// refusePlan ends a command with a file that cannot run. Its plan, as far as it goes, is
// printed all the same.
func (a *app) refusePlan(r *engine.Report, plan *document.Plan) error {
	err := refused(r)
	if exitCode(err) != exitInvalid {
		return err
	}
	if !a.wantsText() {
		return cmp.Or(a.printDocument(plan), err)
	}
	if len(plan.Steps) > 0 {
		a.planText(plan).write()
	}
	for _, s := range r.StoodBack {
		a.note("stood back: %s", term.Printable(stoodBackText(s)))
	}
	return err
}

// planOfFile is the plan document of a file of which no unit is planned.
func planOfFile(r *engine.Report) *document.Plan {
	return &document.Plan{
		Capability: spec.NameOf(r.File), Dialect: r.Dialect, Overlays: append([]string{}, r.Overlays...),
		StoodBack: r.StoodBack,
		Inputs:    []document.Input{}, Steps: []document.Step{}, Outputs: []document.Output{}, Env: []document.Env{}, Hosts: []string{},
		Files: append([]document.File{}, r.Files...), Diagnostics: append(diag.List{}, r.Diagnostics...),
	}
}

// refused is the reason why a file did not become a program. When --override, --openapi or --base-url
// alone is to blame that is wrong usage, not an invalid capability.
func refused(r *engine.Report) error {
	if !r.Diagnostics.HasErrors() && r.Runnable {
		return usage(r.File+" exposes several things, or none, and this command takes a file with one", "they are listed by: capstan plan "+r.File)
	}
	if !r.Diagnostics.HasErrors() {
		r.Diagnostics.Errorf(diag.Start(r.File), "dialect-not-runnable", "this is a %s file, which supports capabilities and does not run by itself", r.Dialect)
	}
	var blamed *failure
	for _, d := range r.Diagnostics {
		switch {
		case d.Severity != diag.Error:
		case !strings.HasPrefix(d.Pos.File, "--override ") && !strings.HasPrefix(d.Pos.File, "--openapi ") && d.Pos.File != "--base-url":
			return &engine.LoadError{Report: r}
		case blamed == nil:
			blamed = usage(d.Pos.File+": "+d.Message, d.Hint)
		}
	}
	return blamed
}
