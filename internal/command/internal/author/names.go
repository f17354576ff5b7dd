package author

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// taken are the ids that expressions give another meaning.
var taken = []string{
	"inputs", "steps", "run", "env", "true", "false", "nil", "result", "item", "index", "match",
	"in", "not", "and", "or", "let", "if", "else", "matches", "contains",
}

// between are the words of a summary that an id does without; the rest of the summary
// behind one of ends is detail.
var (
	between = []string{"a", "an", "the", "all", "new", "existing", "single", "specific", "given", "one", "your", "s"}
	ends    = []string{"by", "for", "of", "with", "in", "from", "to", "on", "using", "via", "and", "or", "that", "which", "as", "at", "per", "into", "within", "based"}
)

// mostWords bounds the words of an id.
const mostWords = 4

// stepID is an id for the step that calls an operation, unlike those there are: its
// summary as far as that is short, else the words of its operationId.
func (c *Composition) stepID(op *operations.Operation) string {
	id := ascii(strings.Join(summaryWords(op.Summary), "-"), '-')
	if id == "" {
		all := slices.DeleteFunc(words.Split(op.ID, nil), func(w string) bool { return w == "controller" || w == "api" || w == "0" })
		id = ascii(strings.Join(all[:min(len(all), mostWords+2)], "-"), '-')
	}
	if id == "" || slices.Contains(taken, id) || id[0] >= '0' && id[0] <= '9' {
		id = strings.Trim("call-"+id, "-")
	}
	name := id
	for n := 2; slices.ContainsFunc(c.steps, func(s *step) bool { return s.id == name }); n++ {
		name = fmt.Sprintf("%s-%d", id, n)
	}
	return name
}

// summaryWords returns the words of a summary that name the verb and its object; none
// of one that is no such text.
func summaryWords(summary string) (out []string) {
	summary, _, _ = strings.Cut(summary, "(")
	for _, word := range words.Split(summary, nil) {
		if slices.Contains(ends, word) && len(out) > 1 {
			break
		}
		if !slices.Contains(between, word) && !slices.Contains(ends, word) {
			out = append(out, word)
		}
	}
	if len(out) < 2 || len(out) > mostWords {
		return nil
	}
	return out
}

// title names the composition after its steps.
func (c *Composition) title() string {
	if len(c.steps) == 0 {
		return "Capability"
	}
	last := strings.ReplaceAll(c.steps[len(c.steps)-1].id, "-", " ")
	title := strings.ReplaceAll(c.steps[0].id, "-", " ")
	if len(c.steps) > 1 {
		title += " and " + last
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

// describe is a sentence about the composition.
func (c *Composition) describe() string {
	var parts []string
	for _, s := range c.steps {
		parts = append(parts, strings.ReplaceAll(s.id, "-", " "))
	}
	text := strings.Join(parts, ", then ")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
