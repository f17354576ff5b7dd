package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/serve"
)

// workerFlags are the flags of the command worker.
type workerFlags struct {
	place    Place
	parallel int
	load     loadFlags
}

// defaultParallel is how many calls a worker performs at once by default.
const defaultParallel = 64

func (a *app) workerCommand() *cobra.Command {
	var f workerFlags
	cmd := &cobra.Command{
		Use:   "worker [FILE|DIR...]",
		Short: "Execute the runs that a server keeps",
		Long: `Worker executes the runs of a task queue until it is stopped. Any number of them may
share one: a run goes on in another when its worker stops or dies. Requests in
flight get ten seconds to finish when it stops.

A run brings its program, so that a worker executes any run, whatever the files.
Files that are named are checked first: one that is broken, and credentials that are
missing here, are reported at the start.

Credentials come from the environment of the worker, and are not kept with runs. So
do the server's address and access, where no flag has them: TEMPORAL_ADDRESS,
TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_CLIENT_CERT_PATH,
TEMPORAL_TLS_CLIENT_KEY_PATH and the others of Temporal's own tools.`,
		Example: `  ` + a.program() + ` worker
  ` + a.program() + ` worker capabilities/ --address temporal.example:7233 --namespace ops --task-queue capstan`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.work(cmd.Context(), args, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.place.Address, "address", "", "server, as `HOST:PORT` (default: that of --runtime, $TEMPORAL_ADDRESS, localhost:7233)")
	fs.StringVar(&f.place.Namespace, "namespace", "", "namespace `NS` of the server (default: that of --runtime, $TEMPORAL_NAMESPACE, default)")
	fs.StringVar(&f.place.TaskQueue, "task-queue", "", "task queue `Q` of the runs (default: that of --runtime, capstan)")
	fs.IntVar(&f.parallel, "parallel", defaultParallel, "perform up to `N` calls at once")
	f.load.add(fs)
	a.completeFile(cmd, &f.load)
	return cmd
}

func (a *app) work(ctx context.Context, paths []string, f *workerFlags) (err error) {
	if f.parallel < 1 {
		return usagef("--parallel %d: perform one call at a time at least", f.parallel)
	}
	if a.flags.state != "" {
		return usagef("--state: a worker executes the runs of a server, and those of a directory need none")
	}
	load, err := f.load.options(a)
	if err != nil {
		return err
	}
	log := a.serveLog()
	opts := &engine.Options{Log: a.logger()}
	if err := a.checkWork(ctx, paths, &serveFlags{load: f.load}, load, opts); err != nil {
		return err
	}
	place := f.place
	place.URL, place.Work, place.Log = a.runtimeURL(), true, log
	open, err := a.own.Open(ctx, place)
	if err != nil {
		return err
	}
	defer func() { closing(open.Runtime, &err) }()
	opts.Runtime = open.Runtime
	defer a.io.Interrupts.During(func() {
		a.note("stopping: requests in flight get ten seconds to finish; Ctrl-C again ends at once")
	}, nil)()
	a.complain("executing the runs of %s", open.Where)
	return engine.NewRunner(opts).Serve(ctx, durable.ServeOptions{Parallel: f.parallel, Ended: func(s durable.State) {
		if !a.flags.quiet {
			log.Info(string(s.Status), "run", s.ID, "capability", s.Capability, "after", s.Updated.Sub(s.Started).Round(time.Millisecond))
		}
	}})
}

// checkWork reports what would keep runs of these files from being executed here. The
// error is that of a file that was named.
func (a *app) checkWork(ctx context.Context, paths []string, f *serveFlags, load *engine.LoadOptions, opts *engine.Options) error {
	d := &deployment{app: a, paths: paths, flags: f, opened: load, opts: opts, serve: &serve.Options{Strict: f.load.strict}}
	files, _, err := d.find(ctx)
	if err != nil {
		return err
	}
	runner, useful := engine.NewRunner(opts), len(paths) == 0
	for _, file := range files {
		s, err := d.open(ctx, runner, file)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		for _, u := range s.Units() {
			if u.Program == nil {
				continue
			}
			useful = true
			if missing := missingCredentials(ctx, u.Program, opts); len(missing) > 0 {
				a.complain("warning: runs of %s fail here, unless they are on the mock: %s", term.Printable(u.Name), term.Printable((&engine.CredentialError{Missing: missing}).Error()))
			}
		}
	}
	if !useful {
		return usagef("there is nothing that could be run in the files that were given")
	}
	return nil
}
