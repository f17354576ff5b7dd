package command

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// stderr is where everything but the product goes: text as it is, or with
// --log-format json a record for each message.
type stderr struct {
	w     io.Writer
	flags *globalFlags
	level slog.Level // of the messages
}

func (s *stderr) Write(p []byte) (int, error) {
	if s.flags.logFormat != "json" {
		return s.w.Write(p)
	}
	text := strings.TrimSpace(string(p))
	if text == "" {
		return len(p), nil
	}
	level := s.level
	if rest, warns := strings.CutPrefix(text, "warning: "); warns {
		text, level = rest, slog.LevelWarn
	}
	s.records().Log(context.Background(), level, text)
	return len(p), nil
}

func (s *stderr) records() *slog.Logger { return slog.New(slog.NewJSONHandler(s.w, nil)) }

// records returns where records go, nil for text.
func (a *app) records() *slog.Logger {
	if s, ok := a.io.Err.(*stderr); ok && a.flags.logFormat == "json" {
		return s.records()
	}
	return nil
}

// libraryLog receives the standard library's own logs, such as net/http
// about an unsolicited answer on an idle connection. It is shown with -v, without
// the data that came, which may be secret.
type libraryLog struct{ app *app }

func (l *libraryLog) Write(line []byte) (int, error) {
	if log := l.app.logger(); log != nil {
		text, _, _ := strings.Cut(strings.TrimSpace(string(line)), " starting with ")
		log.Debug(text)
	}
	return len(line), nil
}

// recordDiagnostics writes a record for each problem of a file.
func recordDiagnostics(log *slog.Logger, list diag.List) {
	for _, d := range list {
		level := slog.LevelWarn
		if d.Severity == diag.Error {
			level = slog.LevelError
		}
		log.Log(context.Background(), level, d.Message, "diagnostic", d)
	}
}

// logger returns where -v goes, or nil without -v.
func (a *app) logger() *slog.Logger {
	if !a.flags.verbose {
		return nil
	}
	opts := &slog.HandlerOptions{Level: slog.LevelDebug}
	w := a.io.Err
	if s, ok := w.(*stderr); ok {
		w = s.w
	}
	if a.flags.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
