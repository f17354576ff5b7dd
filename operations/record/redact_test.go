package record

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

func TestRecordingsHideTheRunsSecrets(t *testing.T) {
	dir := t.TempDir()
	req, _ := optest.LinkRequest()
	answers := []operations.Caller{
		canned(200, `{"echo":"`+optest.PortalLink+`"}`, http.Header{"Location": {optest.PortalLink}}),
		func(context.Context, *operations.Request) (*operations.Response, error) {
			return nil, &operations.CallError{URL: "https://h/?q=" + url.QueryEscape(optest.PortalLink), Detail: "no " + optest.PortalLink, Phase: operations.Sent, Reason: operations.ReasonReset, Status: 200, RequestID: "req_1"}
		},
	}
	for _, next := range answers {
		if _, err := operations.Chain(next, To(dir, nil))(t.Context(), req); err != nil {
			optest.WantCallError(t, err, operations.Sent, operations.ReasonReset, "pt_a") // the caller's own error is not changed
		}
	}
	for _, name := range files(t, dir) {
		optest.WantNoLink(t, readFile(t, filepath.Join(dir, name)))
	}
	replay := Replay(dir)
	if _, err := replay(t.Context(), req); err != nil {
		t.Error(err)
	}
	_, err := replay(t.Context(), req)
	if e := optest.CallError(t, err); e.RequestID != "req_1" || e.Status != 200 {
		t.Errorf("got %+v", e)
	}
	// What a mismatch lists is of this run.
	_, err = replay(t.Context(), req)
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonRecording, "the request has")
	optest.WantNoLink(t, err.Error())
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}
