package answer

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Problem describes the failure of one request (RFC 9457). Detail and the details of
// Errors reach the client: they speak its words and hold no secret. The zero
// value is an internal server error without detail.
type Problem struct {
	Title  string  `json:"title,omitempty"`  // "" is the text of the status
	Status int     `json:"status"`           // the HTTP status, 400 to 599; anything else is 500
	Detail string  `json:"detail,omitempty"` // the fault of this request, and the remedy
	Errors []Field `json:"errors,omitempty"` // the faults in the request's body, where there are any

	// Of a call of an API that failed, where known:
	Code     string `json:"code,omitempty"`            // of the failure
	Step     string `json:"step,omitempty"`            // that called
	Upstream int    `json:"upstream_status,omitempty"` // the status of the API's answer
}

// Field is one fault in the request's body.
type Field struct {
	Pointer string `json:"pointer,omitempty"` // a JSON pointer into the body (RFC 6901); "" is the whole of it
	Detail  string `json:"detail"`
}

// Token writes a name as a part of a JSON pointer (RFC 6901, section 3).
func Token(name string) string { return escaped.Replace(name) }

var escaped = strings.NewReplacer("~", "~0", "/", "~1")

// document is a Problem as clients read it. The type is about:blank: the status is
// enough.
type document struct {
	Type string `json:"type"`
	Problem
}

// Fault answers r with p: its status, and the document as the body unless r is
// a HEAD. The answer is never cached, and headers that described another body
// are dropped. Write must come before anything else is written to w.
func Fault(w http.ResponseWriter, r *http.Request, p Problem) {
	if p.Status < 400 || p.Status > 599 {
		p.Status = http.StatusInternalServerError
	}
	p.Title = cmp.Or(p.Title, http.StatusText(p.Status))
	body, _ := json.Marshal(document{"about:blank", p}) // always has a JSON form
	body = append(body, '\n')

	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Disposition", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	if r == nil || r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may have left
	}
}
