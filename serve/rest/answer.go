package rest

import (
	"errors"
	"maps"
	"net/http"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/body"
	"github.com/capstan-run/capstan/spec"
)

// call runs an operation's flow and writes its answer.
func (h *Handler) call(w http.ResponseWriter, r *http.Request, op *operation, path map[string]string) {
	in, wrong := h.gather(r, op, path)
	if wrong != nil {
		answer.Fault(w, r, *wrong)
		return
	}
	a, err := h.runner.Call(r.Context(), op.prog, in)
	if err != nil {
		h.fail(w, r, op, err)
		return
	}
	h.answer(w, r, op, a)
}

// answer writes the result of a flow. The status of a single call's answer is the
// answer's own; everything else is 200.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, op *operation, a *engine.Answer) {
	status := http.StatusOK
	if op.single && a.Status >= 200 && a.Status < 300 {
		status = a.Status
	}
	if op.decl.BinaryStatus != 0 {
		status = op.decl.BinaryStatus
	}
	if a.Binary && a.Cap == 0 && h.max > 0 && int64(len(a.Body)) > h.max {
		answer.Refuse(w, r, http.StatusBadGateway, "the answer is larger than maxBinarySize allows")
		return
	}
	passOn(w, a)
	switch {
	case a.Shaped || a.Value != nil && len(a.Body) == 0:
		writeJSON(w, r, status, a.Value)
	default:
		media := a.Media
		if a.Binary && op.decl.Binary.IsSet() {
			media = op.decl.Binary.Value
		}
		answer.Body(w, r, status, media, a.Body)
	}
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	text, err := jsonvalue.Marshal(v)
	if err != nil {
		answer.Refuse(w, r, http.StatusInternalServerError, "the answer cannot be written as JSON")
		return
	}
	if status == http.StatusNoContent {
		status = http.StatusOK
	}
	answer.Body(w, r, status, "application/json", text)
}

// passOn hands the headers of an answer on that concern the caller.
func passOn(w http.ResponseWriter, a *engine.Answer) { maps.Copy(w.Header(), a.Header) }

// fail answers a call that did not succeed. The API's answer to a single
// call is passed on, status and all; in a flow of several steps it would be taken
// for the answer to something else.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, op *operation, err error) {
	var inputs *engine.InputError
	var missing *engine.CredentialError
	var call *engine.CallError
	p := answer.Problem{Status: http.StatusInternalServerError, Detail: "the operation failed"}
	switch {
	case errors.As(err, &inputs):
		p = answer.Problem{Status: http.StatusBadRequest, Title: "Bad inputs", Detail: inputs.Error()}
		for _, x := range inputs.Problems {
			p.Errors = append(p.Errors, answer.Field{Pointer: "/" + answer.Token(x.Name), Detail: x.String()})
		}
	case errors.As(err, &missing):
		p = answer.Problem{Status: http.StatusServiceUnavailable, Detail: "the server lacks a credential for this operation"}
	case errors.As(err, &call):
		if u := call.Upstream; u != nil && op.single {
			if call.InDoubt() { // the status alone does not show it
				h.log.WarnContext(r.Context(), "a write is in doubt", "operation", op.prog.Name(), "status", u.Status, "error", err.Error())
			}
			passOn(w, u)
			answer.Body(w, r, u.Status, u.Media, u.Body)
			return
		}
		p = upstream(call)
	}
	h.log.WarnContext(r.Context(), "operation failed", "operation", op.prog.Name(), "status", p.Status, "error", err.Error())
	answer.Fault(w, r, p)
}

// upstream is the problem of a call that failed on its way or in the middle.
func upstream(e *engine.CallError) answer.Problem {
	p := answer.Problem{Status: http.StatusBadGateway, Detail: e.Error(), Code: e.Info.Code, Step: e.Info.Step}
	if e.Upstream != nil {
		p.Upstream = e.Upstream.Status
	}
	if isTimeout(e) {
		p.Status = http.StatusGatewayTimeout
	}
	if isUnavailable(e) {
		p.Status = http.StatusServiceUnavailable
	}
	switch e.Info.Code {
	case "missing-parameter", "bad-argument", "expression-failed":
		p.Status = http.StatusUnprocessableEntity
	case "script-failed", "lookup-failed", "output-failed":
		p.Status = http.StatusInternalServerError
	}
	return p
}

func isUnavailable(err error) bool {
	var u interface{ Unavailable() bool }
	return errors.As(err, &u) && u.Unavailable()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// forward passes the request on to a consumed API: method, the rest of the
// path behind the route's, query, body and the headers that the file trusts.
func (h *Handler) forward(w http.ResponseWriter, r *http.Request, f *spec.Forward, tail string) {
	sent, wrong := body.Read(r, h.opts.MaxBody)
	if wrong != nil {
		answer.Fault(w, r, *wrong)
		return
	}
	out := engine.ForwardRequest{Method: r.Method, Path: tail, Query: r.URL.RawQuery, Header: http.Header{}, Body: sent}
	for _, name := range f.TrustedHeaders {
		if values := r.Header.Values(name.Value); len(values) > 0 {
			out.Header[http.CanonicalHeaderKey(name.Value)] = values
		}
	}
	if t := r.Header.Get("Content-Type"); t != "" && len(sent) > 0 {
		out.Header.Set("Content-Type", t)
	}
	a, err := h.runner.Forward(r.Context(), h.file, f.Target.Value, out)
	var call *engine.CallError
	switch {
	case errors.Is(err, engine.ErrForwardPath):
		answer.Refuse(w, r, http.StatusBadRequest, "the path cannot be passed on")
	case errors.As(err, &call):
		answer.Fault(w, r, upstream(call))
	case err != nil:
		h.log.ErrorContext(r.Context(), "forwarding failed", "error", err.Error())
		answer.Refuse(w, r, http.StatusBadGateway, "the request could not be passed on")
	default:
		passOn(w, a)
		answer.Body(w, r, a.Status, a.Media, a.Body)
	}
}
