package operations

import (
	"fmt"
	"mime"
	"strings"
	"sync"
)

// Violation is one way in which a value breaks its schema.
type Violation struct {
	Path    string // JSON pointer into the value (RFC 6901), "" for the whole
	Message string // lower case, without a full stop
}

func (v Violation) String() string {
	if v.Path == "" {
		return v.Message
	}
	return v.Path + ": " + v.Message
}

// CheckResponse compares an answer with what the document says about it and
// returns how it differs; nil when it does not. A status or media type that is
// not documented is a violation. The value is the decoded body; a body that is
// not JSON is not looked into.
//
// Operations of a [Set] are checked against the whole JSON Schema 2020-12,
// compiled once per response on first use; those made by hand, and responses
// whose schema is too large or whose check would take too long for that, as
// [Schema.CheckAnswer] does. A loose schema is not checked. Formats are not
// asserted. CheckResponse is safe for concurrent use.
func (o *Operation) CheckResponse(status int, mediaType string, value any) []Violation {
	i := o.documented(status)
	if i < 0 {
		return []Violation{{Message: fmt.Sprintf("status %d is not documented (%s)", status, o.statuses())}}
	}
	media := o.Responses[i].Media
	if len(media) == 0 {
		return nil // no content is documented; what was sent is not our concern
	}
	j := matchMedia(media, mediaType)
	if j < 0 {
		return []Violation{{Message: fmt.Sprintf("answered %s where %s is documented for status %d", orNothing(mediaType), mediaTypes(media), status)}}
	}
	if !IsJSON(mediaType) || media[j].Loose {
		return nil
	}
	if o.checks == nil {
		return media[j].Schema.CheckAnswer(value)
	}
	return o.checks.check(i, j, media[j].Schema, value)
}

// documented returns the index of the response for a status: the exact code,
// else its range, else the default, else -1.
func (o *Operation) documented(status int) int {
	exact, class := fmt.Sprintf("%03d", status), fmt.Sprintf("%dXX", status/100)
	for _, want := range [...]string{exact, class, "default"} {
		for i, r := range o.Responses {
			if strings.EqualFold(r.Status, want) {
				return i
			}
		}
	}
	return -1
}

func (o *Operation) statuses() string {
	if len(o.Responses) == 0 {
		return "no response is"
	}
	names := make([]string, len(o.Responses))
	for i, r := range o.Responses {
		names[i] = r.Status
	}
	return "documented: " + strings.Join(names, ", ")
}

// matchMedia returns the index of the documented media type that covers a given
// one, the most specific first; -1 when none does. Two JSON types match each
// other: what matters is that the body can be read.
func matchMedia(media []Media, given string) int {
	t, _, err := mime.ParseMediaType(given)
	if err != nil {
		return -1
	}
	major, _, _ := strings.Cut(t, "/")
	best, rank := -1, 0
	for i, m := range media {
		name, _, err := mime.ParseMediaType(m.Type)
		if err != nil {
			continue
		}
		score := 0
		switch {
		case name == t:
			score = 4
		case name == major+"/*":
			score = 3
		case name == "*/*":
			score = 2
		case IsJSON(name) && IsJSON(t):
			score = 1
		}
		if score > rank {
			best, rank = i, score
		}
	}
	return best
}

func mediaTypes(media []Media) string {
	names := make([]string, len(media))
	for i, m := range media {
		names[i] = m.Type
	}
	return strings.Join(names, " or ")
}

func orNothing(s string) string {
	if s == "" {
		return "without a content type"
	}
	return s
}

// responseChecks holds the validators of an operation's responses.
type responseChecks struct {
	set   *Set
	media [][]*mediaCheck // by response, then media type
}

type mediaCheck struct {
	schema   *node
	once     sync.Once
	compiled *validator // nil when it does not compile
}

// add takes over the schemas of the next response.
func (r *responseChecks) add(response *node) {
	var list []*mediaCheck
	each(response.get("media"), func(m *node) { list = append(list, &mediaCheck{schema: m.get("schema")}) })
	r.media = append(r.media, list)
}

func (r *responseChecks) check(response, media int, fallback *Schema, value any) []Violation {
	m := r.media[response][media]
	m.once.Do(func() { m.compiled = r.set.compileSchema(m.schema) })
	if m.compiled == nil || !m.compiled.work.allows(value) {
		return fallback.CheckAnswer(value)
	}
	if at, ok := unwieldy(value, nil); ok {
		return []Violation{{pointer(at), "is a number too long to be checked"}}
	}
	err := m.compiled.schema.Validate(value)
	if err == nil {
		return nil
	}
	return violations(err)
}
