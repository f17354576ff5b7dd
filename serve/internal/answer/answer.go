// Package answer writes the answers that the HTTP faces have in common; errors are
// problem documents (RFC 9457). Start with JSON and Refuse.
package answer

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// JSON answers with a JSON document. A value without a JSON form is a fault of
// the server.
func JSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		Refuse(w, r, http.StatusInternalServerError, "the answer has no JSON form")
		return
	}
	Body(w, r, status, "application/json", append(data, '\n'))
}

// Body answers with a body, without it to a HEAD. An empty media type, an empty
// body and 204 leave out the headers that would describe a body.
func Body(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	if media != "" && len(body) > 0 {
		w.Header().Set("Content-Type", media)
	}
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead && len(body) > 0 && status != http.StatusNoContent {
		_, _ = w.Write(body) // the client may have left
	}
}

// Refuse answers with a Problem that has no more than a detail.
func Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	Fault(w, r, Problem{Status: status, Detail: detail})
}

// Otherwise answers a method that is not among those allowed: OPTIONS with the
// list of them, any other with 405.
func Otherwise(w http.ResponseWriter, r *http.Request, allowed ...string) {
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	Refuse(w, r, http.StatusMethodNotAllowed, r.Method+" is not served here; "+list+" are")
}
