package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Replay answers from the recordings that [To] made in dir; nothing is
// sent. A request is matched by its operation, arguments and body; equal
// requests get their recordings in the order in which they were made. A request
// without one is an error that lists those that are left. Recorded errors come back
// as errors, recorded waits without waiting. Headers such as idempotency keys
// do not count.
//
// Values that were redacted compare equal to anything. Files are read on the
// first call. Safe for concurrent use.
func Replay(dir string) operations.Caller {
	load := sync.OnceValues(func() (*tape, error) { return readTape(dir) })
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		t, err := load()
		if err != nil {
			return nil, operations.NewError(req, operations.ReasonRecording, err, "cannot replay from %s: %v", dir, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, operations.NewError(req, operations.ReasonCancelled, err, "cancelled")
		}
		x := t.take(req)
		if x == nil {
			return nil, operations.NewError(req, operations.ReasonRecording, nil, "no recording of this request is left in %s; %s", dir, t.inventory(req))
		}
		return x.play(req)
	}
}

// tape is the recordings of a directory, in sequence.
type tape struct {
	mu        sync.Mutex
	exchanges []*exchange
	used      []bool
}

func readTape(dir string) (*tape, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, bareFileError(err)
	}
	if !info.IsDir() {
		return nil, errors.New("it is a file, not a directory")
	}
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), recordingPattern))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	t := &tape{used: make([]bool, len(files))}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		x := &exchange{file: filepath.Base(file)}
		if err := json.Unmarshal(b, x); err != nil {
			return nil, fmt.Errorf("%s is no recording: %w", x.file, err)
		}
		if x.Operation == "" || (x.Response == nil) == (x.Error == nil) {
			return nil, fmt.Errorf("%s is no recording: it needs an operation and either a response or an error", x.file)
		}
		t.exchanges = append(t.exchanges, x)
	}
	return t, nil
}

// take finds the first unused recording of req and uses it up.
func (t *tape) take(req *operations.Request) *exchange {
	args, body := argsOf(req, nil), valueOf(req.Body, nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, x := range t.exchanges {
		if !t.used[i] && x.Operation == req.Op.ID && x.API == req.Op.API && sameArgs(x.Request.Args, args) && sameJSON(x.Request.Body, body) {
			t.used[i] = true
			return x
		}
	}
	return nil
}

func sameArgs(recorded, given []exchangeArg) bool {
	return slices.EqualFunc(recorded, given, func(a, b exchangeArg) bool {
		return a.Name == b.Name && a.In == b.In && sameJSON(a.Value, b.Value)
	})
}

// sameJSON compares values, not their spelling.
func sameJSON(recorded, given json.RawMessage) bool {
	if len(recorded) == 0 || len(given) == 0 {
		return len(recorded) == len(given)
	}
	r, errR := jsonvalue.Decode(recorded)
	g, errG := jsonvalue.Decode(given)
	return errR == nil && errG == nil && sameValue(r, g)
}

func sameValue(recorded, given any) bool {
	switch r := recorded.(type) {
	case string:
		if strings.Contains(r, operations.Redacted) {
			return true
		}
	case []any:
		g, ok := given.([]any)
		return ok && slices.EqualFunc(r, g, sameValue)
	case map[string]any:
		g, ok := given.(map[string]any)
		return ok && maps.EqualFunc(r, g, sameValue)
	}
	return jsonvalue.Equal(recorded, given)
}

// inventory lists which recordings there are of the operation, or at all.
func (t *tape) inventory(req *operations.Request) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	hide := operations.Redactors{req.Redactor}
	var same, all []string
	for i, x := range t.exchanges {
		entry := x.file
		if t.used[i] {
			entry += " (used)"
		}
		if x.Operation == req.Op.ID && x.API == req.Op.API {
			same = append(same, entry+x.asks())
		}
		all = append(all, entry)
	}
	switch {
	case len(all) == 0:
		return "there are no recordings there"
	case len(same) == 0:
		return fmt.Sprintf("none is of operation %q; there are: %s", req.Op.ID, someOf(all))
	}
	return fmt.Sprintf("the request has %s; recorded are: %s",
		asksText(argsOf(req, hide), valueOf(req.Body, hide)), someOf(same))
}

// asks describes a recorded request.
func (x *exchange) asks() string { return " with " + asksText(x.Request.Args, x.Request.Body) }

func asksText(args []exchangeArg, body json.RawMessage) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, a.Name+"="+string(a.Value))
	}
	if len(body) > 0 {
		var flat bytes.Buffer
		if json.Compact(&flat, body) == nil {
			parts = append(parts, "body "+flat.String())
		}
	}
	if len(parts) == 0 {
		return "no arguments"
	}
	return operations.OneLine(strings.Join(parts, " "), 200)
}

// someOf lists at most ten entries.
func someOf(entries []string) string {
	const most = 10
	if len(entries) <= most {
		return strings.Join(entries, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(entries[:most], ", "), len(entries)-most)
}

// play makes the recorded answer or error.
func (x *exchange) play(req *operations.Request) (*operations.Response, error) {
	if e := x.Error; e != nil {
		return nil, &operations.CallError{
			Op: req.Op.ID, Method: req.Op.Method, URL: e.URL,
			Phase: e.Phase, Reason: e.Reason, Detail: e.Detail, Status: e.Status, RequestID: e.RequestID, Lost: e.Lost,
		}
	}
	a := x.Response
	r := &operations.Response{Status: a.Status, Header: a.Header.Clone(), Attempts: max(1, a.Attempts), Lost: a.Lost, RequestID: operations.RequestID(a.Header)}
	switch {
	case len(a.JSON) > 0:
		var flat bytes.Buffer
		if err := json.Compact(&flat, a.JSON); err != nil {
			return nil, operations.NewError(req, operations.ReasonRecording, err, "%s holds a broken body", x.file)
		}
		r.Body = flat.Bytes()
	case a.Text != "":
		r.Body = []byte(a.Text)
	default:
		r.Body = a.Binary
	}
	r.Decode(req.Op)
	return r, nil
}
