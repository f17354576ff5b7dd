package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
)

func (a *app) planCommand() *cobra.Command {
	var load loadFlags
	var baseURL string
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Show what a run would do; nothing is sent",
		Long: `Plan shows every step with the operation it calls, where each value it sends
comes from, what it writes, what it waits for and what it needs. Nothing is sent.

A value that was bound by an overlay, by a step's own "with", by a step key or by
a schema says so in parentheses; -v names the rule of the others too.`,
		Example: `  capstan plan b2b-enterprise-onboarding.yaml
  capstan plan b2b-enterprise-onboarding.yaml -o json
  capstan plan ships.yaml --openapi fleet=fleet.openapi.yaml --overlay ships.overlay.yaml`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			opts.BaseURL = baseURL
			prog, report := engine.Validate(cmd.Context(), args[0], opts)
			if prog == nil {
				return a.refusePlan(report)
			}
			if !a.wantsText() {
				return a.printDocument(tidyPlan(prog.Plan()))
			}
			a.reportDiagnostics(report)
			planText{app: a, plan: prog.Plan(), paint: paint(a.color(a.io.OutTTY)), width: a.textWidth(a.io.OutTTY)}.write()
			return nil
		},
	}
	load.add(cmd.Flags())
	load.addOverride(cmd.Flags())
	cmd.Flags().StringVar(&baseURL, "base-url", "", "server to use for every API, as an absolute `URL` (default: the document's)")
	a.completeFile(cmd, &load)
	return cmd
}

// refusePlan ends a command whose file cannot run. A machine still gets one
// plan document, with the reasons as its diagnostics.
func (a *app) refusePlan(r *engine.Report) error {
	err := refused(r)
	if exitCode(err) == exitInvalid && !a.wantsText() {
		doc := tidyPlan(&engine.Plan{Capability: slug(r.File), Dialect: r.Dialect, Overlays: overlaysOf(r), Diagnostics: r.Diagnostics})
		if err := a.printDocument(doc); err != nil {
			return err
		}
	}
	return err
}

// overlaysOf lists the overlays that were read for a file that cannot run.
func overlaysOf(r *engine.Report) []string {
	var names []string
	for name, text := range r.Sources {
		if name != r.File && overlayMark.Match(text) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var overlayMark = regexp.MustCompile(`(?m)^overlay:`)

// refused says why a file did not become a program. When --override or --base-url
// alone is to blame that is wrong usage, not an invalid capability.
func refused(r *engine.Report) error {
	if !r.Diagnostics.HasErrors() {
		r.Diagnostics.Errorf(diag.Pos{File: r.File}, "dialect-not-runnable", "this is a %s file, which supports capabilities and does not run by itself", r.Dialect)
	}
	var blamed *usageError
	for _, d := range r.Diagnostics {
		switch {
		case d.Severity != diag.Error:
		case !strings.HasPrefix(d.Pos.File, "--override ") && d.Pos.File != "--base-url":
			return &engine.LoadError{Report: r}
		case blamed == nil:
			blamed = &usageError{Message: d.Pos.File + ": " + d.Message, Hint: d.Hint}
		}
	}
	return blamed
}

// slug names a capability by its file: the base name without its extension.
func slug(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// tidyPlan returns the plan with its empty lists as [], which is what readers
// of the document rely on.
func tidyPlan(p *engine.Plan) *engine.Plan {
	q := *p
	fill(&q.Overlays)
	fill(&q.Inputs)
	fill(&q.Outputs)
	fill(&q.Env)
	fill(&q.Hosts)
	fill(&q.Diagnostics)
	q.Steps = make([]engine.PlanStep, len(p.Steps))
	for i, s := range p.Steps {
		fill(&s.Binds)
		fill(&s.Needs)
		q.Steps[i] = s
	}
	return &q
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
