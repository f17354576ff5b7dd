// Package devserver starts Temporal's development server on loopback, for tests and for
// trying things out. Its runs are in a SQLite file, or in memory.
package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/capstan-run/capstan/temporal/internal/attribute"
)

// Options are how a server is started. The zero value works.
type Options struct {
	Database  string // file that keeps the runs; "" keeps them in memory
	Namespace string // made if it is not there; "" is "default"
	Port      int    // of 127.0.0.1; 0 is a free one
	UI        int    // port of the web page; 0 is no page
	CLI       string // the temporal command; "" is what [CLI] returns
	Log       *os.File
	// Detached lets the server go on when this process ends, on Unix. Without it the server
	// is killed with this process, on Linux.
	Detached bool
	Config   []string // KEY=VALUE of the server's dynamic configuration
}

// Server is a running server. Its methods may be called from one goroutine at a time.
type Server struct {
	Address string  // HOST:PORT
	Options Options // as given, with the port and the command that were chosen
	cmd     *exec.Cmd
	exited  chan struct{} // closed when the process ended
	output  *tail
}

// Start starts a server and returns once it answers and its namespace has the search
// attributes of runs. It gives up when ctx ends. A server that was killed is started again
// with its own Options.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	var err error
	if o.CLI == "" {
		if o.CLI, err = CLI(ctx, os.Stderr); err != nil {
			return nil, err
		}
	}
	if o.Port == 0 {
		if o.Port, err = freePort(); err != nil {
			return nil, err
		}
	}
	s := &Server{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), Options: o, exited: make(chan struct{}), output: &tail{}}
	s.cmd = exec.Command(o.CLI, o.arguments()...)
	s.cmd.SysProcAttr = attributes(o.Detached)
	if o.Log != nil {
		s.cmd.Stdout, s.cmd.Stderr = o.Log, o.Log
	} else if !o.Detached {
		s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the development server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.ready(ctx); err != nil {
		_ = s.Kill()
		return nil, fmt.Errorf("the development server at %s: %w%s", s.Address, err, s.output)
	}
	return s, nil
}

func (o Options) arguments() []string {
	args := []string{"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(o.Port), "--namespace", o.Namespace, "--log-level", "error"}
	if o.Database != "" {
		args = append(args, "--db-filename", o.Database)
	}
	if o.UI == 0 {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-ip", "127.0.0.1", "--ui-port", strconv.Itoa(o.UI))
	}
	for _, key := range attribute.All() {
		args = append(args, "--search-attribute", key.GetName()+"="+key.GetValueType().String())
	}
	for _, value := range o.Config {
		args = append(args, "--dynamic-config-value", value)
	}
	return args
}

// freePort returns a port that nothing listens on. It lies below the ports that systems give
// to connections, so that a server which is started again finds it free, and is chosen at
// random, so that servers which are started at once have different ones.
func freePort() (int, error) {
	for range 1000 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no port between 20000 and 32000 of 127.0.0.1 was found free for a development server")
}

// Client returns a connection to the namespace of s, without log. The caller closes it.
func (s *Server) Client(ctx context.Context) (client.Client, error) {
	return client.DialContext(ctx, client.Options{HostPort: s.Address, Namespace: s.Options.Namespace, Logger: quiet{}})
}

// ready waits until runs can be listed by every attribute.
func (s *Server) ready(ctx context.Context) error {
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("it ended: %s", s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	go func() { // something else may listen there
		select {
		case <-s.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	conn, err := net.Dial("tcp", s.Address) // at once, where the client would wait
	if err != nil {
		return err
	}
	conn.Close()
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	// A database that is older than an attribute does not get it from the command.
	if err := attribute.Register(ctx, c, s.Options.Namespace); err != nil {
		return err
	}
	return attribute.Check(ctx, c, s.Options.Namespace)
}

// PID returns the id of the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Exited returns a channel that is closed when the server's process has ended.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Stop ends the server as an operator does, and returns when it is gone.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return s.Kill() // Windows sends no signals
	}
	select {
	case <-s.exited:
		return nil
	case <-time.After(20 * time.Second):
		return s.Kill()
	}
}

// Kill ends the server at once, as kill -9 does, and returns when it is gone.
func (s *Server) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.exited
	return nil
}

// Test starts a server that is killed when the test ends, and that keeps its runs in a file
// of the test unless o has one.
func Test(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Database == "" {
		o.Database = t.TempDir() + "/temporal.db"
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tail keeps the last bytes that a process wrote.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4096

func (o *tail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if over := len(o.text) - tailSize; over > 0 {
		o.text = append(o.text[:0], o.text[over:]...)
	}
	return len(p), nil
}

func (o *tail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.text) == 0 {
		return ""
	}
	return "\n" + string(o.text)
}

var _ io.Writer = (*tail)(nil)

// quiet is a logger that writes nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

var _ log.Logger = quiet{}
