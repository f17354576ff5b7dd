// Package check compares answers with their documented schemas, and judges by
// them whether a write took effect. Start with [Response].
package check

import (
	"fmt"
	"mime"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// Response compares an answer with the document and returns
// how it differs; nil when it does not. A status or media type that is
// not documented is a violation. The value is the decoded body; a body that is
// not JSON is not looked into.
//
// Operations of a document are checked against the whole JSON Schema 2020-12
// ([Schemas.Full]), those made by hand as [Answer] does. A loose schema is not checked. Formats are not
// asserted. Response is safe for concurrent use.
func Response(op *operations.Operation, status int, mediaType string, value any) []operations.Violation {
	doc := op.Documented(status)
	if doc == nil {
		return []operations.Violation{{Message: fmt.Sprintf("status %d is not documented (%s)", status, statuses(op))}}
	}
	media := doc.Media
	if len(media) == 0 {
		return nil // no content is documented; any body will do
	}
	j := matchMedia(media, mediaType)
	if j < 0 {
		return []operations.Violation{{Message: fmt.Sprintf("answered %s where %s is documented for status %d", orNothing(mediaType), mediaTypes(media), status)}}
	}
	if !operations.IsJSON(mediaType) || media[j].Loose {
		return nil
	}
	if media[j].Validate != nil {
		return media[j].Validate(value)
	}
	return Answer(media[j].Schema, value)
}

func statuses(o *operations.Operation) string {
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
// other: the body can be read.
func matchMedia(media []operations.Media, given string) int {
	t, err := mediaType(given)
	if err != nil {
		return -1
	}
	major, _, _ := strings.Cut(t, "/")
	best, rank := -1, 0
	for i, m := range media {
		name, err := mediaType(m.Type)
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
		case operations.IsJSON(name) && operations.IsJSON(t):
			score = 1
		}
		if score > rank {
			best, rank = i, score
		}
	}
	return best
}

// mediaType is a content type without its parameters.
func mediaType(text string) (string, error) {
	if text == "application/json" || text == "application/json; charset=utf-8" { // as of most answers
		return "application/json", nil
	}
	t, _, err := mime.ParseMediaType(text)
	return t, err
}

func mediaTypes(media []operations.Media) string {
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
