package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/request"
)

func TestLogHidesTheRunsSecrets(t *testing.T) {
	req, _ := optest.LinkRequest()
	text := logged(t, LevelBody, operations.NewRedactor("client-secret"), req, func(context.Context, *operations.Request) (*operations.Response, error) {
		return &operations.Response{Status: 200, Header: http.Header{}, Body: []byte(`{"echo":"` + optest.PortalLink + `"}`), RequestID: "client-secret"},
			&operations.CallError{Detail: "no " + optest.PortalLink}
	})
	optest.WantNoLink(t, text)
	if strings.Contains(text, "client-secret") {
		t.Errorf("the client's secret is in %s", text)
	}
	req.Redactor = nil
	if text := logged(t, slog.LevelDebug, nil, req, func(context.Context, *operations.Request) (*operations.Response, error) { return nil, errors.New("x") }); !strings.Contains(text, "token") {
		t.Errorf("without a redactor the link should show, or this test proves nothing: %s", text)
	}
}

func TestErrorsHideTheRunsSecrets(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) { hangUp(w) })
	req, _ := optest.LinkRequest()
	req.BaseURL = srv.URL
	_, err := once(Options{})(t.Context(), req)
	optest.WantCallError(t, err, operations.Sent, operations.ReasonReset, "/l/[redacted]?q=[redacted]")
	optest.WantNoLink(t, err.Error())

	req.Args = optest.Args(req.Op, "at", "x")
	req.BaseURL = "ftp://h/" + optest.PortalLink
	for name, call := range map[string]operations.Caller{
		"client": once(Options{}),
		"build": func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			_, err := request.Build(ctx, req)
			return nil, err
		},
		"auth": func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			secured := *req
			op := *req.Op
			op.Security = []operations.Requirement{{bearerUse()}}
			secured.Op = &op
			return once(Options{Credentials: fixed(Credential{Token: "sk_secret"})})(ctx, &secured)
		},
	} {
		if _, err := call(t.Context(), req); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			optest.WantNoLink(t, err.Error())
		}
	}
}
