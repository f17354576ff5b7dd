package command

import (
	"context"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/engine/durable"
)

// Options make another command of the command line: one whose runs a server may keep, and
// its workers execute. The zero Options are capstan.
type Options struct {
	Name string // of the program; "" is capstan
	Form string // of the address of a server, as --runtime takes it
	// Open opens the runs of a server. nil: there is no --runtime, and no command worker.
	// An address that is wrong is an error of [Usage].
	Open func(context.Context, Place) (*Remote, error)
}

// Place is where the runs of a server are.
type Place struct {
	// URL is that of --runtime, "" for none.
	URL string
	// Address, Namespace and TaskQueue are the flags of a worker. They come before URL;
	// "" leaves them to it, and then to the environment and the defaults of the server.
	Address, Namespace, TaskQueue string
	Work                          bool         // this process executes the runs
	Log                           *slog.Logger // nil logs nothing
}

// Remote are the runs of a server.
type Remote struct {
	// Runtime leaves the execution of runs to workers, unless Place.Work is set.
	Runtime durable.Runtime
	Where   string // the server and the place of the runs there, for people
	// StateKey signs the state of MCP clients: all processes have the same. nil: each
	// has one of its own.
	StateKey []byte
	// Unattended reports whether no worker was seen that would execute runs.
	Unattended func(context.Context) bool
}

// Usage returns an error for a mistake on the command line, with a hint for what to write
// instead, "" for none.
func Usage(message, hint string) error { return usage(message, hint) }

// runtimeVariable has the server of the runs, where neither --runtime nor --state is given.
const runtimeVariable = "CAPSTAN_RUNTIME"

// program returns the name of the command.
func (a *app) program() string {
	if a.own.Name == "" {
		return "capstan"
	}
	return a.own.Name
}

// runtimeURL returns the server that keeps runs, "" where a directory does.
func (a *app) runtimeURL() string {
	switch {
	case a.own.Open == nil, a.flags.state != "":
		return ""
	case a.flags.runtime != "":
		return a.flags.runtime
	}
	return a.io.Getenv(runtimeVariable)
}

func (a *app) openRemote(ctx context.Context, url string) (durable.Runtime, error) {
	open, err := a.own.Open(ctx, Place{URL: url, Log: a.logger()})
	if err != nil {
		return nil, err
	}
	a.open = open
	return open.Runtime, nil
}

// listCommand is the command that lists the kept runs.
func (a *app) listCommand() string {
	if a.flags.runtime != "" {
		return a.program() + " runs list --runtime " + shellWord(a.flags.runtime)
	}
	return a.program() + " runs list"
}

// named has the help of a command show the program's own name where it shows capstan's.
func (a *app) named(cmd *cobra.Command) {
	var pairs []string
	for _, c := range a.entries() {
		pairs = append(pairs, "capstan "+c.name, a.program()+" "+c.name)
	}
	rename(cmd, strings.NewReplacer(pairs...))
}

func rename(cmd *cobra.Command, names *strings.Replacer) {
	cmd.Short, cmd.Long, cmd.Example = names.Replace(cmd.Short), names.Replace(cmd.Long), names.Replace(cmd.Example)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = names.Replace(f.Usage) })
	for _, c := range cmd.Commands() {
		rename(c, names)
	}
}
