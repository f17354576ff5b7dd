package mock

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// head gives an answer the headers that later steps may read: those that the
// document has, the address of a thing that was made, and the version of the answer.
func (w *world) head(req *operations.Request, resp *operations.Response) {
	if resp.Status == http.StatusCreated {
		setMissing(resp.Header, "Location", w.place(req, resp.Value))
	}
	if len(resp.Body) > 0 {
		sum := sha256.Sum256(resp.Body)
		setMissing(resp.Header, "ETag", `"`+hex.EncodeToString(sum[:6])+`"`)
	}
	doc := req.Op.Documented(resp.Status)
	if doc == nil {
		return
	}
	for _, h := range doc.Headers {
		value := text(newMaker(w.now()).value(h.Schema, h.Name, nil))
		if strings.EqualFold(h.Name, "Location") {
			value = w.place(req, resp.Value)
		}
		setMissing(resp.Header, h.Name, value)
	}
}

func setMissing(h http.Header, name, value string) {
	if h.Get(name) == "" && value != "" {
		h.Set(name, value)
	}
}

// place is the address of a thing that a request made: its id below the path of
// the request.
func (w *world) place(req *operations.Request, made any) string {
	path, _ := operations.SplitQuery(req.Op.Path)
	path = operations.Expand(path, func(s string) string { return s }, func(name string) string {
		return url.PathEscape(text(req.Arg(operations.InPath, name)))
	})
	object, _ := made.(map[string]any)
	id := text(object["id"])
	if id == "" {
		id = strings.ReplaceAll(requestID(w.served), "-", "_")
	}
	return strings.TrimSuffix(path, "/") + "/" + url.PathEscape(id)
}
