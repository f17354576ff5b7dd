package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/paging"
)

// apiCall is a call of one operation, and the only place that prints the answer of
// an API: nothing outside of this file sees one. The client has taken the
// credentials out of it before.
type apiCall struct {
	app  *app
	op   *operations.Operation
	call operations.Caller
	// unchecked leaves out holding answers against their documented schema.
	unchecked bool
	maxPages  int // of a list, 0 for the default

	answer *operations.Response
	warned []string
	broken bool // an answer breaks its documented schema
}

// send sends the request, or all its pages.
func (x *apiCall) send(ctx context.Context, req *operations.Request, all bool) (err error) {
	if all {
		x.answer, err = paging.All(ctx, x.page, req, &paging.Options{MaxPages: x.maxPages})
	} else {
		x.answer, err = x.page(ctx, req)
	}
	return err
}

// page sends one request and checks its answer.
func (x *apiCall) page(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	res, err := x.call(ctx, req)
	if err == nil && res.Status < 400 && res.DecodeErr == nil && !x.unchecked {
		x.check(res)
	}
	return res, err
}

// check warns of each fault once, however many pages have it.
func (x *apiCall) check(res *operations.Response) {
	for _, place := range res.Repeated {
		x.warn(fmt.Sprintf("warning: the answer has a name twice in one object, and JSON does not define which value counts: %s", orAnywhere(place)))
	}
	for _, v := range check.Response(x.op, res.Status, res.Header.Get("Content-Type"), res.Value) {
		x.broken = true
		x.warn(fmt.Sprintf("warning: the answer breaks its documented schema at %s: %s", orRoot(v.Path), term.OneLine(v.Message)))
	}
}

func (x *apiCall) warn(line string) {
	if !slices.Contains(x.warned, line) {
		x.warned = append(x.warned, line)
		x.app.complain("%s", line)
	}
}

func orAnywhere(place string) string {
	if place == "" {
		return "in many places"
	}
	return term.OneLine(place)
}

func orRoot(pointer string) string {
	if pointer == "" {
		return "its root"
	}
	return pointer
}

// print prints the answer: the body is the product for every status.
func (x *apiCall) print() error {
	a, op, res := x.app, x.op, x.answer
	if err := x.body(); err != nil {
		return err
	}
	verdict := check.Verdict(op, res)
	if verdict == operations.TookEffect {
		x.succeeded()
		if res.DecodeErr != nil && (op.Result() != nil || strings.HasPrefix(res.Header.Get("Content-Type"), "text/")) {
			a.complain("%s answered %d, but %s", op.API, res.Status, term.OneLine(res.DecodeErr.Error()))
			return silent(exitFailed)
		}
		return nil
	}
	line := fmt.Sprintf("%s answered %s to %s %s", op.API, term.Status(res.Status), op.Method, op.Path)
	if msg := operations.ExplainResponse(res).Message; msg != http.StatusText(res.Status) {
		line += ": " + term.OneLine(msg)
	}
	if res.RequestID != "" {
		line += " (request id " + term.OneLine(res.RequestID) + ")"
	}
	a.complain("%s", line)
	switch {
	case verdict == operations.InDoubt:
		a.complain("the answer may be that of a gateway on the way; %s", maybeDone(op))
		return silent(exitWaiting)
	case res.Lost:
		a.complain("an earlier sending may have taken effect; %s", maybeDone(op))
		return silent(exitWaiting)
	}
	return silent(exitFailed)
}

// succeeded reports the parts of a successful answer that its body does not show.
func (x *apiCall) succeeded() {
	a, op, res := x.app, x.op, x.answer
	switch {
	case a.flags.quiet:
	case res.Status >= 400:
		a.complain("%s answered %s when the request was sent again: it had taken effect", op.API, term.Status(res.Status))
	case len(res.Body) == 0:
		a.complain("%s answered %s without a body", op.API, term.Status(res.Status))
	}
}

// body writes the answer's body: JSON indented, or as YAML; anything else as it
// came.
func (x *apiCall) body() error {
	if !x.answer.IsJSON {
		_, _ = x.app.out.Write(x.answer.Body) // the sink remembers a failure
		return nil
	}
	return x.app.printDocument(json.RawMessage(x.answer.Body)) // the API's own order of keys
}
