// Bench compares durable runs on a Temporal development server with durable runs in a
// directory: the same program of five steps, in one process, in alternating rounds. The stub
// of the API and the server are processes of their own, and the server keeps its database in a file:
//
//	go run ./dev/bench
//	go run ./dev/bench -rounds 1 -for 1s -parallel 1     shows that it works
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/temporal"
	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

// config has the flags.
type config struct {
	rounds     int
	lasting    time.Duration
	parallel   []int
	repository string
	profile    string
}

func main() {
	log.SetFlags(0)
	c := config{parallel: []int{1, 8}}
	flag.IntVar(&c.rounds, "rounds", 5, "rounds; each measures both runtimes once")
	flag.DurationVar(&c.lasting, "for", 5*time.Second, "how long a round starts runs on each runtime")
	flag.Func("parallel", "this many `RUNS` at once, separated by commas (default 1,8)", func(text string) error {
		c.parallel = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no number of runs", word)
			}
			c.parallel = append(c.parallel, n)
		}
		return nil
	})
	flag.StringVar(&c.repository, "repository", "..", "the repository, which has the program and the stub")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of this process to `FILE`")
	flag.Parse()
	if err := c.run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run measures and writes the table.
func (c config) run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "capstan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	api, stop, err := c.stub(dir)
	if err != nil {
		return err
	}
	defer stop()
	server, err := devserver.Start(ctx, devserver.Options{Database: filepath.Join(dir, "temporal.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Kill()) }()
	files := filepath.Join(c.repository, "bench", "files")
	prog, err := engine.Load(ctx, filepath.Join(files, "onboard.yaml"), &engine.LoadOptions{Project: "none", OpenAPI: map[string]string{"": filepath.Join(files, "small.yaml")}})
	if err != nil {
		return err
	}
	local, err := sqlite.Open(ctx, sqlite.Options{Dir: filepath.Join(dir, "state")})
	if err != nil {
		return err
	}
	defer local.Close()
	client, err := server.Client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	remote := temporal.NewRuntime(client, temporal.Options{Log: slog.Default()})
	defer remote.Close()
	if c.profile != "" {
		f, err := os.Create(c.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	subject := func(rt durable.Runtime) *engine.Runner {
		return engine.NewRunner(&engine.Options{
			BaseURL: api, StrictResponses: true, Runtime: rt,
			Secrets: func(context.Context, string) (string, bool, error) { return "sk_test_bench", true, nil },
		})
	}
	onDisk, onServer := subject(local), subject(remote)
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- onServer.Serve(ctx, durable.ServeOptions{}) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-served)
	}()
	fmt.Fprintf(out, "%s %s/%s, %d processors; medians of %d rounds; the ratio and its quartiles are those of the rounds.\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), c.rounds)
	fmt.Fprintln(out, "| runs at once | directory, runs/s | server, runs/s | ratio | quartiles | CPU ms a run: directory | worker | server |")
	fmt.Fprintln(out, "|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, parallel := range c.parallel {
		if err := c.compare(ctx, out, prog, onDisk, onServer, parallel, server.PID()); err != nil {
			return err
		}
	}
	return nil
}

// stub builds the API of the benchmarks and starts it.
func (c config) stub(dir string) (url string, stop func(), err error) {
	binary := filepath.Join(dir, "stub")
	build := exec.Command("go", "build", "-o", binary, "./bench/stub")
	build.Dir, build.Stderr = c.repository, os.Stderr
	if err := build.Run(); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(binary)
	text, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	url, err = bufio.NewReader(text).ReadString('\n')
	if err != nil {
		stop()
	}
	return strings.TrimSpace(url), stop, err
}

// sample is what one round measured of one runtime.
type sample struct {
	rate           float64       // runs a second
	worker, server time.Duration // CPU time of a run
}

// compare measures both runtimes in alternation and writes a row of the table.
func (c config) compare(ctx context.Context, out io.Writer, prog *engine.Program, onDisk, onServer *engine.Runner, parallel, server int) error {
	var disk, remote []sample
	for round := range c.rounds {
		for i := range 2 {
			r, into := onDisk, &disk
			if (round+i)%2 == 1 {
				r, into = onServer, &remote
			}
			s, err := c.sample(ctx, prog, r, parallel, server)
			if err != nil {
				return err
			}
			*into = append(*into, s)
		}
	}
	rate := func(s sample) float64 { return s.rate }
	ratios := make([]float64, c.rounds)
	for i := range ratios {
		ratios[i] = remote[i].rate / disk[i].rate
	}
	slices.Sort(ratios)
	ms := func(f func(sample) time.Duration) func(sample) float64 {
		return func(s sample) float64 { return f(s).Seconds() * 1000 }
	}
	worker, ofServer := ms(func(s sample) time.Duration { return s.worker }), ms(func(s sample) time.Duration { return s.server })
	fmt.Fprintf(out, "| %d | %.0f | %.1f | **%.3f** | %.3f to %.3f | %.2f | %.1f | %.1f |\n", parallel,
		median(disk, rate), median(remote, rate), at(ratios, 0.5), at(ratios, 0.25), at(ratios, 0.75), median(disk, worker), median(remote, worker), median(remote, ofServer))
	return nil
}

// sample has runs executed for a while, each after one that is not measured.
func (c config) sample(ctx context.Context, prog *engine.Program, r *engine.Runner, parallel, server int) (sample, error) {
	one := func() error {
		_, err := r.Run(ctx, prog, engine.Inputs{"organization_name": "Harbour Works"}, nil)
		return err
	}
	if _, err := together(parallel, func(int) bool { return false }, one); err != nil {
		return sample{}, err
	}
	worker, ofServer, begun := used(os.Getpid()), used(server), time.Now()
	n, err := together(parallel, func(int) bool { return time.Since(begun) < c.lasting }, one)
	if err != nil {
		return sample{}, err
	}
	count := time.Duration(n)
	return sample{float64(n) / time.Since(begun).Seconds(), (used(os.Getpid()) - worker) / count, (used(server) - ofServer) / count}, nil
}

// together has several goroutines do one, and again while more holds. It returns how often it was done.
func together(parallel int, more func(done int) bool, one func() error) (int, error) {
	type result struct {
		done int
		err  error
	}
	results := make(chan result)
	for range parallel {
		go func() {
			var r result
			for r.done == 0 || more(r.done) {
				if r.err = one(); r.err != nil {
					break
				}
				r.done++
			}
			results <- r
		}()
	}
	var sum result
	for range parallel {
		r := <-results
		sum.done += r.done
		sum.err = cmp.Or(sum.err, r.err)
	}
	return sum.done, sum.err
}

// median returns the median of a value of samples.
func median(samples []sample, value func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	slices.Sort(values)
	return at(values, 0.5)
}

// at returns the value at a quantile of sorted values.
func at(sorted []float64, quantile float64) float64 {
	place := quantile * float64(len(sorted)-1)
	low := int(place)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(place-float64(low))
}

// used returns the CPU time of a process so far, 0 where the system has no /proc.
func used(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	var user, system int64
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0
	}
	return time.Duration(user+system) * (time.Second / 100)
}
