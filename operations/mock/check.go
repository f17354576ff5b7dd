package mock

import (
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

// missing is the message of a problem with what is required and not there.
const missing = "is required"

// problems compares a value with its schema. Paths start with name and are spelt
// as an expression would spell them: domain_data[0].state.
func problems(s *operations.Schema, v any, name string) []operations.Violation {
	out := check.Value(s, v)
	for i := range out {
		out[i].Path = dotted(name, out[i].Path)
	}
	return out
}

// fits reports whether v can be answered where s is documented.
func fits(s *operations.Schema, v any) bool { return len(check.Answer(s, v)) == 0 }

// dotted turns a JSON pointer (RFC 6901) into a dotted path.
func dotted(name, pointer string) string {
	var b strings.Builder
	b.WriteString(name)
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch {
		case token == "":
		case strings.Trim(token, "0123456789") == "":
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}
