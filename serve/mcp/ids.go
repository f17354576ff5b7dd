package mcp

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// ids lets numbers through the SDK, which reads them as floating-point numbers: a
// request's id, the request that is cancelled and a progress token where they
// would come back as other numbers, and arguments that it cannot read at all,
// such as 1e400. They go in as text behind a mark that cannot be guessed, and
// come out as numbers again.
type ids struct {
	mark string
	text *regexp.Regexp // a marked number as JSON
}

func newIDs() *ids {
	mark := rand.Text() + ":"
	return &ids{mark, regexp.MustCompile(`"` + mark + `(-?[0-9][-+.0-9eE]*)"`)}
}

// in marks the numbers of a message, or of each in a batch, that is valid JSON.
func (x *ids) in(body []byte) []byte {
	var batch []json.RawMessage
	if json.Unmarshal(body, &batch) == nil && batch != nil {
		changed := false
		for i, one := range batch {
			batch[i] = x.in(one)
			changed = changed || !bytes.Equal(batch[i], one)
		}
		if !changed {
			return body
		}
		return written(batch)
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return body
	}
	changed := x.member(m, "id")
	if x.params(m) || changed {
		return written(m)
	}
	return body
}

// params marks the numbers among a message's parameters.
func (x *ids) params(m map[string]json.RawMessage) (changed bool) {
	var params, meta map[string]json.RawMessage
	if json.Unmarshal(m["params"], &params) != nil {
		return false
	}
	if string(m["method"]) == `"notifications/cancelled"` {
		changed = x.member(params, "requestId")
	}
	if json.Unmarshal(params["_meta"], &meta) == nil && x.member(meta, "progressToken") {
		params["_meta"] = written(meta)
		changed = true
	}
	if args := params["arguments"]; mayOverflow.Match(args) {
		params["arguments"] = jsonToken.ReplaceAllFunc(args, x.argument)
		changed = true
	}
	if changed {
		m["params"] = written(params)
	}
	return changed
}

var (
	mayOverflow = lazyregexp.New(`[0-9][eE]\+?[0-9]{3}|[0-9]{300}`)
	jsonToken   = lazyregexp.New(`"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*`)
)

// argument marks a number that is too large for a floating-point one.
func (x *ids) argument(token []byte) []byte {
	if token[0] == '"' {
		return token
	}
	if _, err := strconv.ParseFloat(string(token), 64); err == nil {
		return token
	}
	return []byte(`"` + x.mark + string(token) + `"`)
}

// member marks one member of an object, and reports whether it had to.
func (x *ids) member(m map[string]json.RawMessage, name string) bool {
	number := string(m[name])
	if number == "" || number[0] != '-' && (number[0] < '0' || number[0] > '9') {
		return false
	}
	const exact = 1 << 53
	if i, err := strconv.ParseInt(number, 10, 64); err == nil && -exact < i && i < exact && number != "-0" {
		return false
	}
	m[name] = json.RawMessage(`"` + x.mark + number + `"`)
	return true
}

// written writes parts of JSON, which have a JSON form.
func written(v any) []byte {
	data, _ := json.Marshal(v)
	return data
}

// out turns marked text back into numbers.
func (x *ids) out(data []byte) []byte {
	if !bytes.Contains(data, []byte(x.mark)) {
		return data
	}
	return x.text.ReplaceAll(data, []byte("$1"))
}

// writer passes an answer on with its numbers. The SDK and this package write a
// message in one piece.
func (x *ids) writer(w http.ResponseWriter) http.ResponseWriter { return &idWriter{w, x} }

type idWriter struct {
	http.ResponseWriter
	ids *ids
}

func (w *idWriter) Write(data []byte) (int, error) {
	if _, err := w.ResponseWriter.Write(w.ids.out(data)); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Unwrap lets the SDK flush events (http.ResponseController).
func (w *idWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
