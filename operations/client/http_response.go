package client

import (
	"bytes"
	"mime"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/charset"
	"github.com/capstan-run/capstan/operations"
)

// answer makes the Response of a complete HTTP answer.
func answer(req *operations.Request, resp *http.Response, body []byte, took time.Duration) *operations.Response {
	r := &operations.Response{
		Status: resp.StatusCode, Header: resp.Header, Body: body,
		RequestID: operations.RequestID(resp.Header), Attempts: 1, Duration: took,
	}
	if server, err := req.Server(); err == nil {
		r.BaseURL = server.String()
	}
	if !req.Undecoded || r.Status >= 400 || !utf8.Valid(body) {
		r.Decode(req.Op)
	}
	return r
}

// inUTF8 returns a body of JSON or plain text in UTF-8, and has the header say
// so: what is hidden in it is searched for in that form, and nothing after this
// has to know another. What is not written as it says stays as it came.
func inUTF8(h http.Header, body []byte) []byte {
	base, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if operations.Packing(h) != "" || err == nil && !operations.IsJSON(base) && base != "text/plain" {
		return body
	}
	text, err := charset.UTF8(body, params["charset"])
	if err != nil || bytes.Equal(text, body) {
		return body
	}
	if params["charset"] != "" {
		params["charset"] = "utf-8"
		h.Set("Content-Type", mime.FormatMediaType(base, params))
	}
	return text
}
