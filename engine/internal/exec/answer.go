package exec

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

func (c *call) stepError(code, format string, args ...any) *StepError {
	return &StepError{
		Step: c.path, Code: code, Message: fmt.Sprintf(format, args...),
		Writes: c.writes(), Lost: c.lost(),
	}
}

// answerError is a failure that an answer shows.
func (c *call) answerError(code string, resp *operations.Response, format string, args ...any) *StepError {
	e := c.stepError(code, format, args...)
	e.Status, e.RequestID, e.Sent = resp.Status, resp.RequestID, true
	return e
}

// status judges an answer by its proof: nil where the operation took effect,
// else the failure, or that a write is in doubt.
func (c *call) status(resp *operations.Response) error {
	if resp.Lost {
		c.lose()
	}
	resp.Lost = c.lost()
	switch check.Verdict(c.a.Op, resp) {
	case operations.TookEffect:
		return nil
	case operations.InDoubt:
		e := c.refused(resp)
		e.Message += ", which may be the answer of a gateway on the way"
		if e.RequestID != "" {
			e.Message += " (request id " + e.RequestID + ")"
		}
		return c.doubtful(&unproven{e})
	default:
		return c.refused(resp)
	}
}

// refused is the failure that an answer of a status other than success is.
func (c *call) refused(resp *operations.Response) *StepError {
	p := operations.ExplainResponse(resp)
	e := c.answerError(CodeStatus, resp, "%s answered %d %s", c.a.API, resp.Status, http.StatusText(resp.Status))
	if p.Message != http.StatusText(resp.Status) {
		e.Message += ": " + p.Message
	}
	e.Body = operations.OneLine(string(resp.Body), excerptSize)
	e.Raw, e.Media, e.Header = resp.Body, resp.Header.Get("Content-Type"), PassedOn(resp.Header)
	return e
}

// readable refuses an answer that is not the JSON its operation documents, and
// text in another encoding than its header names.
func (c *call) readable(resp *operations.Response) error {
	isText := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/")
	if c.a.Answer.Loose || resp.DecodeErr == nil || c.a.Op.Result() == nil && !isText {
		return nil
	}
	e := c.answerError(CodeAnswer, resp, "%s answered %d, but %v", c.a.API, resp.Status, resp.DecodeErr)
	e.Err, e.Body = resp.DecodeErr, c.excerpt(resp)
	return e
}

// breaches are the violations of its documented schema that an answer has, those of one
// field together: a list has the same fault in item after item.
type breaches struct {
	pages  int
	fields []breach
	known  map[string]int // index in fields, by name
}

// breach is the first violation of a field, and how many more there are.
type breach struct {
	field, text string
	more        int
}

// fieldOf names the field at which a violation is found, in whatever item of lists.
func fieldOf(v operations.Violation) string {
	var name []string
	for part := range strings.SplitSeq(v.Path, "/") {
		if _, err := strconv.Atoi(part); err == nil {
			part = "*"
		}
		name = append(name, part)
	}
	if v.Property != "" {
		name = append(name, v.Property)
	}
	return cmp.Or(strings.Join(name, "/"), v.Message)
}

// breach holds an answer, or a page of it, against its documented schema, where a
// violation fails the step or something receives the warning.
func (c *call) breach(resp *operations.Response) {
	b := &c.breaches
	b.pages++
	if !resp.IsJSON || !c.env.Strict && (c.try > 1 || c.env.Emit == nil) {
		return
	}
	for _, v := range check.Response(c.a.Op, resp.Status, resp.Header.Get("Content-Type"), resp.Value) {
		field := fieldOf(v)
		if i, ok := b.known[field]; ok {
			b.fields[i].more++
			continue
		}
		text := c.violation(v)
		if b.pages > 1 {
			text = fmt.Sprintf("page %d: %s", b.pages, text)
		}
		if b.known == nil {
			b.known = map[string]int{}
		}
		b.known[field] = len(b.fields)
		b.fields = append(b.fields, breach{field: field, text: text})
	}
}

// mostFields is how many fields of an answer with violations are named.
const mostFields = 3

// message describes violations of an answer.
func message(fields []breach) string {
	var texts []string
	for _, f := range fields[:min(len(fields), mostFields)] {
		if f.more > 0 {
			f.text += fmt.Sprintf(" (and %d more like it)", f.more)
		}
		texts = append(texts, f.text)
	}
	msg := "the answer is not what the OpenAPI document says: " + strings.Join(texts, "; ")
	if more := len(fields) - len(texts); more > 0 {
		msg += fmt.Sprintf("; and %d more", more)
	}
	return msg
}

// unwarned returns the violations of fields that no warning about the step has named yet, such
// as one about an earlier item of its list, and takes them for named.
func (c *call) unwarned(fields []breach) []breach {
	var out []breach
	for _, f := range fields {
		if c.first(f.field) {
			out = append(out, f)
		}
	}
	return out
}

// first reports whether a warning of the step has not been given before.
func (c *call) first(warning string) bool {
	key := [2]string{c.s.ID, warning}
	if c.warned[key] {
		return false
	}
	if c.warned == nil {
		c.warned = map[[2]string]bool{}
	}
	c.warned[key] = true
	return true
}

// schema reports the violations of an answer, of each field of a step once.
func (c *call) schema(resp *operations.Response) error {
	if !c.a.All {
		c.breaches = breaches{}
		c.breach(resp)
	}
	fields := c.breaches.fields
	if len(fields) > 0 && c.env.Strict {
		return c.answerError(CodeSchema, resp, "%s", message(fields))
	}
	if fields = c.unwarned(fields); len(fields) > 0 {
		c.emit(durable.Event{Kind: durable.EventWarning, Step: c.path, Message: message(fields)})
	}
	return nil
}

// promised refuses an answer that lacks a required field which something reads:
// whatever came after would work on nothing.
func (c *call) promised(resp *operations.Response) error {
	result, ok := resp.Value.(map[string]any)
	for _, p := range c.a.Promised {
		if ok && result[p.Field] != nil {
			continue
		}
		e := c.answerError(CodeAnswer, resp, "%s answered %d without %q, which its document requires and %s reads", c.a.API, resp.Status, p.Field, p.By)
		e.Body = c.excerpt(resp)
		return e
	}
	return nil
}

// violation describes a fault without the value when that is a secret: the
// message holds its beginning, which would not be recognised.
func (c *call) violation(v operations.Violation) string {
	if len(c.s.Sensitive) == 0 {
		return strings.TrimSpace(v.Path + " " + v.Message)
	}
	var at plan.Path
	for part := range strings.SplitSeq(v.Path, "/") {
		if _, err := strconv.Atoi(part); err != nil && part != "" {
			at = append(at, part)
		}
	}
	for _, p := range c.s.Sensitive {
		if n := min(len(p), len(at)); slices.Equal(p[:n], at[:n]) {
			return strings.TrimSpace(v.Path + " does not fit its documented schema")
		}
	}
	return strings.TrimSpace(v.Path + " " + v.Message)
}

// excerpt is the beginning of a successful answer that is of no use. One that is
// not JSON has no places to hide the secrets at.
func (c *call) excerpt(resp *operations.Response) string {
	body := string(resp.Body)
	switch {
	case len(c.s.Sensitive) > 0 && !resp.IsJSON:
		return operations.Redacted
	case c.env.Hide != nil:
		body = c.env.Hide(body)
	}
	return operations.OneLine(body, excerptSize)
}

const excerptSize = 400

// PassedOn picks the headers of an API's answer that concern whoever gets the
// answer in the end: for how long to wait (RFC 9110, section 10.2.3), and the name of
// a file (RFC 6266). It is nil when there are none.
func PassedOn(h http.Header) http.Header {
	var out http.Header
	for _, name := range []string{"Retry-After", "Content-Disposition"} {
		if v := h.Get(name); v != "" {
			if out == nil {
				out = http.Header{}
			}
			out.Set(name, v)
		}
	}
	return out
}
