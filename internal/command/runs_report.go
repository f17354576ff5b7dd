package command

import (
	"bytes"
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/report"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

func (a *app) runsReportCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "report RUN -o FILE",
		Short: "Write a run as one page of HTML, for an incident ticket",
		Long: `Report writes a page that needs no other file: where the run stands, its problem, the
graph with the outcome of each step, a time line, inputs and outputs, where values
came from, and the history. What is sensitive is not in it.`,
		Example: `  capstan runs report run_01k9w4 -o report.html
  capstan runs report run_01k9w4 -o - | mail -s onboarding ops@example.com`,
		Args: exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch file {
			case "":
				return usagef("-o FILE is missing: the page to write, or - for stdout")
			case "text", "json", "yaml":
				return usage("-o is the file to write, and "+file+" looks like a format", "a file of that name is ./"+file)
			}
			return with(cmd.Context(), a.openToLook, func(rt durable.Runtime) error { return a.writeReport(cmd.Context(), rt, args[0], file) })
		},
	}
	// Here -o is a file, not a format: the page has one.
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write, - for stdout")
	a.completeRuns(cmd, anyRun, nil)
	return cmd
}

func (a *app) writeReport(ctx context.Context, rt durable.Runtime, text, file string) error {
	s, err := a.findRun(ctx, rt, text)
	if err != nil {
		return err
	}
	runner := looker(rt)
	run, err := runner.Inspect(ctx, s.ID)
	if err != nil {
		return err
	}
	p := report.Page{Run: a.worded(run), Now: time.Now(), Words: happening}
	if prog, err := runner.Program(ctx, s.ID); err == nil { // an older version's may not be readable
		p.Plan = prog.Plan()
	}
	var page bytes.Buffer
	if err := report.Write(&page, p); err != nil {
		return err
	}
	if file == "-" {
		a.printf("%s", page.Bytes())
		return nil
	}
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		return err
	}
	a.note("%s has the report of run %s", term.Printable(file), s.ID)
	return nil
}
