package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

func object(name string, required []string, properties ...operations.Property) *operations.Schema {
	return &operations.Schema{Name: name, Types: []string{"object"}, Required: required, Properties: properties}
}

func property(name, kind string) operations.Property {
	return operations.Property{Name: name, Schema: &operations.Schema{Types: []string{kind}}}
}

func param(in operations.In, name string, required bool) *operations.Param {
	return &operations.Param{Name: name, In: in, Required: required, Schema: &operations.Schema{Types: []string{"string"}}}
}

// registry is a documented API: ships and their owners.
func registry(t testing.TB) *operations.Set {
	t.Helper()
	ship := object("Ship", []string{"id", "name"}, property("id", "string"), property("name", "string"), property("owner_id", "string"), property("pin", "string"))
	owner := object("Owner", []string{"id"}, property("id", "string"), property("name", "string"))
	ships := object("", nil, operations.Property{Name: "data", Schema: &operations.Schema{Types: []string{"array"}, Items: ship}})
	answers := func(s *operations.Schema) []*operations.ResponseDoc {
		return []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: s}}}}
	}
	takes := func(s *operations.Schema) *operations.Body {
		return &operations.Body{Required: true, Media: []operations.Media{{Type: "application/json", Schema: s}}}
	}
	kind := operations.Property{Name: "kind", Schema: &operations.Schema{Types: []string{"string"}, Enum: []any{"cargo"}}}
	flag := operations.Property{Name: "flag", Schema: &operations.Schema{Types: []string{"string"}, Enum: []any{"NL", "DK"}}}
	set := operations.SetOf("registry", []*operations.Operation{
		{ID: "createOwner", Method: "POST", Path: "/owners", Body: takes(object("", []string{"name"}, property("name", "string"))), Responses: answers(owner),
			Params: []*operations.Param{param(operations.InHeader, "Idempotency-Key", false)}},
		{ID: "createShip", Method: "POST", Path: "/ships", Responses: answers(ship),
			Body: takes(object("", []string{"name", "owner_id", "kind"}, property("name", "string"), property("owner_id", "string"), kind, flag))},
		{ID: "getShip", Method: "GET", Path: "/ships/{id}", Params: []*operations.Param{param(operations.InPath, "id", true)}, Responses: answers(ship)},
		{ID: "putShip", Method: "PUT", Path: "/ships/{id}", Params: []*operations.Param{param(operations.InPath, "id", true)}, Responses: answers(ship),
			Body: &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{Types: []string{"array"}}}}}},
		{ID: "listShips", Method: "GET", Path: "/ships", Params: []*operations.Param{param(operations.InQuery, "owner_id", false), param(operations.InQuery, "q", false)}, Responses: answers(ships)},
	})
	return set
}

// composition is a file of the composition dialect with these inputs, steps and
// outputs.
func composition(rest string) string {
	return "name: Ships\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: registry\n" + rest
}

// port is a file of the framework dialect whose one exposure has these tools.
func port(tools string) string {
	return `ikanos: 1.0.0-beta5
info: {display: Port, description: A port}
binds:
- {namespace: env, keys: {TOKEN: PORT_TOKEN}}
capability:
  exposes:
  - type: mcp
    transport: http
    port: 3000
    namespace: desk
    tools:
` + strings.ReplaceAll("\n"+strings.TrimSpace(tools), "\n", "\n    ")[1:] + `
  consumes:
  - type: http
    namespace: port
    baseUri: https://port.example/v1
    resources:
    - name: ships
      path: /ships
      operations:
      - name: list-ships
        method: GET
        inputParameters:
        - {name: owner, in: query, type: string}
        - {name: limit, in: query, type: integer, default: 20}
        - {name: lang, in: header, type: string, value: en}
      - name: create-ship
        method: POST
        inputParameters:
        - {name: trace, in: header, type: string, value: "{{name}}-{{env.TOKEN}}"}
        body: {type: json, data: {name: "{{name}}", flag: "{{flag}}"}}
        outputParameters:
        - {name: id, type: string, value: $.ship.id}
    - name: ship
      path: /ships/{{imo}}
      operations:
      - name: get-ship
        method: GET
        outputParameters:
        - {name: title, type: string, value: $.name}
        - {name: tonnage, type: number, value: "$.size.gross"}
      - name: drop-ship
        method: DELETE
      - name: manifest
        method: GET
        outputRawFormat: csv
`
}

// built plans the unit of a name, "" for the first.
func built(t testing.TB, src, name string, o spec.Options) (*Plan, diag.List) {
	t.Helper()
	s, problems := dialect.Read("c.yaml", []byte(src))
	if problems.HasErrors() {
		t.Fatalf("the file does not parse:\n%v", problems)
	}
	f, decoded := s.File(o)
	if f == nil || len(f.Units) == 0 {
		t.Fatalf("the file does not decode:\n%v", decoded)
	}
	u := f.Units[0]
	if name != "" {
		u = f.Select(name)[0]
	}
	p, planned := planned(t, f, u)
	return p, append(decoded, planned...).Sort()
}

// planned plans a unit of a file. The API "registry" has a document.
func planned(t testing.TB, f *spec.File, u *spec.Unit) (*Plan, diag.List) {
	t.Helper()
	sets := map[string]*operations.Set{"registry": registry(t)}
	for _, api := range f.APIs {
		if api.Described {
			set, problems := consumed.Set(api)
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			sets[api.Namespace.Value] = set
		}
	}
	return Build(f, u, Sources{
		API: func(name string) (*operations.Set, error) {
			if set := sets[name]; set != nil {
				return set, nil
			}
			return nil, fmt.Errorf("there is no document for %q", name)
		},
		File: func(_, path string) ([]byte, error) {
			if strings.HasSuffix(path, "sum.js") {
				return []byte("result = port.length"), nil
			}
			return nil, fmt.Errorf("%s does not exist", path)
		},
	})
}

func sound(t testing.TB, src, name string) *Plan {
	t.Helper()
	p, problems := built(t, src, name, spec.Options{})
	if problems.HasErrors() {
		t.Fatalf("problems:\n%v", problems)
	}
	return p
}

// shown prints a plan: a line for each step, and one for each value.
func shown(p *Plan) string {
	var b strings.Builder
	for _, in := range p.Inputs {
		fmt.Fprintf(&b, "input %s %s", in.Name, in.Type)
		for _, is := range []struct {
			so   bool
			word string
		}{{in.Required, "required"}, {in.Default != nil, "default"}, {in.Inferred, "inferred"}} {
			if is.so {
				b.WriteString(" " + is.word)
			}
		}
		fmt.Fprintf(&b, " used by %s\n", strings.Join(in.UsedBy, ", "))
	}
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s %s", s.Action.Kind(), s.ID)
		if a := s.Operation(); a != nil {
			fmt.Fprintf(&b, " %s %s", a.Op.ID, a.Policy)
		}
		if len(s.Needs) > 0 {
			fmt.Fprintf(&b, " after %s", strings.Join(s.Needs, ", "))
		}
		b.WriteString("\n")
		for _, x := range s.Action.Takes() {
			fmt.Fprintf(&b, "  %s <- %s (%s) reads [%s]%s\n", strings.TrimPrefix(string(x.In)+"."+x.Name, "."), x.From, x.Rule, refsText(x.Reads), flags(x))
		}
	}
	for _, part := range p.Outcome.Parts() {
		fmt.Fprintf(&b, "output %s %s = %s reads [%s]\n", part.Name, part.Type, part.Source, refsText(part.Reads))
	}
	return b.String()
}

func flags(x *Bind) string {
	var out []string
	for word, is := range map[string]bool{"must": x.Must, "null": x.Null, "secret": x.Sensitive, "whole": x.Whole} {
		if is {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, " ")
}
