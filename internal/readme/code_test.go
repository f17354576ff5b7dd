package readme

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoCode type-checks the Go code of every page, as a newcomer would paste it.
// A block with a package clause is a program; any other is a function body, in
// which ctx, and the packages named in preamble, are at hand.
func TestGoCode(t *testing.T) {
	for _, p := range pages(t) {
		for _, b := range p.blocks("go") {
			t.Run(fmt.Sprintf("%s:%d", p.name, b.line), func(t *testing.T) {
				source := b.text
				if !strings.HasPrefix(source, "package ") {
					source = fmt.Sprintf(preamble, b.text)
				}
				name := filepath.Join(t.TempDir(), "main.go")
				if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command("go", "vet", name)
				cmd.Dir = root
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

// preamble makes a program of a function body. Every import is used, so that
// the body may use any of them, and returning an error is allowed.
const preamble = `package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

var (
	_ = errors.Is
	_ = fmt.Sprint
	_ = log.Fatal
	_ http.Handler
	_ = serve.Mount
	_ engine.Inputs
	_ operations.Caller
	_ durable.Status
	_ sqlite.Options
	_ live.Options
	_ runs.Options
)

func body(ctx context.Context) error {
%s
	return nil
}

func main() { log.Fatal(body(context.Background())) }
`
