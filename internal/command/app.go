package command

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/fault"
	"github.com/capstan-run/capstan/internal/suggest"
)

// app is one invocation: where it reads and writes, and the flags that every
// command has.
type app struct {
	io    *term.Streams
	out   *term.Sink // stdout
	args  []string
	flags globalFlags
	own   Options
	open  *Remote // the runs of a server, once they were opened
}

// globalFlags are the flags that every command accepts.
type globalFlags struct {
	output         string
	quiet          bool
	verbose        bool
	logFormat      string
	noColor        bool
	nonInteractive bool
	state          string
	runtime        string
	config         string
}

// run executes one command line of capstan and returns its exit code.
func run(ctx context.Context, args []string, with *term.Streams) int {
	return runAs(ctx, args, with, Options{})
}

// runAs executes one command line and returns its exit code.
func runAs(ctx context.Context, args []string, with *term.Streams, o Options) (code int) {
	if len(args) > 0 && args[0] == "--version" { // as most commands have it
		args = slices.Concat([]string{"version"}, args[1:])
	}
	a := &app{out: &term.Sink{W: with.Out}, args: args, own: o}
	own := *with
	own.Err = &stderr{w: with.Err, flags: &a.flags}
	a.io = &own
	root := a.root()
	root.SetArgs(args)
	root.SetIn(with.In)
	root.SetOut(a.out)
	root.SetErr(own.Err)
	defer a.onPanic(&code)
	a.io.Interrupts.Otherwise(func() {
		cmd, _, _ := root.Find(args)
		a.ended(cmd, context.Canceled)
	})
	cmd, err := root.ExecuteContextC(ctx)
	if !a.io.Interrupts.Claim() {
		return exitInterrupted
	}
	code = a.ended(cmd, err)
	if a.out.Err != nil && code == exitDone {
		code = exitFailed
		if !term.IsClosedPipe(a.out.Err) {
			a.complain("%s: the output could not be written: %v", a.program(), a.out.Err)
		}
	}
	return code
}

// ended reports how the command line ended, and returns its exit code.
func (a *app) ended(cmd *cobra.Command, err error) int {
	defer a.documentError(err)
	return a.report(cmd, err)
}

// newProgress returns the progress for -q, for a terminal, for a pipe or for
// --log-format json.
func (a *app) newProgress() *term.Progress {
	p := &term.Progress{Out: a.io.Err}
	if a.io.ErrTTY {
		p.Width = a.io.Width
	}
	switch {
	case a.flags.quiet:
		p.Out = io.Discard
	case a.flags.logFormat == "json":
		p.Log = a.records()
	default:
		p.Paint = term.Paint(a.color(a.io.ErrTTY))
		p.Live = bool(p.Paint) && !a.flags.verbose // -v prints lines of its own
	}
	return p
}

// color reports whether a stream may carry colour: a terminal that knows it, and
// no request for none (https://no-color.org).
func (a *app) color(tty bool) bool {
	return tty && !a.flags.noColor && a.io.Getenv("NO_COLOR") == "" && a.io.Getenv("TERM") != "dumb"
}

// textWidth returns the columns to fit text into, 0 for no limit: a pipe or a
// file gets its text uncut.
func (a *app) textWidth(tty bool) int {
	if !tty {
		return 0
	}
	return a.io.Width()
}

// onPanic reports a fault of capstan itself. Go's own report of a panic has its
// value, which may be a secret.
func (a *app) onPanic(code *int) {
	if value := recover(); value != nil {
		a.complain("%s: this is a fault of capstan: %s\n%s", a.program(), fault.Text(value), fault.Stack())
		*code = exitFailed
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   a.program(),
		Short: "Run, check and explain capability files",
		Long: `Capstan runs capability files: YAML that says which API operations, in which
order, achieve something. It shows every decision before anything is sent.`,
		Example: `  capstan plan b2b-enterprise-onboarding.yaml
  capstan run b2b-enterprise-onboarding.yaml --mock -i organization_name=Acme -i domains=acme.com -i admin_email=it@acme.com
  capstan validate capabilities/`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          unknownCommand,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpFunc(a.help)
	root.SetUsageFunc(a.usage)
	root.SetFlagErrorFunc(a.flagError)
	a.addGlobalFlags(root.PersistentFlags())
	if len(a.args) > 0 && strings.HasPrefix(a.args[0], cobra.ShellCompRequestCmd) {
		a.complete(root, "output", oneOf(outputFormats))
		a.complete(root, "log-format", oneOf(logFormats))
	}
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if a.io.Libraries != nil {
			a.io.Libraries(&libraryLog{a})
		}
		return a.flags.check()
	}
	root.AddCommand(a.commands()...)
	if a.own.Open != nil {
		a.named(root)
	}
	return root
}

// commands returns the command that the arguments begin with, or all where they
// begin otherwise: with a flag, a request for help, a mistake. The others, with
// their flags, would be made for nothing.
func (a *app) commands() []*cobra.Command {
	all := a.entries()
	for _, c := range all {
		if len(a.args) > 0 && a.args[0] == c.name {
			return []*cobra.Command{c.make()}
		}
	}
	made := make([]*cobra.Command, 0, len(all))
	for _, c := range all {
		made = append(made, c.make())
	}
	return made
}

// entry is a command that can be made.
type entry struct {
	name string
	make func() *cobra.Command
}

func (a *app) entries() []entry {
	all := []entry{
		{"validate", a.validateCommand}, {"fmt", a.fmtCommand}, {"plan", a.planCommand}, {"run", a.runCommand}, {"resume", a.resumeCommand},
		{"runs", a.runsCommand}, {"call", a.callCommand}, {"operations", a.operationsCommand}, {"capabilities", a.capabilitiesCommand},
		{"init", a.initCommand}, {"graph", a.graphCommand},
		{"serve", a.serveCommand}, {"skill", a.skillCommand}, {"explain", a.explainCommand}, {"schema", a.schemaCommand},
		{"lsp", a.lspCommand}, {"completion", a.completionCommand}, {"version", a.versionCommand},
	}
	if a.own.Open != nil {
		all = append(all, entry{"worker", a.workerCommand})
	}
	return all
}

func (a *app) addGlobalFlags(fs *pflag.FlagSet) {
	g := &a.flags
	fs.StringVarP(&g.output, "output", "o", "text", "`FORMAT` of stdout: text, json or yaml")
	fs.BoolVarP(&g.quiet, "quiet", "q", false, "no progress; problems are still printed")
	fs.BoolVarP(&g.verbose, "verbose", "v", false, "log every request and decision to stderr, without secrets")
	fs.StringVar(&g.logFormat, "log-format", "text", "`FORMAT` of progress and logs on stderr: text or json")
	fs.BoolVar(&g.noColor, "no-color", false, "no colour and no live lines (also NO_COLOR, TERM=dumb)")
	fs.BoolVar(&g.nonInteractive, "non-interactive", false, "never ask; a step that a person does leaves the run waiting")
	fs.StringVar(&g.state, "state", "", "`DIR` that keeps runs, or none for memory (default $XDG_STATE_HOME/capstan or the system's own place)")
	if a.own.Open != nil {
		fs.StringVar(&g.runtime, "runtime", "", "server that keeps runs, and whose workers execute them, as `"+a.own.Form+"` (default $"+runtimeVariable+", else --state)")
	}
	fs.StringVar(&g.config, "config", "", "project `FILE`, or none (default .capstan.yaml, searched upwards from the capability)")
}

var (
	outputFormats = []string{"text", "json", "yaml"}
	logFormats    = []string{"text", "json"}
)

func (g *globalFlags) check() error {
	if !slices.Contains(outputFormats, g.output) {
		return usagef("--output %q is not a format: text, json or yaml", g.output)
	}
	if !slices.Contains(logFormats, g.logFormat) {
		return usagef("--log-format %q is not a format: text or json", g.logFormat)
	}
	if g.runtime != "" && g.state != "" {
		return usagef("--runtime and --state exclude each other: runs are kept by a server or in a directory")
	}
	return nil
}

// unknownCommand runs when no command of parent was named.
func unknownCommand(parent *cobra.Command, args []string) error {
	if len(args) == 0 {
		parent.SetOut(parent.ErrOrStderr())
		if err := parent.Help(); err != nil {
			return err
		}
		return silent(exitUsage)
	}
	e := usagef("unknown command %q", args[0])
	if best := suggest.Closest(args[0], commandNames(parent)); best != "" {
		e.hint = "did you mean \"" + parent.CommandPath() + " " + best + "\"?"
	}
	return e
}

func commandNames(parent *cobra.Command) []string {
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError turns a flag that pflag refused into a usage error. A command that
// does not exist is the better news when both are wrong.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	if !cmd.HasParent() && len(a.args) > 0 && !strings.HasPrefix(a.args[0], "-") {
		return unknownCommand(cmd, a.args[:1])
	}
	e := usage(err.Error(), "")
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return e
	}
	var names []string
	collect := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(collect)
	cmd.InheritedFlags().VisitAll(collect)
	if best := suggest.Closest(unknown.GetSpecifiedName(), names); best != "" {
		e.hint = "did you mean --" + best + "?"
	}
	return e
}

// someArgs asks for one argument or more.
func someArgs(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s is missing", name)
		}
		return nil
	}
}

// exactArgs asks for arguments by name, so that the message names the one that is
// missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usagef("%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return usagef("unexpected argument %q", args[len(names)])
		}
		return nil
	}
}
