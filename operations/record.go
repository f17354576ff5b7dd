package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	In    In              `json:"in"`
	Value json.RawMessage `json:"value"`
}

type exchangeAnswer struct {
	Status   int             `json:"status"`
	Header   http.Header     `json:"header,omitempty"`
	JSON     json.RawMessage `json:"json,omitempty"`
	Text     string          `json:"text,omitempty"`   // when the body is no JSON
	Binary   []byte          `json:"binary,omitempty"` // base64, when it is no text either
	Attempts int             `json:"attempts,omitempty"`
}

type exchangeError struct {
	Phase  Phase  `json:"phase"`
	Reason Reason `json:"reason"`
	Detail string `json:"detail"`
	URL    string `json:"url"`
	Status int    `json:"status,omitempty"`
}

// Record keeps every exchange in dir, one JSON file each, for [Replay]. Put it
// outside the retries, so that a file holds what the run saw. Files are named
// by sequence, step and operation ("0003-verify-directory-listDirectories.json"),
// continue the numbers that dir already has, appear whole, and are readable by
// their owner only. Numbers are given out at the start of an exchange; several
// recorders, in one process or in many, may share a dir.
//
// Neither credentials nor cookies nor what Request.Sensitive names are written:
// r hides them, and learns the sensitive values, so that a later request which
// repeats one shows [redacted] too. r must be the Redactor of the [Client].
//
// That dir can be written is checked before anything is sent. An exchange that
// cannot be written afterwards does not lose its answer: it is returned, and
// the next call fails, not sent, with the reason. Record is safe for concurrent
// use.
func Record(dir string, r *Redactor) Middleware {
	if r == nil {
		r = NewRedactor()
	}
	rec := &recorder{dir: dir, redactor: r}
	return func(next Caller) Caller {
		return func(ctx context.Context, req *Request) (*Response, error) {
			seq, err := rec.next()
			if err != nil {
				return nil, newError(req, ReasonRecording, err, "cannot record in %s: %v", dir, bareFileError(err))
			}
			resp, callErr := next(ctx, req)
			rec.keep(seq, req, resp, callErr)
			return resp, callErr
		}
	}
}

type recorder struct {
	dir      string
	redactor *Redactor

	mu     sync.Mutex
	seq    int   // last number seen or given out
	failed error // of an earlier keep
}

// next gives out a sequence number, at the start of an exchange, and reserves
// it with a file: other recorders may be at work in the directory.
func (rec *recorder) next() (int, error) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.failed != nil {
		return 0, rec.failed
	}
	if rec.seq == 0 {
		if err := rec.open(); err != nil {
			return 0, err
		}
	}
	for {
		rec.seq++
		f, err := os.OpenFile(rec.reservation(rec.seq), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := f.Close(); err != nil {
			return 0, err
		}
		// Somebody may have finished with the number just before.
		taken, err := filepath.Glob(filepath.Join(escapeGlob(rec.dir), fmt.Sprintf("%04d-*.json", rec.seq)))
		if err != nil {
			return 0, err
		}
		if len(taken) == 0 {
			return rec.seq, nil
		}
		if err := os.Remove(rec.reservation(rec.seq)); err != nil {
			return 0, err
		}
	}
}

func (rec *recorder) reservation(seq int) string {
	return filepath.Join(rec.dir, fmt.Sprintf(".%04d", seq))
}

// open makes the directory and finds the last number in it.
func (rec *recorder) open() error {
	if err := os.MkdirAll(rec.dir, 0o700); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(escapeGlob(rec.dir), "[0-9]*.json"))
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d-", &n); err == nil {
			rec.seq = max(rec.seq, n)
		}
	}
	return err
}

// keep writes an exchange and gives its reservation up.
func (rec *recorder) keep(seq int, req *Request, resp *Response, callErr error) {
	x := rec.exchangeOf(req, resp, callErr)
	err := errors.Join(
		writeExchange(filepath.Join(rec.dir, fileName(seq, req)), x),
		os.Remove(rec.reservation(seq)),
	)
	if err == nil {
		return
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.failed = errors.Join(rec.failed, err)
}

func (rec *recorder) exchangeOf(req *Request, resp *Response, callErr error) *exchange {
	var body []byte
	if resp != nil {
		var hidden []string
		body, hidden = hideSensitive(resp, req.Sensitive)
		rec.redactor.Add(hidden...)
	}
	x := &exchange{
		Step: req.Step, Try: req.Try, API: req.Op.API, Operation: req.Op.ID,
		Request: exchangeRequest{Method: req.Op.Method, Path: req.Op.Path, Args: argsOf(req, rec.redactor), Body: valueOf(req.Body, rec.redactor)},
	}
	var call *CallError
	switch {
	case resp != nil:
		x.Response = rec.answerOf(resp, body)
	case errors.As(callErr, &call):
		x.Error = &exchangeError{call.Phase, call.Reason, rec.redactor.String(call.Detail), rec.redactor.String(call.URL), call.Status}
	case callErr != nil:
		x.Error = &exchangeError{Phase: Sent, Reason: ReasonOther, Detail: rec.redactor.String(callErr.Error()), URL: req.Op.Path}
	}
	var later *RetryLater
	if errors.As(callErr, &later) {
		body, _ := hideSensitive(later.Response, req.Sensitive)
		x.Response, x.Error = rec.answerOf(later.Response, body), nil
	}
	return x
}

func (rec *recorder) answerOf(resp *Response, body []byte) *exchangeAnswer {
	a := &exchangeAnswer{Status: resp.Status, Attempts: resp.Attempts, Header: keptHeaders(resp.Header, rec.redactor)}
	clean := rec.redactor.Bytes(body)
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

// keptHeaders drops what authenticates somebody and what would not be true of
// the recording.
func keptHeaders(h http.Header, r *Redactor) http.Header {
	out := http.Header{}
	for name, values := range h {
		switch http.CanonicalHeaderKey(name) {
		case "Authorization", "Proxy-Authorization", "Www-Authenticate", "Proxy-Authenticate", "Set-Cookie", "Cookie",
			"X-Api-Key", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection":
			continue
		}
		for _, v := range values {
			out[name] = append(out[name], r.String(v))
		}
	}
	return out
}

// argsOf writes the arguments in a fixed order: by place, then name.
func argsOf(req *Request, r *Redactor) []exchangeArg {
	var out []exchangeArg
	for _, a := range req.Args {
		if a.Value != nil {
			out = append(out, exchangeArg{a.Param.Name, a.Param.In, valueOf(a.Value, r)})
		}
	}
	slices.SortFunc(out, func(a, b exchangeArg) int {
		return strings.Compare(string(a.In)+" "+a.Name, string(b.In)+" "+b.Name)
	})
	return out
}

// valueOf writes a value as JSON without secrets; nil for nil.
func valueOf(v any, r *Redactor) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := marshalJSON(v)
	if err != nil {
		b, _ = marshalJSON(fmt.Sprint(v))
	}
	if clean := r.Bytes(b); json.Valid(clean) {
		return clean
	}
	b, _ = marshalJSON(Redacted)
	return b
}

// fileName is "0003-step-operation.json", with what file systems dislike
// replaced.
func fileName(seq int, req *Request) string {
	name := fmt.Sprintf("%04d", seq)
	for _, s := range []string{req.Step, req.Op.ID} {
		if s != "" {
			name += "-" + safeName(s)
		}
	}
	return name + ".json"
}

func safeName(s string) string {
	s = regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(s, "_")
	return s[:min(len(s), 80)]
}

// writeExchange writes the file under another name first, so that no reader
// sees half of it.
func writeExchange(path string, x *exchange) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(x); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".exchange-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// bareFileError drops the path, which the message names already.
func bareFileError(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
