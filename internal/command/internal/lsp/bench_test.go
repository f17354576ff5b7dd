//go:build unix

package lsp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
)

// long is a composition of two thousand lines.
func long() string {
	var b strings.Builder
	b.WriteString("name: Moor many\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: harbour\ninputs:\n  - {name: imo, type: integer, required: true}\nsteps:\n")
	for i := range 329 {
		fmt.Fprintf(&b, "  - id: get-ship-%d\n    operation: getShip\n  - id: moor-ship-%d\n    operation: moorShip\n    with:\n      ship: '{{ get-ship-%d.name }}'\n", i, i, i)
	}
	for b.WriteString("outputs:\n"); strings.Count(b.String(), "\n") < 2000; {
		fmt.Fprintf(&b, "  - {name: berth_%d, source: moor-ship-%d.berth}\n", b.Len(), strings.Count(b.String(), "\n")%329)
	}
	return b.String()
}

// BenchmarkRequests reports the processor time of each request on a file of 2,000 lines, as
// docs/editors.md has it.
func BenchmarkRequests(b *testing.B) {
	dir := b.TempDir()
	document := filepath.Join(dir, "harbour.openapi.yaml")
	if err := os.WriteFile(document, []byte(harbour), 0o600); err != nil {
		b.Fatal(err)
	}
	opts := engine.LoadOptions{OpenAPI: map[string]string{"harbour": document}, Project: "none", Documents: &engine.Documents{}, Several: true}
	s := &server{open: map[string]judged{}, last: map[string]judged{}, load: Loader{
		Open: func(ctx context.Context, path string, text []byte) (*engine.File, *engine.Report) {
			with := opts
			with.Source = text
			f, err := engine.Open(ctx, path, &with)
			if err != nil {
				b.Fatal(err)
			}
			return f, f.Report()
		},
		API: func(ctx context.Context, name string) *engine.API {
			api, _ := engine.OpenAPI(ctx, name, &opts)
			return api
		},
	}}
	t := newText(uriOf(filepath.Join(dir, "moor.yaml")), long())
	j := s.judge(b.Context(), t)
	s.open[t.uri], s.last[t.uri] = j, j
	if n := len(j.report.Diagnostics); n > 0 || !j.plans() {
		b.Fatalf("%d problems: %v", n, j.report.Diagnostics[0])
	}
	at := func(word string) positionParams {
		return positionParams{documentID{t.uri}, t.position(strings.Index(t.content, word) + 3)}
	}
	for _, request := range []struct {
		name string
		do   func() error
	}{
		{"change", func() error { s.judge(b.Context(), t).diagnostics(); return nil }},
		{"completion", func() error { _, err := s.completion(b.Context(), at("moorShip\n")); return err }},
		{"hover", func() error { _, err := s.hover(b.Context(), at("moorShip\n")); return err }},
		{"definition", func() error { _, err := s.definition(b.Context(), at("get-ship-300.name")); return err }},
		{"prepareRename", func() error { _, err := s.prepareRename(b.Context(), at("get-ship-300.name")); return err }},
		{"rename", func() error {
			_, err := s.rename(b.Context(), renameParams{at("get-ship-300.name"), "vessel"})
			return err
		}},
		{"codeAction", func() error {
			_, err := s.codeActions(b.Context(), codeActionParams{documentID{t.uri}, span{}})
			return err
		}},
		{"documentSymbol", func() error { _, err := s.symbols(b.Context(), documentParams{documentID{t.uri}}); return err }},
	} {
		b.Run(request.name, func(b *testing.B) {
			b.ReportAllocs()
			before := processorTime()
			for b.Loop() {
				if err := request.do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processorTime()-before)/time.Duration(b.N))/float64(time.Millisecond), "cpu-ms/op")
		})
	}
}

// processorTime is what the process has used.
func processorTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
