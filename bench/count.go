package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"

	"github.com/capstan-run/capstan/bench/internal/measure"
)

// counted is something that comes out the same on every machine of a kind, however
// busy it is: allocations, instructions, bytes.
type counted struct {
	name  string
	value float64
}

// count counts everything that has a limit. Instructions need valgrind: where it is
// missing they are left out.
func count(ctx context.Context, b *bench) (counts []counted, err error) {
	for _, group := range []func(context.Context, *bench) ([]counted, error){binary, starts, loads, workflows, processes, served} {
		more, err := group(ctx, b)
		if err != nil {
			return nil, err
		}
		counts = append(counts, more...)
	}
	return counts, nil
}

func binary(_ context.Context, b *bench) ([]counted, error) {
	info, err := os.Stat(b.path("capstan"))
	if err != nil {
		return nil, err
	}
	return []counted{{"binary.bytes", float64(info.Size())}}, nil
}

var initTrace = regexp.MustCompile(`(?m)^init .* (\d+) bytes, (\d+) allocs$`)

// starts adds up the work of all packages before main.
func starts(ctx context.Context, b *bench) ([]counted, error) {
	cmd := b.command(ctx, "capstan", "version")
	cmd.Env = append(cmd.Env, "GODEBUG=inittrace=1")
	text, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	var size, allocations float64
	for _, init := range initTrace.FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.ParseFloat(init[1], 64)
		size += n
		n, _ = strconv.ParseFloat(init[2], 64)
		allocations += n
	}
	return []counted{{"init.bytes", size}, {"init.allocations", allocations}}, nil
}

// embed is the use of a program that has the engine as a library, the least of three
// times.
func (b *bench) embed(ctx context.Context, args ...string) (least measure.Result, err error) {
	for i := range 3 {
		r, err := client(b.command(ctx, "embed", append([]string{"-server", b.server}, args...)...))
		if err != nil {
			return r, err
		}
		if i == 0 || r.Load.Bytes+r.Run.Bytes < least.Load.Bytes+least.Run.Bytes {
			least = r
		}
	}
	return least, nil
}

// loads counts the allocations of loading, and the bytes of a further step.
func loads(ctx context.Context, b *bench) (counts []counted, err error) {
	for _, kind := range []struct{ name, file string }{{"small", "small.yaml"}, {"workos", ""}} {
		r, err := b.embed(ctx, "-openapi", kind.file, "onboard.yaml")
		if err != nil {
			return nil, err
		}
		counts = append(counts, counted{"load." + kind.name + ".allocations", float64(r.Load.Allocs)})
	}
	const few, many = 1000, 5000
	var size [2]float64
	for i, n := range []int{few, many} {
		if err := b.chain(n); err != nil {
			return nil, err
		}
		r, err := b.embed(ctx, "-openapi", "long.yaml", chainFile(n))
		if err != nil {
			return nil, err
		}
		size[i] = float64(r.Load.Bytes)
	}
	return append(counts, counted{"load.step.bytes", (size[1] - size[0]) / (many - few)}), nil
}

// workflows counts the cost of a run of the five steps, kept and not, and of a further step.
func workflows(ctx context.Context, b *bench) (counts []counted, err error) {
	state, err := os.MkdirTemp(b.dir, "state-")
	if err != nil {
		return nil, err
	}
	if err := b.chain(100); err != nil {
		return nil, err
	}
	onboard := []string{"-i", "organization_name=Harbour Works"}
	for _, kind := range []struct {
		name  string
		parts float64
		args  []string
	}{
		{"run.small", 1, append(onboard, "-openapi", "small.yaml", "onboard.yaml")},
		{"run.workos", 1, append(onboard, "-openapi", "workos.yaml", "onboard.yaml")},
		{"run.durable", 1, append(onboard, "-state", state, "-openapi", "small.yaml", "onboard.yaml")},
		{"run.step", 100, []string{"-openapi", "long.yaml", chainFile(100)}},
	} {
		r, err := b.embed(ctx, append([]string{"-workers", "1", "-times", "60"}, kind.args...)...)
		if err != nil {
			return nil, err
		}
		n := float64(r.Run.Count) * kind.parts
		counts = append(counts, counted{kind.name + ".allocations", float64(r.Run.Allocs) / n}, counted{kind.name + ".bytes", float64(r.Run.Bytes) / n})
		if b.valgrind == "" || kind.name == "run.durable" { // whose writer's batches are as time has it
			continue
		}
		each, err := b.instructionsEach(ctx, b.path("embed"), append([]string{"-server", b.server}, kind.args...)...)
		if err != nil {
			return nil, err
		}
		counts = append(counts, counted{kind.name + ".instructions", each / kind.parts})
	}
	return counts, nil
}

// processes counts the instructions and the peak memory of commands.
func processes(ctx context.Context, b *bench) (counts []counted, err error) {
	run := []string{"run", "onboard.yaml", "-i", "organization_name=Harbour Works", "-o", "json", "-q", "--state", "none", "--base-url", b.server}
	for _, kind := range []struct {
		name string
		args []string
	}{
		{"version", []string{"version"}},
		{"validate", []string{"validate", "b2b-enterprise-onboarding"}},
		{"cold.small", append(run, "--openapi", "small.yaml")},
		{"cold.workos", run},
		{"cold.own", append(run, "--openapi", "own.yaml")},
		{"listing", []string{"run", "listing.yaml", "-i", "pages=100", "--openapi", "long.yaml", "-o", "json", "-q", "--state", "none", "--base-url", b.server}},
	} {
		peak := math.Inf(1)
		for range 5 { // the first fills the cache of documents
			s, err := process(b.command(ctx, "capstan", kind.args...))
			if err != nil {
				return nil, err
			}
			peak = min(peak, s["peak MiB"]*(1<<20))
		}
		counts = append(counts, counted{kind.name + ".peak", peak})
		if b.valgrind == "" || kind.name == "listing" { // of 20 MB, which takes valgrind minutes
			continue
		}
		n, err := b.instructions(ctx, b.path("capstan"), kind.args...)
		if err != nil {
			return nil, err
		}
		counts = append(counts, counted{kind.name + ".instructions", n})
	}
	return counts, nil
}

// served counts the instructions of an answer of each face.
func served(ctx context.Context, b *bench) (counts []counted, err error) {
	if b.valgrind == "" {
		return nil, nil
	}
	for _, f := range faces {
		n, err := b.instructionsOfAnswer(ctx, f, b.capstan[0].path)
		if err != nil {
			return nil, err
		}
		counts = append(counts, counted{f.name + ".instructions", n})
	}
	return counts, nil
}
