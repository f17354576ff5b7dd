package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/capstan-run/capstan/bench/internal/measure"
)

// bench is a scratch folder with everything that was built, and the servers that
// run.
type bench struct {
	config
	dir     string // of everything; the capability files are in files, where commands run
	server  string // the stub's URL
	servers []*exec.Cmd
	capstan []program // the one built here, and the other one where there is one
	peer    peers
	// valgrind counts instructions; "" is none.
	valgrind string
}

type program struct{ name, path string }

// prepare builds the programs and starts the stub.
func prepare(ctx context.Context, c config) (*bench, error) {
	dir, err := os.MkdirTemp("", "capstan-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{config: c, dir: dir}
	if err := b.files(); err != nil {
		return b, err
	}
	fmt.Fprintln(os.Stderr, "building in", dir)
	if err := b.build(ctx, ".", "./cmd/capstan", "./bench/hand", "./bench/hello", "./bench/stub", "./bench/embed"); err != nil {
		return b, err
	}
	b.capstan = append(b.capstan, program{"capstan", b.path("capstan")})
	if c.base != "" {
		b.capstan = append(b.capstan, program{"base", c.base})
	}
	b.getPeers(ctx)
	b.valgrind, _ = exec.LookPath("valgrind")
	b.server, err = b.serve(b.command(ctx, "stub"))
	return b, err
}

// files gathers the capabilities and documents: those beside this file, WorkOS's
// document with a workflow for the peers, and the same as one of the user's own.
func (b *bench) files() error {
	if err := os.CopyFS(b.path("files"), os.DirFS("bench/files")); err != nil {
		return err
	}
	workos, err := os.ReadFile("operations/catalog/workos/openapi.yaml")
	if err != nil {
		return err
	}
	workflow, err := os.ReadFile(b.path("files", "onboard.arazzo.yaml"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(b.path("files", "workos.yaml"), workos, 0o644),
		os.WriteFile(b.path("files", "own.yaml"), append(workos, "# one that no catalogue has\n"...), 0o644),
		os.WriteFile(b.path("files", "workos.arazzo.yaml"), bytes.Replace(workflow, []byte("./small.yaml"), []byte("./workos.yaml"), 1), 0o644),
	)
}

// build makes programs of the module in a folder, as a release has them.
func (b *bench) build(ctx context.Context, module string, packages ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", b.dir + "/"}, packages...)...)
	cmd.Dir, cmd.Stderr, cmd.Env = module, os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	return cmd.Run()
}

// path returns the place of something in the folder.
func (b *bench) path(elem ...string) string {
	return filepath.Join(append([]string{b.dir}, elem...)...)
}

// close ends the servers and removes the folder.
func (b *bench) close() error {
	for _, server := range b.servers {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
	if b.keep {
		fmt.Fprintln(os.Stderr, "kept", b.dir)
		return nil
	}
	return os.RemoveAll(b.dir)
}

// command is a program of the folder, which runs among the capability files, and in
// an environment that has a credential and nothing of the user's.
func (b *bench) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	if !filepath.IsAbs(program) {
		program = b.path(program)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = b.path("files")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.path("home"), "WORKOS_API_KEY=sk_test_bench", "NO_COLOR=1",
	}
	return cmd
}

// serve starts a server that prints its URL as its first line.
func (b *bench) serve(cmd *exec.Cmd) (string, error) {
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	b.servers = append(b.servers, cmd)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	return strings.TrimSpace(line), err
}

// process runs a command to its end and returns its time and its use of resources.
func process(cmd *exec.Cmd) (sample, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, &stdout, &stderr)
	}
	wall, p := time.Since(start), cmd.ProcessState
	return sample{
		"wall ms":  ms(wall),
		"CPU ms":   ms(p.UserTime() + p.SystemTime()),
		"peak MiB": float64(measure.Peak(p)) / (1 << 20),
	}, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// client runs a command that prints a measure.Result.
func client(cmd *exec.Cmd) (r measure.Result, err error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &stderr)
	}
	return r, json.Unmarshal(out, &r)
}
