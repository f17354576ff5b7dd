// Command bench measures Capstan, as a process, as a library and as a server, beside
// a hand-written client of the same calls and beside its peers, and prints a table
// of ratios. Run it as bench/run; docs/performance.md explains the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// config has the choices of the command line.
type config struct {
	only   []string      // axes; none are all but those that must be asked for
	rounds int           // of each axis; the slow ones have fewer
	long   time.Duration // how long the workers of one sample work
	quick  bool          // small sizes: whether the suite works, and nothing about speed
	base   string        // another capstan to measure as well, "" is none
	peers  bool
	keep   bool
	limits bool
	update bool // the limits
}

func main() {
	log.SetFlags(0)
	var c config
	only := flag.String("only", "", "measure these `AXES` alone: "+strings.Join(names, ","))
	flag.IntVar(&c.rounds, "rounds", 15, "samples of each subject; slow ones get fewer")
	flag.DurationVar(&c.long, "for", time.Second, "how long the workers of one sample work")
	flag.BoolVar(&c.quick, "quick", false, "two rounds of everything, in small and without peers: shows that it works, not how fast")
	flag.StringVar(&c.base, "base", "", "measure this other capstan `BINARY` as well")
	flag.BoolVar(&c.peers, "peers", true, "build and install the peers, and measure them")
	flag.BoolVar(&c.limits, "limits", false, "count allocations, instructions, sizes and memory instead, and fail where bench/limits.txt has less")
	flag.BoolVar(&c.update, "update", false, "with -limits, write what was counted into bench/limits.txt")
	flag.BoolVar(&c.keep, "keep", false, "keep the folder with everything that was built")
	flag.Parse()
	if *only != "" {
		c.only = strings.Split(*only, ",")
	}
	if c.limits {
		c.peers = false
	}
	if c.quick {
		c.peers = false
		c.rounds, c.long = 2, 50*time.Millisecond
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, c); err != nil {
		log.Fatal(err)
	}
}

// wants reports whether an axis is to be measured. What a first build costs takes
// minutes, and has to be asked for; so do instructions of a quick run.
func (c config) wants(name string) bool {
	if len(c.only) == 0 {
		return name != "build" && !(c.quick && name == "instructions")
	}
	return slices.Contains(c.only, name)
}

func run(ctx context.Context, c config) (err error) {
	for _, name := range c.only {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no axis %q: -only takes %s", name, strings.Join(names, ", "))
		}
	}
	b, err := prepare(ctx, c)
	if b != nil {
		defer func() { err = errors.Join(err, b.close()) }()
	}
	if err != nil {
		return err
	}
	if c.limits {
		return hold(ctx, b, c.update, os.Stdout)
	}
	return measureAll(ctx, b)
}

// measureAll prints the table.
func measureAll(ctx context.Context, b *bench) error {
	fmt.Printf("%s %s/%s, %d processors; medians of %d rounds, fewer for slow axes; ratio and its quartiles are those of the rounds.\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.rounds)
	fmt.Println(header)
	for _, name := range names {
		if !b.wants(name) {
			continue
		}
		axes, err := suites[name](ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, a := range axes {
			if err := a.measure(ctx, b.rounds, os.Stdout); err != nil {
				return fmt.Errorf("%s: %w", a.title, err)
			}
		}
	}
	return nil
}
