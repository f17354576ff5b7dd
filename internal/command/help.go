package command

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/spec"
)

// help writes what a command is for, filled to the terminal, and the examples, which
// people copy, before the flags.
func (a *app) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s\n\n", columns.Fill(strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)), a.textWidth(a.io.OutTTY)))
	if cmd.HasExample() {
		fmt.Fprintf(w, "Examples:\n%s\n\n", cmd.Example)
	}
	fmt.Fprint(w, cmd.UsageString())
}

// usage writes how a command is used, its flags' descriptions wrapped to the
// terminal.
func (a *app) usage(cmd *cobra.Command) error {
	w, width := cmd.OutOrStderr(), a.textWidth(a.io.OutTTY)
	line := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line = cmd.CommandPath() + " COMMAND"
	}
	fmt.Fprintf(w, "Usage:\n  %s\n", line)
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				name := "  " + term.Pad(c.Name(), c.NamePadding()) + " "
				about := columns.Wrap(c.Short, max(width-len(name), 0))
				fmt.Fprintln(w, name+strings.Join(about, "\n"+strings.Repeat(" ", len(name))))
			}
		}
	}
	for _, group := range []struct {
		title string
		flags *pflag.FlagSet
	}{{"Flags", cmd.LocalFlags()}, {"Flags of every command", cmd.InheritedFlags()}} {
		if group.flags.HasAvailableFlags() {
			fmt.Fprintf(w, "\n%s:\n%s", group.title, group.flags.FlagUsagesWrapped(width))
		}
	}
	return nil
}

// duration is a flag value that knows days and weeks, as capability files do.
type duration struct{ d *time.Duration }

func (f duration) String() string {
	if f.d == nil || *f.d == 0 {
		return ""
	}
	return f.d.String()
}

func (f duration) Type() string { return "DURATION" }

// paceFlag is a flag of requests a second.
type paceFlag struct{ perSecond *float64 }

func (f paceFlag) String() string {
	if f.perSecond == nil || *f.perSecond == 0 {
		return ""
	}
	return pace.Text(*f.perSecond)
}

func (f paceFlag) Type() string { return "PACE" }

// Set reads the flag.
func (f paceFlag) Set(s string) error {
	perSecond, ok := pace.Parse(s)
	if !ok {
		return errors.New("write " + pace.Form)
	}
	*f.perSecond = perSecond
	return nil
}

// Set reads the flag. The error is completed by pflag with the flag's name.
func (f duration) Set(s string) (err error) {
	*f.d, err = spec.ParseDuration(s)
	return err
}
