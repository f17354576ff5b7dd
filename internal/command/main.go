// Package command is the command line: flags, exit codes and printing. Everything that
// another program could want lives in package engine. Start with [Main].
package command

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// Main runs the process's command line, and ends the process.
func Main(o Options) {
	collectLater()
	io := term.Process()
	io.Interrupts = &term.Interrupts{Exit: func() { os.Exit(exitInterrupted) }}
	ctx, stop := interruptible(context.Background(), io.Interrupts)
	code := runAs(ctx, os.Args[1:], io, o)
	stop()
	os.Exit(code)
}

// collectLater lets the heap grow to 8 MiB, instead of 4, before it is collected
// for the first time. Most commands end below that, and a collection costs them a
// tenth of their CPU. Later collections are as usual, and so are all of them where
// the environment has GOGC.
func collectLater() {
	const first, usual = 200, 100
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(first)
	runtime.AddCleanup(new([64]byte), func(percent int) { debug.SetGCPercent(percent) }, usual)
}

// interruptible returns a context that the first Ctrl-C or SIGTERM ends; the
// second ends the process, see [interrupts].
//
// SIGPIPE is taken over so that a closed pipe is a failed write, not a death in
// the middle of a run; commands that hooks start still get the default action,
// which ignoring the signal would not give them.
func interruptible(parent context.Context, i *term.Interrupts) (context.Context, func()) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stop := func() { signal.Stop(signals) }
	return i.Listen(parent, signals, stop), stop
}
