// Package problem writes HTTP error answers as RFC 9457 problem documents, the
// one form every face of a served capability uses. Start with Write.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// ContentType is the media type of a problem document (RFC 9457, section 3).
const ContentType = "application/problem+json"

// Problem describes the failure of one request. Detail and the details of
// Errors reach the client: they speak its words and hold no secret. The zero
// value is an internal server error without detail.
type Problem struct {
	Type     string         // a URI naming the kind of problem; "" is about:blank: the status is enough
	Title    string         // "" is the text of the status
	Status   int            // the HTTP status, 400 to 599; anything else is 500
	Detail   string         // the fault of this request, and the remedy
	Instance string         // a URI naming this occurrence, for instance the run
	Errors   []Field        // the faults in the request's body, where there are any
	Extra    map[string]any // further members; those with a name of the above are ignored
}

// Field is one fault in the request's body.
type Field struct {
	Pointer string `json:"pointer,omitempty"` // a JSON pointer into the body (RFC 6901); "" is the whole of it
	Detail  string `json:"detail"`
}

// Token writes a name as a part of a JSON pointer (RFC 6901, section 3).
func Token(name string) string { return escaped.Replace(name) }

var escaped = strings.NewReplacer("~", "~0", "/", "~1")

// MarshalJSON gives the document with its defaults filled in: the members of
// RFC 9457 in their order, then Extra by name.
func (p Problem) MarshalJSON() ([]byte, error) {
	p = p.filled()
	doc, err := json.Marshal(struct {
		Type     string  `json:"type"`
		Title    string  `json:"title,omitempty"`
		Status   int     `json:"status"`
		Detail   string  `json:"detail,omitempty"`
		Instance string  `json:"instance,omitempty"`
		Errors   []Field `json:"errors,omitempty"`
	}{p.Type, p.Title, p.Status, p.Detail, p.Instance, p.Errors})
	if err != nil {
		return nil, err
	}
	extra := make(map[string]any, len(p.Extra))
	for name, value := range p.Extra {
		if !reserved(name) {
			extra[name] = value
		}
	}
	if len(extra) == 0 {
		return doc, nil
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return nil, err
	}
	doc[len(doc)-1] = ','
	return append(doc, more[1:]...), nil
}

// Write answers r with p: its status, and the document as the body unless r is
// a HEAD. The answer is never cached, and headers that described another body
// are dropped. An Extra that has no JSON form is left out. Write must come
// before anything else is written to w.
func Write(w http.ResponseWriter, r *http.Request, p Problem) {
	p = p.filled()
	body, err := json.Marshal(p)
	if err != nil {
		p.Extra = nil
		body, _ = json.Marshal(p)
	}
	body = append(body, '\n')

	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Disposition", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	if r == nil || r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may have left
	}
}

func (p Problem) filled() Problem {
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Status < 400 || p.Status > 599 {
		p.Status = http.StatusInternalServerError
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	return p
}

func reserved(name string) bool {
	switch name {
	case "type", "title", "status", "detail", "instance", "errors":
		return true
	}
	return false
}
