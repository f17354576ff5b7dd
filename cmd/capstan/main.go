// Command capstan runs, checks and explains capability files.
//
// Everything that another program could want lives in package engine; here are
// flags, exit codes and printing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := interruptible(context.Background())
	code := run(ctx, os.Args[1:], processStreams())
	stop()
	os.Exit(code)
}

// interruptible returns a context that the first Ctrl-C or SIGTERM cancels. The
// second one meets the default action and kills the process.
//
// SIGPIPE is taken over so that a closed pipe is a failed write, not a death in
// the middle of a run; commands that hooks start still get the default action,
// which ignoring the signal would not give them.
func interruptible(parent context.Context) (context.Context, func()) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
