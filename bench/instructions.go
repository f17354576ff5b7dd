package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// instructed compares instructions, which a busy machine does not change. Those that
// the system executes for a program are not among them.
func instructed(ctx context.Context, b *bench) ([]axis, error) {
	if b.valgrind == "" {
		fmt.Fprintln(os.Stderr, "instructions are not counted: there is no valgrind")
		return nil, nil
	}
	if err := b.chain(100); err != nil {
		return nil, err
	}
	run := []string{"run", "onboard.yaml", "-i", "organization_name=Harbour Works", "-o", "json", "-q", "--state", "none", "--base-url", b.server}
	cold := b.executed("hand", b.path("hand"), "-server", b.server)
	hello := b.executed("hello world", b.path("hello"))
	onboard := []string{"-i", "organization_name=Harbour Works", "-openapi"}
	work := []subject{
		b.executedEach("hand", b.path("hand"), "-server", b.server),
		b.executedEach("capstan, small document", b.path("embed"), append(onboard, "small.yaml", "-server", b.server, "onboard.yaml")...),
		b.executedEach("capstan, WorkOS document", b.path("embed"), append(onboard, "workos.yaml", "-server", b.server, "onboard.yaml")...),
	}
	if b.peer.libopenapi != "" {
		work = append(work, b.executedEach("libopenapi", b.peer.libopenapi, "-server", b.server, "onboard.arazzo.yaml"))
	}
	axes := []axis{
		{title: "`version`", subjects: b.ofCapstans(hello, b.executed, "version")},
		{title: "`validate` of the onboarding", subjects: b.ofCapstans(hello, b.executed, "validate", "b2b-enterprise-onboarding")},
		{title: "cold run, small document", subjects: b.ofCapstans(cold, b.executed, append(run, "--openapi", "small.yaml")...)},
		{title: "cold run, WorkOS document", subjects: b.ofCapstans(cold, b.executed, run...)},
		{title: "library, a workflow", subjects: work},
		{title: "library, 100 chained steps", subjects: []subject{
			b.executedEach("hand", b.path("hand"), "-server", b.server, "-task", "chain", "-n", "100"),
			b.executedEach("capstan", b.path("embed"), "-server", b.server, "-openapi", "long.yaml", chainFile(100)),
		}},
	}
	for _, f := range faces {
		a := axis{title: f.title, subjects: []subject{b.executedAnswer("proxy", face{path: "/directory_users" + query, task: "get"}, "")}}
		for _, c := range b.capstan {
			a.subjects = append(a.subjects, b.executedAnswer(c.name, f, c.path))
		}
		axes = append(axes, a)
	}
	for i := range axes {
		axes[i].metrics, axes[i].slow = []string{"1,000 instructions"}, b.rounds // they come out the same
	}
	return axes, nil
}

// ofCapstans compares a command of every capstan with a reference.
func (b *bench) ofCapstans(reference subject, of func(name, program string, args ...string) subject, args ...string) []subject {
	subjects := []subject{reference}
	for _, c := range b.capstan {
		subjects = append(subjects, of(c.name, c.path, args...))
	}
	return subjects
}

// counts is a subject that only executes instructions.
func counts(name string, count func(context.Context) (float64, error)) subject {
	return subject{name, func(ctx context.Context) (sample, error) {
		n, err := count(ctx)
		return sample{"1,000 instructions": n / 1000}, err
	}}
}

func (b *bench) executed(name, program string, args ...string) subject {
	return counts(name, func(ctx context.Context) (float64, error) { return b.instructions(ctx, program, args...) })
}

func (b *bench) executedEach(name, program string, args ...string) subject {
	return counts(name, func(ctx context.Context) (float64, error) { return b.instructionsEach(ctx, program, args...) })
}

func (b *bench) executedAnswer(name string, f face, binary string) subject {
	return counts(name, func(ctx context.Context) (float64, error) { return b.instructionsOfAnswer(ctx, f, binary) })
}

// instructions counts those of a command that has been run before, and so finds the
// cached document.
func (b *bench) instructions(ctx context.Context, program string, args ...string) (float64, error) {
	if _, err := process(b.command(ctx, program, args...)); err != nil {
		return 0, err
	}
	log := b.path("valgrind.log")
	if _, err := process(b.underValgrind(ctx, log, program, args...)); err != nil {
		return 0, err
	}
	return total(log)
}

// instructionsEach counts those of one time that a client does its task: the
// difference between doing it more and less often.
func (b *bench) instructionsEach(ctx context.Context, program string, args ...string) (float64, error) {
	return perTime(func(times int) (float64, error) {
		return b.instructions(ctx, program, append([]string{"-workers", "1", "-times", strconv.Itoa(times)}, args...)...)
	})
}

// instructionsOfAnswer counts those of one answer of a server: of capstan, or of a
// plain proxy where binary is "".
func (b *bench) instructionsOfAnswer(ctx context.Context, f face, binary string) (float64, error) {
	return perTime(func(times int) (float64, error) {
		log := b.path("valgrind.log")
		address, server, err := b.serveUnderValgrind(ctx, log, f, binary)
		if err != nil {
			return 0, err
		}
		if _, err := client(b.command(ctx, "hand", "-server", address+f.path, "-task", f.task, "-workers", "1", "-times", strconv.Itoa(times))); err != nil {
			return 0, err
		}
		if err := server.Process.Signal(os.Interrupt); err != nil {
			return 0, err
		}
		_ = server.Wait() // its exit code after an interrupt does not matter
		return total(log)
	})
}

func (b *bench) serveUnderValgrind(ctx context.Context, log string, f face, binary string) (string, *exec.Cmd, error) {
	if binary == "" {
		server := b.underValgrind(ctx, log, b.path("stub"), "-proxy", b.server)
		address, err := b.serve(server)
		return address, server, err
	}
	server := b.underValgrind(ctx, log, binary, b.serveArgs()...)
	addresses, err := b.serveCapstan(server, io.Discard)
	return addresses[f.namespace], server, err
}

func perTime(count func(times int) (float64, error)) (float64, error) {
	const few, many = 20, 120
	less, err := count(few)
	if err != nil {
		return 0, err
	}
	more, err := count(many)
	return (more - less) / (many - few), err
}

// underValgrind runs a program so that its instructions are counted: on one thread,
// and without the collector, which both depend on time.
func (b *bench) underValgrind(ctx context.Context, log, program string, args ...string) *exec.Cmd {
	flags := []string{"--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "--log-file=" + log, program}
	cmd := b.command(ctx, b.valgrind, append(flags, args...)...)
	cmd.Env = append(cmd.Env, "GOGC=off", "GOMAXPROCS=1")
	return cmd
}

var refs = regexp.MustCompile(`I +refs: +([0-9,]+)`)

// total reads the count of valgrind.
func total(log string) (float64, error) {
	text, err := os.ReadFile(log)
	if err != nil {
		return 0, err
	}
	found := refs.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("valgrind counted nothing: %s", text)
	}
	return strconv.ParseFloat(strings.ReplaceAll(string(found[1]), ",", ""), 64)
}
