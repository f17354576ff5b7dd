// Package lsp is a language server for capability files: problems as they are typed,
// completion, documentation of operations, definitions, renaming of steps, and fixes.
// Start with [Serve].
package lsp

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/creachadair/jrpc2/handler"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/spec"
)

// Loader reads capability files for the server.
type Loader struct {
	Version string
	// Open judges a file with the text in place of its own. The file is nil where there
	// is nothing to judge.
	Open func(ctx context.Context, path string, text []byte) (*engine.File, *engine.Report)
	// API finds the operations of an API that a file calls, nil where there are none.
	API func(ctx context.Context, name string) *engine.API
	// Format lays out a text, false for one that is no capability or no YAML.
	Format func(path string, text []byte) ([]byte, bool)
}

// Serve answers an editor until it asks to exit, its messages end, or ctx is done, which
// is an error. Messages are answered one after the other. A read from in may outlast it.
func Serve(ctx context.Context, in io.Reader, out io.WriteCloser, load Loader) error {
	asked, exit := context.WithCancel(ctx)
	defer exit()
	s := &server{load: load, exit: exit, open: map[string]judged{}, last: map[string]judged{}}
	rpc := jrpc2.NewServer(s.methods(), &jrpc2.ServerOptions{
		AllowPush: true, Concurrency: 1, DisableBuiltin: true,
		NewContext: func() context.Context { return ctx },
	}).Start(channel.LSP(in, out))
	ended := make(chan error, 1)
	go func() { ended <- rpc.Wait() }()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return nil
	case <-asked.Done():
		go rpc.Stop() // it waits for a read that may never return
		return ctx.Err()
	}
}

// server holds the open files. Its methods run one at a time.
type server struct {
	load Loader
	exit context.CancelFunc
	open map[string]judged // by URI
	last map[string]judged // the newest text of each that could be planned
}

// judged is a text with its meaning.
type judged struct {
	text   *text
	file   *engine.File
	report *engine.Report
}

func (s *server) methods() handler.Map {
	return handler.Map{
		"initialize":                      handler.New(s.initialize),
		"initialized":                     handler.New(ignore),
		"shutdown":                        handler.New(ignore),
		"exit":                            handler.New(s.ended),
		"$/cancelRequest":                 handler.New(ignore),
		"$/setTrace":                      handler.New(ignore),
		"workspace/didChangeWatchedFiles": handler.New(s.refresh),
		"textDocument/didOpen":            handler.New(s.didOpen),
		"textDocument/didChange":          handler.New(s.didChange),
		"textDocument/didSave":            handler.New(s.refresh),
		"textDocument/didClose":           handler.New(s.didClose),
		"textDocument/completion":         handler.New(s.completion),
		"textDocument/hover":              handler.New(s.hover),
		"textDocument/definition":         handler.New(s.definition),
		"textDocument/prepareRename":      handler.New(s.prepareRename),
		"textDocument/rename":             handler.New(s.rename),
		"textDocument/codeAction":         handler.New(s.codeActions),
		"textDocument/documentSymbol":     handler.New(s.symbols),
		"textDocument/formatting":         handler.New(s.format),
	}
}

func ignore(context.Context, *jrpc2.Request) (any, error) { return nil, nil }

func (s *server) ended(context.Context, *jrpc2.Request) (any, error) {
	s.exit()
	return nil, nil
}

func (s *server) initialize(context.Context, *jrpc2.Request) (initializeResult, error) {
	return initializeResult{
		ServerInfo: serverInfo{"capstan", s.load.Version},
		Capabilities: capabilities{
			TextDocumentSync:   syncOptions{OpenClose: true, Change: 2},
			CompletionProvider: completionOptions{[]string{".", ":", " ", `"`, "'"}},
			HoverProvider:      true, DefinitionProvider: true, CodeActionProvider: true, SymbolProvider: true, FormattingProvider: true,
			RenameProvider: renameOptions{PrepareProvider: true},
		},
	}, nil
}

func (s *server) didOpen(ctx context.Context, p didOpen) error {
	return s.replace(ctx, newText(p.TextDocument.URI, p.TextDocument.Text))
}

func (s *server) didChange(ctx context.Context, p didChange) error {
	t := s.open[p.TextDocument.URI].text
	if t == nil {
		return nil
	}
	for _, c := range p.Changes {
		t = t.changed(c)
	}
	return s.replace(ctx, t)
}

func (s *server) didClose(ctx context.Context, p documentParams) error {
	delete(s.open, p.TextDocument.URI)
	delete(s.last, p.TextDocument.URI)
	return publish(ctx, p.TextDocument.URI, []diagnostic{})
}

// refresh judges the open files anew: a file that one of them names may have changed.
func (s *server) refresh(ctx context.Context, _ *jrpc2.Request) error {
	for _, j := range s.open {
		if err := s.replace(ctx, j.text); err != nil {
			return err
		}
	}
	return nil
}

// replace gives an open file another text, and publishes its problems.
func (s *server) replace(ctx context.Context, t *text) error {
	j := s.judge(ctx, t)
	s.open[t.uri] = j
	if old, had := s.last[t.uri]; j.plans() || !had || !old.plans() {
		s.last[t.uri] = j
	}
	return publish(ctx, t.uri, j.diagnostics())
}

func (s *server) judge(ctx context.Context, t *text) judged {
	f, report := s.load.Open(ctx, t.path, []byte(t.content))
	return judged{t, f, report}
}

// plans reports whether anything of the text could be planned.
func (j judged) plans() bool {
	return j.file != nil && slices.ContainsFunc(j.file.Spec().Units, func(u *spec.Unit) bool { return j.file.Program(u) != nil })
}

func publish(ctx context.Context, uri string, problems []diagnostic) error {
	return jrpc2.ServerFromContext(ctx).Notify(ctx, "textDocument/publishDiagnostics", publishParams{uri, problems})
}
