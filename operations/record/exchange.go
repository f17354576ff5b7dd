package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// exchange is one recording: a JSON file that people read and edit.
type exchange struct {
	Step      string          `json:"step,omitempty"`
	Try       int             `json:"try,omitempty"`
	API       string          `json:"api,omitempty"`
	Operation string          `json:"operation"`
	Request   exchangeRequest `json:"request"`
	Response  *exchangeAnswer `json:"response,omitempty"`
	Error     *exchangeError  `json:"error,omitempty"`

	file string // base name, when read
}

type exchangeRequest struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // template
	Args   []exchangeArg   `json:"args,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
}

type exchangeArg struct {
	Name  string          `json:"name"`
	In    operations.In   `json:"in"`
	Value json.RawMessage `json:"value"`
}

type exchangeAnswer struct {
	Status   int             `json:"status"`
	Header   http.Header     `json:"header,omitempty"`
	JSON     json.RawMessage `json:"json,omitempty"`
	Text     string          `json:"text,omitempty"`   // when the body is no JSON
	Binary   []byte          `json:"binary,omitempty"` // base64, when it is no text either
	Attempts int             `json:"attempts,omitempty"`
	Lost     bool            `json:"lost,omitempty"`
}

type exchangeError struct {
	Phase  operations.Phase  `json:"phase"`
	Reason operations.Reason `json:"reason"`
	Detail string            `json:"detail"`
	URL    string            `json:"url"`
	Status int               `json:"status,omitempty"`
	// RequestID is the provider's, when an answer began.
	RequestID string `json:"request_id,omitempty"`
	Lost      bool   `json:"lost,omitempty"`
}

// exchangeOf makes the recording of a call, without secrets.
func (rec *recorder) exchangeOf(req *operations.Request, resp *operations.Response, callErr error) *exchange {
	var body []byte
	if resp != nil {
		var hidden []string
		body, hidden = resp.Hidden(req.Sensitive)
		rec.redactor.Add(hidden...)
	}
	hide := operations.Redactors{req.Redactor, rec.redactor}
	x := &exchange{
		Step: req.Step, Try: req.Try, API: req.Op.API, Operation: req.Op.ID,
		Request: exchangeRequest{Method: req.Op.Method, Path: req.Op.Path, Args: argsOf(req, hide), Body: valueOf(req.Body, hide)},
	}
	var call *operations.CallError
	switch {
	case resp != nil:
		x.Response = answerOf(resp, body, hide)
	case errors.As(callErr, &call):
		shown := *call
		hide.Hide(&shown)
		x.Error = &exchangeError{shown.Phase, shown.Reason, shown.Detail, shown.URL, shown.Status, shown.RequestID, shown.Lost}
	case callErr != nil:
		x.Error = &exchangeError{Phase: operations.Sent, Reason: operations.ReasonOther, Detail: hide.String(callErr.Error()), URL: req.Op.Path}
	}
	var later *operations.RetryLater
	if errors.As(callErr, &later) {
		body, _ := later.Response.Hidden(req.Sensitive)
		x.Response, x.Error = answerOf(later.Response, body, hide), nil
	}
	return x
}

func answerOf(resp *operations.Response, body []byte, hide operations.Redactors) *exchangeAnswer {
	a := &exchangeAnswer{Status: resp.Status, Attempts: resp.Attempts, Lost: resp.Lost, Header: keptHeaders(resp.Header, hide)}
	clean := []byte(hide.String(string(body)))
	switch {
	case len(body) == 0:
	case resp.IsJSON && json.Valid(clean):
		a.JSON = clean
	case strings.ToValidUTF8(string(body), "") == string(body):
		a.Text = string(clean)
	default:
		a.Binary = clean
	}
	return a
}

// keptHeaders drops credentials and headers that would not be true of
// the recording.
func keptHeaders(h http.Header, hide operations.Redactors) http.Header {
	out := http.Header{}
	for name, values := range h {
		switch http.CanonicalHeaderKey(name) {
		case "Authorization", "Proxy-Authorization", "Www-Authenticate", "Proxy-Authenticate", "Set-Cookie", "Cookie",
			"X-Api-Key", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection":
			continue
		}
		for _, v := range values {
			out[name] = append(out[name], hide.String(v))
		}
	}
	return out
}

// argsOf writes the arguments in a fixed order: by place, then name.
func argsOf(req *operations.Request, hide operations.Redactors) []exchangeArg {
	var out []exchangeArg
	for _, a := range req.Args {
		v := a.Value
		if v != nil && a.Param.In == operations.InHeader && strings.EqualFold(a.Param.Name, "Authorization") {
			v = operations.Redacted
		}
		if v != nil {
			out = append(out, exchangeArg{a.Param.Name, a.Param.In, valueOf(v, hide)})
		}
	}
	slices.SortFunc(out, func(a, b exchangeArg) int {
		return strings.Compare(string(a.In)+" "+a.Name, string(b.In)+" "+b.Name)
	})
	return out
}

// valueOf writes a value as JSON without secrets; nil for nil.
func valueOf(v any, hide operations.Redactors) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := jsonvalue.Encode(v)
	if err != nil {
		b, _ = jsonvalue.Encode(fmt.Sprint(v))
	}
	if clean := []byte(hide.String(string(b))); json.Valid(clean) {
		return clean
	}
	b, _ = jsonvalue.Encode(operations.Redacted)
	return b
}
