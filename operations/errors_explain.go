package operations

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Problem is an API's reason for refusing a request, in its own
// words. Every text is bounded in length, on one line, and may be "".
type Problem struct {
	Code    string   // the API's error code ("invalid_request"), "" when none
	Message string   // the API's message; the HTTP status in words when none
	Details []string // further messages, such as one for each wrong field
}

// String returns "message (code): detail; detail".
func (p Problem) String() string {
	s := p.Message
	if p.Code != "" && p.Code != p.Message {
		s += " (" + p.Code + ")"
	}
	if len(p.Details) > 0 {
		s += ": " + strings.Join(p.Details, "; ")
	}
	return s
}

// The bounds of a [Problem]: enough for a person, short enough for a line.
const (
	maxProblemMessage = 500
	maxProblemDetail  = 200
	maxProblemDetails = 10
	maxProblemDepth   = 4
)

// ExplainResponse finds the API's own message in an answer: in the members
// that APIs use for it (message, error, error_description, errors, detail,
// title, code; RFC 6749 section 5.2, RFC 9457), in text, or in the title of an
// HTML page. The texts come from the server: redact them before showing them.
func ExplainResponse(r *Response) Problem {
	var p Problem
	switch v := r.Value.(type) {
	case string:
		p.Message = textMessage(v)
	case nil:
		p = explainUnread(r)
	default:
		p = explainValue(v, 0)
	}
	p.Message = OneLine(p.Message, maxProblemMessage)
	p.Code = OneLine(p.Code, maxProblemDetail)
	if p.Message == "" {
		p.Message = firstText(p.Code, http.StatusText(r.Status), fmt.Sprintf("HTTP status %d", r.Status))
	}
	return p
}

// explainUnread finds the message in a body that was not decoded: in the members
// of a JSON object before it breaks off, else in the text.
func explainUnread(r *Response) Problem {
	if Packing(r.Header) != "" {
		return Problem{} // not text
	}
	beginning := string(r.Body[:min(len(r.Body), 64<<10)])
	if members := completeMembers(beginning); len(members) > 0 {
		return explainObject(members, 0)
	}
	return Problem{Message: textMessage(beginning)}
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

func explainValue(v any, depth int) Problem {
	switch v := v.(type) {
	case string:
		return Problem{Message: v}
	case []any:
		p := Problem{Details: details(v, depth)}
		if len(p.Details) > 0 {
			p.Message, p.Details = p.Details[0], p.Details[1:]
		}
		return p
	case map[string]any:
		return explainObject(v, depth)
	}
	return Problem{}
}

func explainObject(m map[string]any, depth int) Problem {
	if depth >= maxProblemDepth {
		return Problem{}
	}
	p := Problem{
		Code:    firstText(scalarText(m["code"]), scalarText(m["error_code"]), scalarText(m["errorCode"])),
		Message: firstText(messageText(m["message"]), text(m["error_description"]), text(m["detail"]), text(m["error_message"]), text(m["title"]), text(m["msg"]), text(m["reason"])),
	}
	switch e := m["error"].(type) {
	case string:
		// With a message beside it, {error} is the code (RFC 6749).
		if p.Message == "" {
			p.Message = e
		} else if p.Code == "" {
			p.Code = e
		}
	case map[string]any:
		inner := explainObject(e, depth+1)
		p.Code, p.Message = firstText(inner.Code, p.Code), firstText(inner.Message, p.Message)
		p.Details = inner.Details
	}
	if p.Code == "" {
		p.Code = problemType(m)
	}
	p.Details = append(p.Details, details(m["errors"], depth)...)
	if list, ok := m["detail"].([]any); ok {
		p.Details = append(p.Details, details(list, depth)...)
	}
	if list, ok := m["message"].([]any); ok && len(list) > 1 {
		p.Details = append(p.Details, details(list[1:], depth)...)
	}
	if p.Message == "" && len(p.Details) > 0 {
		p.Message, p.Details = p.Details[0], p.Details[1:]
	}
	p.Details = p.Details[:min(len(p.Details), maxProblemDetails)]
	return p
}

// messageText reads a message that is a text or, as some frameworks have it, a
// list of texts.
func messageText(v any) string {
	if list, ok := v.([]any); ok && len(list) > 0 {
		return text(list[0])
	}
	return text(v)
}

// problemType takes the type of an RFC 9457 problem as its code when it is a
// short name, not a link to a page.
func problemType(m map[string]any) string {
	t := text(m["type"])
	if strings.Contains(t, ":") || strings.Contains(t, "/") {
		return ""
	}
	return t
}

// details reads {errors}: a list of texts or objects, or messages by field.
func details(v any, depth int) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, item := range v[:min(len(v), maxProblemDetails)] {
			out = append(out, detail("", item, depth))
		}
	case map[string]any:
		for _, field := range slices.Sorted(maps.Keys(v)) {
			out = append(out, detail(field, v[field], depth))
		}
	case string:
		out = append(out, OneLine(v, maxProblemDetail))
	}
	kept := out[:0]
	for _, s := range out {
		if s != "" && len(kept) < maxProblemDetails {
			kept = append(kept, s)
		}
	}
	return kept
}

// detail describes one entry: "field: message (code)".
func detail(field string, item any, depth int) string {
	p := explainValue(item, depth+1)
	if m, ok := item.(map[string]any); ok {
		field = firstText(field, text(m["field"]), text(m["path"]), text(m["pointer"]), text(m["param"]))
	}
	s := p.String()
	if s == "" {
		s = p.Code
	}
	if field != "" && s != "" {
		s = field + ": " + s
	}
	return OneLine(s, maxProblemDetail)
}

func textMessage(s string) string {
	if !looksLikeHTML(s) {
		return s
	}
	title := regexp.MustCompile(`(?is)<(title|h1)[^>]*>(.*?)</(?:title|h1)>`).FindStringSubmatch(s)
	if title == nil {
		return ""
	}
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(title[2], " "))
}

func looksLikeHTML(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s[:min(len(s), 512)]))
	return strings.HasPrefix(s, "<!doctype html") || strings.HasPrefix(s, "<html") || strings.HasPrefix(s, "<head") || strings.HasPrefix(s, "<body")
}

// OneLine bounds s to limit code points, folds white space and drops control
// characters, which could repaint a terminal.
func OneLine(s string, limit int) string {
	s = s[:min(len(s), 8*limit)]
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// scalarText also reads codes that are numbers.
func scalarText(v any) string {
	switch v.(type) {
	case string, int, float64, json.Number:
		s, _ := jsonvalue.Text(v)
		return s
	}
	return ""
}

func firstText(texts ...string) string {
	for _, s := range texts {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// StatusText is "503 Service Unavailable".
func StatusText(code int) string {
	if name := http.StatusText(code); name != "" {
		return fmt.Sprintf("%d %s", code, name)
	}
	return fmt.Sprintf("status %d", code)
}
