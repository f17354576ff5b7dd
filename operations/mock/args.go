package mock

import (
	"maps"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/request"
)

// args are a request's arguments, checked and made plain.
type args struct {
	path, query map[string]any
	body        any // plain JSON, or nil
}

// object returns the body's properties, empty when it has none.
func (a *args) object() map[string]any {
	m, _ := a.body.(map[string]any)
	return m
}

// readArgs takes the request apart and lists the faults that a server would refuse.
func readArgs(req *operations.Request) (*args, []operations.Violation) {
	a := &args{path: map[string]any{}, query: map[string]any{}}
	var problems []operations.Violation
	for _, p := range req.Op.Params {
		v := copied(req.Arg(p.In, p.Name))
		if v == nil || (v == "" && p.In == operations.InPath) {
			if _, credential := req.Op.Credential(p.In, p.Name); (p.Required || p.In == operations.InPath) && p.In != operations.InHeader && !credential {
				problems = append(problems, operations.Violation{Path: p.Name, Message: missing})
			}
			continue
		}
		problems = append(problems, checkParam(p, v)...)
		switch p.In {
		case operations.InPath:
			a.path[p.Name] = v
		case operations.InQuery:
			a.query[p.Name] = v
		case operations.InQueryString:
			fields, _ := v.(map[string]any)
			maps.Copy(a.query, fields)
		}
	}
	body, more := readBody(req)
	a.body = body
	return a, append(problems, more...)
}

// checkParam compares an argument as it is sent: there is nothing but text in a URL.
func checkParam(p *operations.Param, v any) []operations.Violation {
	if v == "" && !p.Required {
		return nil
	}
	return named(check.Text(p.Schema, v), p.Name)
}

func readBody(req *operations.Request) (any, []operations.Violation) {
	doc := req.Op.Body
	if doc == nil {
		return nil, nil
	}
	if req.Body == nil {
		if doc.Required {
			return nil, []operations.Violation{{Path: "the request body", Message: missing}}
		}
		return nil, nil
	}
	media, _ := request.Media(req) // nil for a type that is not documented
	if raw, ok := req.Body.([]byte); ok {
		var v any
		var err error
		if media != nil && operations.IsJSON(media.Type) {
			if v, err = jsonvalue.Decode(raw); err != nil {
				return nil, []operations.Violation{{Path: "the request body", Message: "is not valid JSON"}}
			}
			return v, problems(media.Schema, v, "")
		}
		return nil, nil // a file: nothing to look at
	}
	v, err := plainJSON(req.Body)
	if err != nil {
		return nil, []operations.Violation{{Path: "the request body", Message: "cannot be written as JSON"}}
	}
	if media == nil {
		return v, nil
	}
	return v, problems(media.Schema, v, "")
}

// missing is the message of a problem with a required value that is not there.
const missing = "is required"

// problems compares a value with its schema. Paths start with name and are spelt
// as an expression would spell them: domain_data[0].state.
func problems(s *operations.Schema, v any, name string) []operations.Violation {
	return named(check.Value(s, v), name)
}

func named(found []operations.Violation, name string) []operations.Violation {
	for i := range found {
		found[i].Path = dotted(name, found[i].Path)
	}
	return found
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
