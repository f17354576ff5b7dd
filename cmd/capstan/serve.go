package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
)

// serveFlags are the flags of `capstan serve`.
type serveFlags struct {
	load       loadFlags
	send       sendFlags
	address    string
	portOffset int
	watch      bool
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve FILE...",
		Short: "Serve what files expose: REST, MCP, skills, control",
		Long: `Serve answers at the addresses that files declare under exposes, on loopback
where they name none, until it is stopped. Requests in flight get ten seconds to
finish.`,
		Example: `  capstan serve harbour.yaml
  capstan serve harbour.yaml --port-offset 1000 --watch
  capstan serve harbour.yaml --mock`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.serve(cmd.Context(), args, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.address, "address", "", "listen at `HOST` instead of what the files say")
	fs.IntVar(&f.portOffset, "port-offset", 0, "add `N` to every port")
	fs.BoolVar(&f.watch, "watch", false, "serve changed files anew; while a file is wrong its last good version stays")
	f.send.add(fs)
	f.load.add(fs)
	a.completeFile(cmd, &f.load)
	return cmd
}

func (a *app) serve(ctx context.Context, files []string, f *serveFlags) error {
	opts, err := f.load.options(a)
	if err != nil {
		return err
	}
	if err := f.send.apply(opts); err != nil {
		return err
	}
	so := &serve.Options{Address: f.address, PortOffset: f.portOffset, Log: a.serveLog(), In: a.io.In, Out: a.io.Out}
	server := serve.New(so)
	load := func(ctx context.Context) ([]*serve.Endpoint, []string, error) {
		return a.endpoints(ctx, files, opts, so)
	}
	endpoints, watched, err := load(ctx)
	if err != nil {
		return err
	}
	if err := server.Replace(endpoints); err != nil {
		return &failure{exit: exitFailed, code: "cannot-listen", message: err.Error(), hint: "give it another port, or move all with --port-offset"}
	}
	a.announce(endpoints)
	if f.watch {
		w := serve.Watch(server, watched, load)
		defer w.Stop()
	}
	if err := server.Run(ctx); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// endpoints loads the files and makes what they expose. watched are the files
// that the result depends on.
func (a *app) endpoints(ctx context.Context, files []string, opts *engine.Options, so *serve.Options) (all []*serve.Endpoint, watched []string, err error) {
	for _, file := range files {
		s, err := engine.Open(ctx, file, opts)
		if err != nil {
			return nil, nil, a.refusedService(err)
		}
		a.reportDiagnostics(s.Report())
		if err := s.Ready(ctx); err != nil {
			return nil, nil, err
		}
		ends, err := serve.Exposures(ctx, s, so)
		if err != nil {
			return nil, nil, &failure{exit: exitInvalid, code: codeInvalid, message: err.Error()}
		}
		all = append(all, ends...)
		watched = append(watched, s.Files()...)
	}
	return all, watched, nil
}

// refusedService prints why a file cannot be served.
func (a *app) refusedService(err error) error {
	var load *engine.LoadError
	if errors.As(err, &load) {
		return a.refuseRun(load.Report)
	}
	return err
}

// announce tells where to find what is served.
func (a *app) announce(endpoints []*serve.Endpoint) {
	if a.flags.quiet {
		return
	}
	for _, e := range endpoints {
		if e.Address == "stdio" {
			a.complain("serving %s %q over stdio", e.Type, e.Namespace)
			continue
		}
		a.complain("serving %s %q at http://%s", e.Type, e.Namespace, e.Address)
		if e.Open && !isLoopback(e.Address) {
			a.complain("warning: %q answers everyone who can reach %s: add authentication to it, or --address 127.0.0.1", e.Namespace, e.Address)
		}
	}
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// serveLog tells what goes wrong while serving, whether or not -v is given.
func (a *app) serveLog() *slog.Logger {
	if a.flags.verbose {
		return a.logger()
	}
	return slog.New(slog.NewTextHandler(a.io.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
