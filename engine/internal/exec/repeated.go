package exec

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// repeated refuses an answer that has a name twice in one object where a guard or
// anything else reads it: JSON does not define which value counts, so the one
// that was checked need not be the one that is meant. Elsewhere it warns.
func (c *call) repeated(resp *operations.Response) error {
	places := resp.Repeated
	heeded := len(c.a.Guards)+len(c.a.Reads) > 0 || c.env.Emit != nil && c.try <= 1
	if heeded && c.a.Answer.Loose && !resp.IsJSON && c.a.Answer.Decode == nil && utf8.Valid(resp.Body) && json.Valid(resp.Body) {
		places = jsonvalue.Repeated(string(resp.Body)) // JSON without its label
	}
	for _, place := range places {
		what := fmt.Sprintf("%q twice in one object", place)
		if place == "" {
			what = "many names twice in one object"
		}
		if by := c.readBy(plan.ParsePath(place)); by != "" {
			return c.answerError(CodeAnswer, resp, "%s answered %d with %s, and %s reads it: JSON does not define which value counts", c.a.API, resp.Status, what, by)
		}
		if c.try <= 1 && c.first(what) {
			c.emit(durable.Event{Kind: durable.EventWarning, Step: c.path, Message: "the answer has " + what + ": JSON does not define which value counts"})
		}
	}
	return nil
}

// readBy returns the reader of a place of the answer, "" when there is none. A guard
// reads all of the items that it holds to its filter.
func (c *call) readBy(place plan.Path) string {
	for _, g := range c.a.Guards {
		at := c.a.Op.Resource().ItemsAt
		if g.Field != "" && (at == "" || len(place) == 0 || place[0] == at) {
			return fmt.Sprintf("the filter %q", g.Param)
		}
	}
	return c.a.ReadBy(place)
}
