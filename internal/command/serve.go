package command

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/serve"
)

// serveFlags are the flags of `capstan serve`.
type serveFlags struct {
	load       loadFlags
	send       sendFlags
	address    string
	portOffset int
	ports      []string
	watch      bool
	keepRuns   int
	rest, mcp  string
	access     accessFlags
}

// The ended runs that a server with runs in memory keeps.
const (
	standardKeep = 1000
	keepFor      = 24 * time.Hour
)

// defaultServed is where compositions are served by default.
const defaultServed = "127.0.0.1:8080"

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve FILE|DIR...",
		Short: "Serve capabilities: compositions over REST and MCP, framework files as they declare",
		Long: `Serve answers until it is stopped. Requests in flight then get ten seconds to
finish; runs that are not done stay kept, and go on after the next start.

Compositions are served together, as a REST API of runs with a page for people
and as MCP tools (/mcp), at ` + defaultServed + ` unless --rest or --mcp say otherwise.
Other machines get in only with a key or a token. Runs are kept as "capstan run"
keeps them, and can be followed and finished with "capstan runs" and "resume" too.

A file of the framework dialect is served where it declares under exposes, on
loopback where it names no address and at the next free port where it names none;
it says itself who may call it.

Of a directory, everything below it that can be served is, and of a file what can
run of it; --strict refuses a file with an error.`,
		Example: `  capstan serve b2b-enterprise-onboarding.yaml --mock
  capstan serve capabilities/ --rest 0.0.0.0:8080 --api-key-file keys
  capstan serve b2b-enterprise-onboarding.yaml --mcp stdio
  capstan serve harbour.yaml --port-offset 1000 --watch`,
		Args: someArgs("FILE or DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.serve(cmd.Context(), args, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.rest, "rest", "", "serve compositions over REST, with a page, at `HOST:PORT`")
	fs.StringVar(&f.mcp, "mcp", "", "serve compositions over MCP at `HOST:PORT`, or over stdio")
	f.access.add(fs)
	fs.StringVar(&f.address, "address", "", "framework files: listen at `HOST` instead of what the files say")
	fs.IntVar(&f.portOffset, "port-offset", 0, "framework files: add `N` to every port")
	textsVar(fs, &f.ports, "port", "framework files: serve an exposure at another port, as `NAMESPACE=N` (repeat)")
	fs.BoolVar(&f.watch, "watch", false, "serve changed files anew; while one that was right has an error its last good version stays")
	fs.IntVar(&f.keepRuns, "keep-runs", standardKeep, "of runs kept in memory (--state none), keep the latest `N` that ended; each goes after a day")
	f.send.add(fs)
	f.load.add(fs)
	a.completeFile(cmd, &f.load)
	return cmd
}

func (a *app) serve(ctx context.Context, paths []string, f *serveFlags) (err error) {
	d, err := a.deploy(paths, f)
	if err != nil {
		return err
	}
	defer func() { closing(d.rt, &err) }()
	defer d.close()
	defer roomy()()
	server := serve.New(d.serve)
	d.serve.Reload = func(ctx context.Context) error {
		_, err := server.Reload(ctx, d.load)
		return err
	}
	began := time.Now()
	endpoints, watched, err := d.load(ctx)
	if err != nil {
		return err
	}
	if err := server.Replace(endpoints); err != nil {
		return &failure{exit: exitFailed, code: "cannot-listen", message: err.Error(), hint: "give it another port: --rest and --mcp for compositions, --port NAMESPACE=N or --port-offset N for framework files"}
	}
	defer a.io.Interrupts.During(func() {
		a.note("stopping: requests in flight get ten seconds to finish; Ctrl-C again ends at once")
	}, nil)()
	if err := a.announce(d, server); err != nil {
		return err
	}
	if f.watch {
		defer serve.Watch(server, watched, began, d.load)()
	}
	if err := server.Run(ctx); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// serveLog reports changes and failures while serving, whether or not
// -v is given; with --quiet only the latter.
func (a *app) serveLog() *slog.Logger {
	if a.flags.verbose {
		return a.logger()
	}
	level := slog.LevelInfo
	if a.flags.quiet {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(a.io.Err, &slog.HandlerOptions{Level: level}))
}
