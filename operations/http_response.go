package operations

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/charset"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// answer makes the Response of a complete HTTP answer.
func answer(req *Request, resp *http.Response, body []byte, took time.Duration) *Response {
	r := &Response{
		Status: resp.StatusCode, Header: resp.Header, Body: body,
		RequestID: requestID(resp.Header), BaseURL: baseURL(req), Attempts: 1, Duration: took,
	}
	if !req.Undecoded || r.Status >= 400 || !utf8.Valid(body) {
		decode(req.Op, r)
	}
	return r
}

// requestID finds the id under which the provider knows the request.
func requestID(h http.Header) string {
	for _, name := range []string{
		"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Amzn-Request-Id", "X-Amz-Request-Id",
		"X-Ms-Request-Id", "X-Github-Request-Id", "X-Correlation-Id", "Cf-Ray",
	} {
		if id := strings.TrimSpace(h.Get(name)); id != "" {
			return oneLine(id, 200)
		}
	}
	return ""
}

// decode fills Value, IsJSON and DecodeErr in from Header and Body.
func decode(op *Operation, r *Response) {
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return
	}
	if coding := packing(r.Header); coding != "" {
		r.DecodeErr = fmt.Errorf("the answer is packed with %s, which was not asked for and which Capstan does not read", oneLine(coding, 40))
		return
	}
	contentType := r.Header.Get("Content-Type")
	base, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		base = ""
	}
	text, textErr := decodeText(r.Body, params["charset"])
	switch {
	case textErr != nil && (IsJSON(base) || strings.HasPrefix(base, "text/")):
		r.DecodeErr = textErr
	case IsJSON(base):
		v, err := decodeJSON(text)
		r.setJSON(text, v, err)
	case documentsJSON(op, r.Status) && decodeUnlabelled(r, base, text):
	case documentsJSON(op, r.Status) && !documentsAnything(op, r.Status):
		notJSON(r, base, text)
	case strings.HasPrefix(base, "text/") || base == "" && textErr == nil:
		r.Value = text
	}
}

// decodeUnlabelled takes a body without a content type, or with one that says
// nothing, for the documented JSON if it is an object or list, and reports
// whether it was. A page of HTML never is.
func decodeUnlabelled(r *Response, base, text string) bool {
	vague := base == "" || base == "text/plain" || base == "application/octet-stream"
	text = strings.TrimSpace(text)
	if !vague || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return false
	}
	v, err := decodeJSON(text)
	if err == nil {
		r.setJSON(text, v, nil)
	}
	return err == nil
}

func (r *Response) setJSON(text string, v any, err error) {
	r.Value, r.DecodeErr, r.IsJSON = v, err, err == nil
	if r.IsJSON {
		r.Repeated = jsonvalue.Repeated(text)
	}
}

// notJSON says that an answer is not the JSON that is documented.
func notJSON(r *Response, base, text string) {
	if base == "" {
		r.DecodeErr = errors.New("the answer has no content type and is not the JSON that is documented")
	} else {
		r.DecodeErr = fmt.Errorf("the answer is %s where JSON is documented", base)
	}
	if base == "text/plain" {
		r.Value = text
	}
}

// documentsAnything reports whether the answer of this status may, besides what
// else is documented, be of any type at all ("*/*").
func documentsAnything(op *Operation, status int) bool {
	i := op.documented(status)
	return i >= 0 && slices.ContainsFunc(op.Responses[i].Media, func(m Media) bool { return m.Type == "*/*" })
}

// documentsJSON reports whether the answer of this status is documented as
// JSON, going by the successful one when the status itself is not documented.
func documentsJSON(op *Operation, status int) bool {
	code := strconv.Itoa(status)
	for _, d := range op.Responses {
		if d.Status == code {
			return d.JSON() != nil
		}
	}
	for _, d := range op.Responses {
		if strings.EqualFold(d.Status, code[:1]+"XX") {
			return d.JSON() != nil
		}
	}
	return status < 300 && op.Result() != nil
}

// decodeJSON decodes one JSON value, with numbers as [jsonvalue.Decode] has them.
func decodeJSON(s string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the answer is not valid JSON: %w", jsonError(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the answer is not valid JSON: something follows the first value")
	}
	return jsonvalue.Numbers(v), nil
}

// completeMembers decodes the members of a JSON object up to where it breaks
// off.
func completeMembers(s string) map[string]any {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	members := map[string]any{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			break
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			break
		}
		if name, ok := name.(string); ok {
			members[name] = jsonvalue.Numbers(v)
		}
	}
	return members
}

func jsonError(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w at byte %d", err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it ends too early")
	}
	return err
}

// decodeText turns a body into UTF-8. What is not written as it says is an error
// rather than garbled text.
func decodeText(b []byte, label string) (string, error) {
	text, err := charset.UTF8(b, label)
	if err != nil {
		return "", fmt.Errorf("the answer cannot be read: %w", err)
	}
	return string(text), nil
}

// inUTF8 returns a body of JSON or plain text in UTF-8, and has the header say
// so: what is hidden in it is searched for in that form, and nothing after this
// has to know another. What is not written as it says stays as it came.
func inUTF8(h http.Header, body []byte) []byte {
	base, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if packing(h) != "" || err == nil && !IsJSON(base) && base != "text/plain" {
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
