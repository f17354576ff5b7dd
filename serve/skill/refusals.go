package skill

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// refusals gathers the answers of a document that are no success.
type refusals struct {
	Rows   []refusal // by status
	Fields []string  // members of their bodies, the most frequent first
	Busy   int       // operations that may answer 429
}

// refusal is one status.
type refusal struct {
	Status, Says string // the first description of it
	Count        int    // operations
}

// refusalsOf reads the 4xx and 5xx answers of operations.
func refusalsOf(ops []*operations.Operation) refusals {
	var r refusals
	fields := map[string]int{}
	for _, op := range ops {
		for _, doc := range op.Responses {
			if !strings.HasPrefix(doc.Status, "4") && !strings.HasPrefix(doc.Status, "5") {
				continue
			}
			i, found := slices.BinarySearchFunc(r.Rows, doc.Status, func(x refusal, status string) int { return strings.Compare(x.Status, status) })
			if !found {
				r.Rows = slices.Insert(r.Rows, i, refusal{Status: doc.Status})
			}
			row := &r.Rows[i]
			row.Count++
			row.Says = cmp.Or(row.Says, doc.Description)
			if doc.Status == "429" {
				r.Busy++
			}
			if m := doc.JSON(); m != nil {
				for _, name := range fieldNames(m.Schema) {
					fields[name]++
				}
			}
		}
	}
	r.Fields = slices.Sorted(maps.Keys(fields))
	slices.SortStableFunc(r.Fields, func(a, b string) int { return fields[b] - fields[a] })
	return r
}

// Do follows the meaning of the status (RFC 9110, section 15; RFC 6585).
func (r refusal) Do() string {
	switch r.Status {
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
	if strings.HasPrefix(r.Status, "5") {
		return "try again later; look first whether a write took effect"
	}
	return "read the message"
}
