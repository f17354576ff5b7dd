// Package consumed makes operations of the HTTP APIs that a framework file
// consumes, so that they resolve, run, mock and record as those of an OpenAPI
// document do. Start with [Set].
package consumed

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Set returns the operations of c; its API is c's namespace, an operation's id
// its name. Positions in the list are those of the file. The set holds all that
// works: an operation with an error is left out, as is one that the spec stage
// refused (without a name, or with the name of an earlier one).
//
// A path variable is a required path parameter, declared or not, under the name
// that stands between its braces. The variables of a path's query fill it in
// where they stand ("/search?q={{text}}"); one that the file declares in the
// query keeps that place and need not be given. Parameters from the environment
// are left out. Variables in the base URI leave the operations without a server:
// a caller that knows their values gives operations.Request.BaseURL.
//
// Values are the caller's affair: a parameter's constant or default is not in
// the set. Scalar parameters accept any scalar, as in a URL all are text.
func Set(c *spec.API) (*operations.Set, diag.List) {
	m := &maker{api: c}
	m.servers = m.server()
	m.security = m.authentication()
	var ops []*operations.Operation
	taken := map[string]bool{}
	for _, op := range c.Operations {
		if op.Name.Value == "" || taken[op.Name.Value] {
			continue
		}
		if made := m.operation(op); made != nil {
			taken[op.Name.Value] = true
			ops = append(ops, made)
		}
	}
	return operations.SetOf(c.Namespace.Value, ops), m.problems.Sort()
}

// maker makes the operations of one API.
type maker struct {
	api      *spec.API
	problems diag.List
	servers  []operations.Server
	security []operations.Requirement
}

// refuse reports a part of a text, counted in code points.
func (m *maker) refuse(s spec.Str, from, length int, hint, format string, args ...any) {
	pos, end := s.Span(from, length)
	m.problems.Add(diag.Diagnostic{
		Code: "bad-value", Severity: diag.Error, Pos: pos, EndColumn: end,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// ignore warns of a part of a text that has no effect.
func (m *maker) ignore(s spec.Str, from, length int, hint, format string, args ...any) {
	m.refuse(s, from, length, hint, format, args...)
	m.problems[len(m.problems)-1].Severity = diag.Warning
}

func (m *maker) refuseAll(s spec.Str, hint, format string, args ...any) {
	m.refuse(s, 0, len([]rune(s.Value)), hint, format, args...)
}

// operation returns one operation, or nil when it cannot be sent.
func (m *maker) operation(op *spec.ConsumedOperation) *operations.Operation {
	path, ok := m.path(op)
	if !ok {
		return nil
	}
	params, ok := m.params(op, path)
	if !ok {
		return nil
	}
	summary, _, _ := strings.Cut(strings.TrimSpace(op.Description.Value), "\n")
	made := &operations.Operation{
		ID:          op.Name.Value,
		Method:      methodOf(op),
		Path:        path.text,
		Summary:     strings.TrimSpace(summary),
		Description: op.Description.Value,
		Servers:     m.servers,
		Params:      params,
		Body:        body(op),
		Responses:   responses(op),
		Security:    m.security,
	}
	if !m.carries(op, made) {
		return nil
	}
	return made
}

func methodOf(op *spec.ConsumedOperation) string {
	return cmp.Or(strings.ToUpper(op.Method.Value), "GET")
}

// server is the base URI, unless values are needed to know it.
func (m *maker) server() []operations.Server {
	base := m.api.BaseURI
	if base.Value == "" || strings.Contains(base.Value, "{") {
		return nil
	}
	u, err := url.Parse(base.Value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		m.refuseAll(base, "write it like https://api.example.com/v1, without user, query or fragment",
			"baseUri %q is not a base URL that capstan can call", base.Value)
		return nil
	}
	return []operations.Server{{URL: base.Value}}
}
