package skill

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// refusals gathers what a document says of answers that are no success.
type refusals struct {
	count  map[string]int    // operations by status
	says   map[string]string // the first description of each
	fields map[string]int    // members of their bodies
}

func refusalsOf(ops []*operations.Operation) refusals {
	r := refusals{map[string]int{}, map[string]string{}, map[string]int{}}
	for _, op := range ops {
		for _, doc := range op.Responses {
			if !strings.HasPrefix(doc.Status, "4") && !strings.HasPrefix(doc.Status, "5") {
				continue
			}
			r.count[doc.Status]++
			if r.says[doc.Status] == "" {
				r.says[doc.Status] = doc.Description
			}
			if m := doc.JSON(); m != nil {
				for _, name := range fieldNames(m.Schema) {
					r.fields[name]++
				}
			}
		}
	}
	return r
}

func (p *apiPage) errors() {
	p.para("## Errors")
	p.para("An answer of status 400 or more is printed like any other, stderr says it in one line with the API's own message, and\nthe exit code is 1.")
	r := refusalsOf(p.ops)
	var rows [][]string
	for _, status := range slices.Sorted(maps.Keys(r.count)) {
		rows = append(rows, []string{prose(status, 5), fmt.Sprint(r.count[status]), cell(r.says[status], 120), whatToDo(status)})
	}
	p.table([]string{"status", "operations", "the document says", "do"}, rows)
	names := slices.Sorted(maps.Keys(r.fields))
	slices.SortStableFunc(names, func(a, b string) int { return r.fields[b] - r.fields[a] })
	if len(names) > 0 {
		p.para("Their bodies have, most often first: %s.", codes(names, 8))
	}
	p.table([]string{"exit code", "means", "do"}, [][]string{
		{"0", "done", "use the answer"},
		{"1", "the API refused, or could not be reached", "read stderr"},
		{"2", "wrong usage", "mend the command line; nothing was sent"},
		{"4", "wrong parameters, or a credential is missing", "read stderr: it names each one; nothing was sent"},
		{"5", "a write was sent and its answer lost", "look whether it happened before sending it again"},
		{"6", "`--timeout` ran out", "try again with more time"},
		{"130", "interrupted", "as 5, if it was a write"},
	})
}

// whatToDo follows the meaning of the status (RFC 9110, section 15; RFC 6585).
func whatToDo(status string) string {
	switch status {
	case "400", "422":
		return "mend the values; the message names them"
	case "401":
		return "ask for a valid credential"
	case "403":
		return "the credential may not do this: ask for one that may"
	case "404":
		return "look the id up with an operation that lists"
	case "409":
		return "something is there already or has changed: read it first"
	case "429":
		return "wait; see Rate limits"
	}
	if strings.HasPrefix(status, "5") {
		return "try again later; look first whether a write took effect"
	}
	return "read the message"
}

func (p *apiPage) rateLimits() {
	p.para("## Rate limits")
	n := refusalsOf(p.ops).count["429"]
	if n > 0 {
		p.para("%s say that they may answer 429.", count(n, "operation"))
	}
	p.para("Capstan sends at most 50 requests a second to a host. It sends a request that is safe to repeat again after 429, 502, 503\nand 504, up to four times in all, and waits as long as `Retry-After` asks, up to a minute. A `POST` is not repeated: wait,\nthen send it yourself.")
}
