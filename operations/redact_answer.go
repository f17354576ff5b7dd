package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/capstan-run/capstan/internal/charset"
)

// hideAnswer replaces the credentials that an API repeats in its answer, before
// anything reads it: in its headers and in its body, which stays the JSON it
// was. cut reports that the body breaks off at its end. Thus the answers of a
// [Client], and all that is made from them, hold no credential.
func (r *Redactor) Answer(h http.Header, body []byte, cut bool) []byte {
	text, converted, always := textOf(h, body)
	for ; r != nil; r = r.base {
		f := r.current()
		if f == nil {
			continue
		}
		for _, values := range h {
			for i, v := range values {
				values[i] = blank(v, find(f, v, search{answer: true}))
			}
		}
		if spans := find(f, text, search{answer: true, cut: cut}); len(spans) > 0 {
			text, always = hideSpans(text, spans), true
		}
	}
	if !always {
		return body
	}
	if base, params, err := parseMedia(h.Get("Content-Type")); err == nil && converted && params["charset"] != "" {
		params["charset"] = "utf-8"
		h.Set("Content-Type", mime.FormatMediaType(base, params))
	}
	return text
}

// textOf returns a body in UTF-8, the form in which credentials are searched for;
// one that is packed, or not written as labelled, stays as it came. JSON and plain
// text always take that form, so that nothing after this has to know another.
func textOf(h http.Header, body []byte) (text []byte, converted, always bool) {
	base, params, err := parseMedia(h.Get("Content-Type"))
	always = err != nil || IsJSON(base) || base == "text/plain"
	if Packing(h) != "" {
		return body, false, always
	}
	text, err = charset.UTF8(body, params["charset"])
	if err != nil {
		return body, false, always
	}
	return text, !bytes.Equal(text, body), always
}

// hideSpans replaces the spans of a body. JSON stays JSON.
func hideSpans(body []byte, spans []span) []byte {
	if !json.Valid(body) {
		return []byte(blank(string(body), spans))
	}
	var b bytes.Buffer
	scan := jsonScan{text: body}
	for _, p := range merged(spans) {
		written := scan.at
		scan.before(p.from)
		start, inString := scan.at, scan.open
		scan.behind(p.to)
		p = span{start, scan.at}
		b.Write(body[written:p.from])
		switch {
		case inString:
			b.WriteString(Redacted)
		case partOfNumber(body, p), isLiteral(body[p.from:p.to]):
			b.Write(body[p.from:p.to])
		default:
			b.WriteString(`"` + Redacted + `"`)
		}
	}
	b.Write(body[scan.at:])
	if !json.Valid(b.Bytes()) { // the secret is a piece of JSON itself
		return []byte(`"` + Redacted + `"`)
	}
	return b.Bytes()
}

// jsonScan walks through JSON by characters, an escape being one.
type jsonScan struct {
	text []byte
	at   int
	open bool // within a string
}

func (s *jsonScan) next() {
	switch c := s.text[s.at]; {
	case c == '"':
		s.open = !s.open
	case c == '\\' && s.text[s.at+1] == 'u':
		s.at += 5
	case c == '\\':
		s.at++
	}
	s.at++
}

// before goes on to the last character that begins at or before i.
func (s *jsonScan) before(i int) {
	for s.at < i {
		last := *s
		if s.next(); s.at > i {
			*s = last
			return
		}
	}
}

// behind goes on to the first character that begins at or behind i.
func (s *jsonScan) behind(i int) {
	for s.at < i {
		s.next()
	}
}

// partOfNumber reports a span within a longer number, which is another value.
func partOfNumber(body []byte, p span) bool {
	digit := func(i int) bool { return i >= 0 && i < len(body) && strings.IndexByte("+-.0123456789eE", body[i]) >= 0 }
	return digit(p.from) && digit(p.to-1) && (digit(p.from-1) || digit(p.to))
}

// isLiteral reports a word of JSON itself.
func isLiteral(b []byte) bool {
	return string(b) == "true" || string(b) == "false" || string(b) == "null"
}

// Data returns JSON or other data that is kept without the credentials that it
// holds. JSON stays JSON.
func (r *Redactor) Data(data []byte) []byte {
	for ; r != nil; r = r.base {
		if f := r.current(); f != nil {
			if spans := find(f, data, search{answer: true}); len(spans) > 0 {
				data = hideSpans(data, spans)
			}
		}
	}
	return data
}

// HideErrors removes the secrets of r from answers of status 400 or more: they are
// shown, and no step reads them. It comes before anything shortens them, since a
// secret that is cut in two would not be recognised.
func HideErrors(r *Redactor) Middleware {
	return func(next Caller) Caller {
		return func(ctx context.Context, req *Request) (*Response, error) {
			resp, err := next(ctx, req)
			if err != nil || resp.Status < 400 || r.current() == nil {
				return resp, err
			}
			shown := *resp
			shown.Header = http.Header{}
			for name, values := range resp.Header {
				for _, v := range values {
					shown.Header[name] = append(shown.Header[name], r.replace(v))
				}
			}
			shown.Body = []byte(r.replace(string(resp.Body)))
			shown.Value = r.inValue(resp.Value)
			return &shown, nil
		}
	}
}

// inValue hides the secrets of r in the texts of a value, on a copy.
func (r *Redactor) inValue(v any) any {
	switch v := v.(type) {
	case string:
		return r.replace(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = r.inValue(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, field := range v {
			out[r.replace(name)] = r.inValue(field)
		}
		return out
	}
	return v
}
