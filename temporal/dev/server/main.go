// Server starts Temporal's development server on loopback, with the search attributes that
// runs carry, and prints its address once it answers:
//
//	go run ./dev/server                       until Ctrl-C, runs kept in temporal.db
//	go run ./dev/server -background           goes on by itself, with its process in temporal.db.pid
//	go run ./dev/server -stop                 stops that one
//	go run ./dev/server -prepare              builds the temporal command where there is none, and no more
//
// It is for trying things out and for tests: one process, one file, no access control.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/capstan-run/capstan/temporal/internal/devserver"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "dev/server:", err)
		}
		os.Exit(1)
	}
}

type config struct {
	devserver.Options
	background, stop bool
	prepare          bool
	wait             time.Duration
}

func flags(args []string, stderr io.Writer) (c config, err error) {
	f := flag.NewFlagSet("dev/server", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&c.Database, "db", "temporal.db", "`file` that keeps the runs, made if it is not there; FILE.log and FILE.pid are beside it")
	f.IntVar(&c.Port, "port", 7233, "port of 127.0.0.1; 0 is a free one")
	f.IntVar(&c.UI, "ui", 0, "port of the web page; 0 is no page")
	f.StringVar(&c.Namespace, "namespace", "default", "namespace, made if it is not there")
	f.BoolVar(&c.background, "background", false, "end once the server answers, and let it go on")
	f.BoolVar(&c.stop, "stop", false, "stop the server that -background started with this -db")
	f.BoolVar(&c.prepare, "prepare", false, "build the temporal command where there is none, and start no server")
	f.DurationVar(&c.wait, "wait", 2*time.Minute, "how long to wait for the server to answer; building the temporal command is not counted")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("argument %q is not taken, only flags are (-help lists them)", f.Arg(0))
	}
	if c.Database == "" {
		return c, errors.New("-db is empty; name a file that keeps the runs")
	}
	return c, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	c, err := flags(args, stderr)
	if err != nil {
		return err
	}
	if c.stop {
		return stop(c.Database)
	}
	if c.prepare {
		_, err := devserver.CLI(context.Background(), stderr)
		return err
	}
	if address, pid, err := running(c.Database); err != nil {
		return err
	} else if pid != 0 {
		return fmt.Errorf("a server with %s answers at %s already (process %d); stop it with -stop", c.Database, address, pid)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if c.CLI, err = devserver.CLI(ctx, stderr); err != nil {
		return err
	}
	if c.Log, err = os.OpenFile(c.Database+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	defer c.Log.Close()
	c.Detached = c.background
	waiting, stopWaiting := context.WithTimeout(ctx, c.wait)
	defer stopWaiting()
	s, err := devserver.Start(waiting, c.Options)
	if err != nil {
		return fmt.Errorf("%w (its log is %s.log)", err, c.Database)
	}
	if c.background {
		if err := os.WriteFile(pidFile(c.Database), fmt.Appendf(nil, "%d %s\n", s.PID(), s.Address), 0o600); err != nil {
			return errors.Join(err, s.Stop())
		}
		fmt.Fprintln(stdout, s.Address)
		return nil
	}
	fmt.Fprintln(stdout, s.Address)
	select {
	case <-ctx.Done():
		return s.Stop()
	case <-s.Exited():
		return fmt.Errorf("the server ended by itself; its log is %s.log", c.Database)
	}
}

func pidFile(database string) string { return database + ".pid" }

// running returns the address and the process of the server that -background left for a
// database, 0 when there is none. A file of one that ended otherwise is removed.
func running(database string) (address string, pid int, err error) {
	data, err := os.ReadFile(pidFile(database))
	if errors.Is(err, fs.ErrNotExist) {
		return "", 0, nil
	} else if err != nil {
		return "", 0, err
	}
	if n, err := fmt.Sscan(string(data), &pid, &address); n != 2 || pid <= 1 || !strings.HasPrefix(address, "127.0.0.1:") {
		return "", 0, fmt.Errorf("%s is not what -background writes (%v); remove it when no server runs", pidFile(database), err)
	}
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil { // the process of that number is another one by now
		return "", 0, os.Remove(pidFile(database))
	}
	return address, pid, conn.Close()
}

func stop(database string) error {
	address, pid, err := running(database)
	if err != nil {
		return err
	}
	if pid == 0 {
		return fmt.Errorf("no server that -background started with %s is running", database)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping process %d at %s: %w", pid, address, err)
	}
	for deadline := time.Now().Add(30 * time.Second); alive(process); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d at %s did not end in 30 seconds; stop it by hand", pid, address)
		}
	}
	return os.Remove(pidFile(database))
}

func alive(process *os.Process) bool { return process.Signal(syscall.Signal(0)) == nil }
