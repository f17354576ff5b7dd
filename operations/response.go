package operations

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/charset"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// RequestID finds the id under which the provider knows the request.
func RequestID(h http.Header) string {
	for _, name := range requestIDs {
		if values := h[name]; len(values) > 0 {
			if id := strings.TrimSpace(values[0]); id != "" {
				return OneLine(id, 200)
			}
		}
	}
	return ""
}

// requestIDs are headers, as http.Header has their names.
var requestIDs = [...]string{
	"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Amzn-Request-Id", "X-Amz-Request-Id",
	"X-Ms-Request-Id", "X-Github-Request-Id", "X-Correlation-Id", "Cf-Ray",
}

// Decode fills Value, IsJSON and DecodeErr in from Header and Body, as the
// answer of op.
func (r *Response) Decode(op *Operation) {
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return
	}
	if coding := Packing(r.Header); coding != "" {
		r.DecodeErr = fmt.Errorf("the answer is packed with %s, which was not asked for and which Capstan does not read", OneLine(coding, 40))
		return
	}
	contentType := r.Header.Get("Content-Type")
	base, params, err := parseMedia(contentType)
	if err != nil {
		base = ""
	}
	text, textErr := decodeText(r.Body, params["charset"])
	switch {
	case textErr != nil && (IsJSON(base) || strings.HasPrefix(base, "text/")):
		r.DecodeErr = textErr
	case IsJSON(base):
		r.setJSON(decodeJSON(text))
	case documentsJSON(op, r.Status) && decodeUnlabelled(r, base, text):
	case documentsJSON(op, r.Status) && !documentsAnything(op, r.Status):
		notJSON(r, base, text)
	case strings.HasPrefix(base, "text/") || base == "" && textErr == nil:
		r.Value = text
	}
}

// parseMedia is mime.ParseMediaType, without its work for the types of most answers.
func parseMedia(text string) (base string, params map[string]string, err error) {
	switch text {
	case "application/json":
		return text, nil, nil
	case "application/json; charset=utf-8":
		return "application/json", map[string]string{"charset": "utf-8"}, nil
	}
	return mime.ParseMediaType(text)
}

// decodeUnlabelled takes a body without a content type, or with one that means
// nothing, for the documented JSON if it is an object or list, and reports
// whether it was. A page of HTML never is.
func decodeUnlabelled(r *Response, base, text string) bool {
	vague := base == "" || base == "text/plain" || base == "application/octet-stream"
	text = strings.TrimSpace(text)
	if !vague || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return false
	}
	v, repeated, err := decodeJSON(text)
	if err == nil {
		r.setJSON(v, repeated, nil)
	}
	return err == nil
}

func (r *Response) setJSON(v any, repeated []string, err error) {
	r.Value, r.Repeated, r.DecodeErr, r.IsJSON = v, repeated, err, err == nil
}

// notJSON reports that an answer is not the JSON that is documented.
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

// documentsAnything reports whether the answer of this status may be of any
// type at all ("*/*"), besides those that are documented.
func documentsAnything(op *Operation, status int) bool {
	doc := op.Documented(status)
	return doc != nil && slices.ContainsFunc(doc.Media, func(m Media) bool { return m.Type == "*/*" })
}

// documentsJSON reports whether the answer of this status is documented as
// JSON, going by the successful one when the status itself is not documented.
func documentsJSON(op *Operation, status int) bool {
	if d := op.Documented(status); d != nil && d.Status != "default" {
		return d.JSON() != nil
	}
	return status < 300 && op.Result() != nil
}

// decodeJSON decodes one JSON value, with the places where a name is repeated.
func decodeJSON(text string) (v any, repeated []string, err error) {
	v, twice, err := jsonvalue.DecodeText(text)
	if err != nil {
		return nil, nil, fmt.Errorf("the answer is not valid JSON: %w", jsonvalue.Fault(err))
	}
	if twice {
		repeated = jsonvalue.Repeated(text)
	}
	return v, repeated, nil
}

// decodeText turns a body into UTF-8. A text not written as labelled is an error
// rather than garbled text.
func decodeText(b []byte, label string) (string, error) {
	text, err := charset.UTF8(b, label)
	if err != nil {
		return "", fmt.Errorf("the answer cannot be read: %w", err)
	}
	return string(text), nil
}

// Packing is the content coding that is still on a body, "" for none.
func Packing(h http.Header) string {
	coding := strings.TrimSpace(h.Get("Content-Encoding"))
	if strings.EqualFold(coding, "identity") {
		return ""
	}
	return coding
}
