package client

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// LevelBody is the level at which [Log] shows bodies: below debug, as they
// hold other people's data.
const LevelBody = slog.LevelDebug - 4

// maxLoggedBody bounds a body in a log line, in bytes.
const maxLoggedBody = 4 << 10

// Log writes a line at debug level for every call: method, URL, status,
// duration, attempt and request id, with secrets hidden by r (which may be
// nil) and Request.Redactor. Bodies are logged at [LevelBody] only.
func Log(l *slog.Logger, r *operations.Redactor) operations.Middleware {
	return func(next operations.Caller) operations.Caller {
		return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			if !l.Enabled(ctx, slog.LevelDebug) {
				return next(ctx, req)
			}
			resp, err := next(ctx, req)
			hide := operations.Redactors{req.Redactor, r}
			l.LogAttrs(ctx, slog.LevelDebug, "call", callAttrs(ctx, hide, req, resp, err)...)
			if l.Enabled(ctx, LevelBody) {
				l.LogAttrs(ctx, LevelBody, "bodies", bodyAttrs(hide, req, resp)...)
			}
			return resp, err
		}
	}
}

func callAttrs(ctx context.Context, r operations.Redactors, req *operations.Request, resp *operations.Response, err error) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", req.Op.ID),
		slog.String("method", req.Op.Method),
		slog.String("url", r.String(builtURL(ctx, req))),
	}
	if req.Step != "" {
		attrs = append(attrs, slog.String("step", req.Step))
	}
	if req.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", req.Attempt))
	}
	if resp != nil {
		attrs = append(attrs, slog.Int("status", resp.Status), slog.Duration("took", resp.Duration))
		if resp.RequestID != "" {
			attrs = append(attrs, slog.String("request_id", r.String(resp.RequestID)))
		}
	}
	var call *operations.CallError
	switch {
	case errors.As(err, &call): // the URL stands in the line already
		attrs = append(attrs, slog.String("error", r.String(call.Detail)), slog.String("phase", string(call.Phase)))
	case err != nil:
		attrs = append(attrs, slog.String("error", r.String(err.Error())))
	}
	return attrs
}

// builtURL is the URL with its arguments, as far as they make one.
func builtURL(ctx context.Context, req *operations.Request) string {
	hr, err := request.Build(ctx, req)
	if err != nil {
		return req.DisplayURL()
	}
	return hr.URL.String()
}

func bodyAttrs(r operations.Redactors, req *operations.Request, resp *operations.Response) []slog.Attr {
	var attrs []slog.Attr
	if req.Body != nil {
		if b, _, err := request.Body(req); err == nil {
			attrs = append(attrs, slog.String("request", cut(r.String(string(b)))))
		}
	}
	if resp != nil {
		body, _ := resp.Hidden(req.Sensitive)
		attrs = append(attrs, slog.String("response", cut(r.String(string(body)))))
	}
	return attrs
}

// cut bounds a text after it was redacted: a secret cut in two would not be
// recognised.
func cut(s string) string {
	if len(s) <= maxLoggedBody {
		return s
	}
	return strings.ToValidUTF8(s[:maxLoggedBody], "") + "…"
}
