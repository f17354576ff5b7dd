package serving_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/engine/internal/serving"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

const head = `naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {type: http, namespace: shelf, baseUri: https://shelf.example, resources: [{name: books, path: /books, operations: [{name: all, method: GET}]}]}
  exposes:
`

// check judges the exposures, each on lines that begin with a dash.
func check(t *testing.T, exposures string) *serving.Result {
	t.Helper()
	src, problems := dialect.Read("desk.yaml", []byte(head+exposures))
	f, more := src.File(spec.Options{})
	if f == nil {
		t.Fatal(problems, more)
	}
	return serving.Check(f, f.Problems(more).Exposures, reach.New(nil, "desk.yaml", nil))
}

// What cannot be served is said where it stands, and costs nothing else.
func TestWhatCannotBeServed(t *testing.T) {
	for name, c := range map[string]struct{ exposures, said, lost, kept string }{
		"nothing is wrong": {
			`  - {type: rest, namespace: a, port: 1, resources: [{path: "/b/{id}", operations: [{name: x, method: GET, call: shelf.all}, {name: y, method: PUT, call: shelf.all}]}, {path: /b/new, operations: [{name: z, method: GET, call: shelf.all}]}]}`, "", "", "a:1"},
		"two operations of one route": {
			`  - {type: rest, namespace: a, port: 1, resources: [{path: /b, operations: [{name: x, method: GET, call: shelf.all}, {name: y, method: GET, call: shelf.all}]}]}`,
			`6:136: error: GET /b is the operation "x" already: "y" cannot be served [route-taken]; give "y" another path or method; capstan run takes it by its name`, "route a.y", "a:1"},
		"routes that match the same requests": {
			`  - {type: rest, namespace: a, port: 1, resources: [{path: "/b/{id}", operations: [{name: x, method: GET, call: shelf.all}]}, {path: "b/{{isbn}}/", operations: [{name: y, method: GET, call: shelf.all}]}]}`,
			`6:180: error: GET b/{{isbn}}/ is the operation "x" already: "y" cannot be served [route-taken]; give "y" another path or method; capstan run takes it by its name`, "route a.y", "a:1"},
		"requests passed on twice": {
			`  - {type: rest, namespace: a, port: 1, resources: [{name: f, path: "/p/{path}", forward: {targetNamespace: shelf}}, {name: g, path: /p, forward: {targetNamespace: shelf}}]}`,
			`6:134: error: requests below /p are passed on to "shelf" already [route-taken]; give one of the two another path`, "route a /p", "a:1"},
		"an exposure without a port": {
			"  - {type: rest, namespace: a, port: 8080, resources: []}\n  - {type: mcp, namespace: b, tools: []}\n  - {type: mcp, namespace: c, transport: stdio, tools: []}\n  - {type: mcp, namespace: d, tools: []}",
			"7:5: warning: the mcp exposure \"b\" has no port: it is served at the next free one [no-port]; add port: 8081\n9:5: warning: the mcp exposure \"d\" has no port: it is served at the next free one [no-port]; add port: 8082", "", "a:8080 b:+8081 c:0 d:+8082"},
		"two exposures at one address": {
			"  - {type: rest, namespace: a, port: 80, resources: []}\n  - {type: mcp, namespace: b, address: localhost, port: 80, tools: []}\n  - {type: mcp, namespace: c, address: 0.0.0.0, port: 80, tools: []}\n  - {type: mcp, namespace: d, address: 10.0.0.1, port: 80, tools: []}",
			"7:28: error: the mcp exposure \"b\" cannot be served: localhost:80 is taken by \"a\" [address-taken]; give one of the two another port\n8:28: error: the mcp exposure \"c\" cannot be served: 0.0.0.0:80 is taken by \"a\" [address-taken]; give one of the two another port",
			"mcp exposure b, mcp exposure c", "a:80 d:80"},
		"two over stdio, two controls": {
			"  - {type: mcp, namespace: a, transport: stdio, tools: []}\n  - {type: mcp, namespace: b, transport: stdio, tools: []}\n  - {type: control, port: 1}\n  - {type: control, port: 2}",
			"7:28: error: the mcp exposure \"b\" cannot be served: stdio is taken by \"a\" [address-taken]; write transport: http and a port\n9:5: error: the control exposure \"control\" cannot be served: a file has one control exposure, and this is another [address-taken]; put what both turn on into one",
			"mcp exposure b, control exposure control", "a:0 :1"},
		"an exposure with an error": {
			"  - {type: rest, namespace: a, port: 70000, resources: []}\n  - {type: mcp, namespace: b, port: 2, authentication: {type: secret}, tools: []}\n  - {type: mcp, namespace: c, port: 3, tools: []}",
			"", "rest exposure a, mcp exposure b", "c:3"},
		"resources without an address of their own": {
			`  - {type: mcp, namespace: a, port: 1, tools: [], resources: [{name: x, uri: "d://x", call: shelf.all}, {name: y, uri: "d://x", call: shelf.all}, {name: z, uri: x, call: shelf.all}, {name: v, uri: "d://{a b}", call: shelf.all}]}`,
			"6:120: error: the resource \"y\" cannot be served: another resource has this address [cannot-serve]; give one of the two another uri\n6:162: error: the resource \"z\" cannot be served: its uri has no scheme [cannot-serve]; write something like data://x\n" +
				`6:198: error: the resource "v" cannot be served: its uri is no template: {a b}: only plain variables such as {id} are supported [cannot-serve]; write it like data://things/{id}`,
			"resource a.y, resource a.z, resource a.v", "a:1"},
		"prompts": {
			`  - {type: mcp, namespace: a, port: 1, tools: [], prompts: [{name: p, template: [{role: user, content: P}]}, {name: p, template: [{role: user, content: Q}]}, {name: q, location: "file:///./gone.md"}]}`,
			"6:117: error: a second prompt is called \"p\" [duplicate-name]; rename one of the two\n6:179: warning: the prompt \"q\" cannot be served: there is no file file:///./gone.md [cannot-serve]; write the file, or its text under template",
			"prompt a.p, prompt a.q", "a:1"},
		"tools of skills": {
			"  - {type: rest, namespace: a, port: 1, resources: [{name: b, path: /b, operations: [{name: x, method: GET, call: shelf.all}]}]}\n" +
				`  - {type: skill, namespace: s, port: 2, description: S, skills: [{name: k, description: K, tools: [{name: t, description: T, from: {sourceNamespace: a, action: x}}, {name: u, description: U, from: {sourceNamespace: b, action: x}}, {name: v, description: V, from: {sourceNamespace: a, action: xx}}, {name: w, description: W}, {name: i, description: I, instruction: i.md}]}]}`,
			"7:217: error: the tool \"u\" of skill \"k\" cannot be served: \"b\" is no rest or mcp exposure of this file [cannot-serve]; there is a\n7:294: error: the tool \"v\" of skill \"k\" cannot be served: \"a\" offers no \"xx\" [cannot-serve]; did you mean \"x\"?\n" +
				"7:307: error: the tool \"w\" of skill \"k\" cannot be served: it has neither from nor instruction [cannot-serve]; add from: {sourceNamespace, action} or instruction: FILE\n7:366: error: the tool \"i\" of skill \"k\" cannot be served: the skill has no location for its instruction [cannot-serve]; add location: file:///FOLDER",
			"skill tool s.k.u, skill tool s.k.v, skill tool s.k.w, skill tool s.k.i", "a:1 s:2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := check(t, c.exposures+"\n")
			var said, lost, kept []string
			for _, d := range r.Problems {
				said = append(said, strings.TrimPrefix(d.String(), "desk.yaml:"))
			}
			for _, x := range r.Refused {
				lost = append(lost, x.Kind+" "+x.Name)
			}
			for _, x := range r.Exposures {
				kept = append(kept, port(x))
			}
			for what, pair := range map[string][2]string{
				"said": {c.said, strings.Join(said, "\n")}, "lost": {c.lost, strings.Join(lost, ", ")}, "kept": {c.kept, strings.Join(kept, " ")},
			} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
		})
	}
}

// port is an exposure with its port, + before one that the file does not have.
func port(x *serving.Exposure) string {
	if x.Next > 0 {
		return fmt.Sprintf("%s:+%d", x.Namespace.Value, x.Next)
	}
	return fmt.Sprintf("%s:%d", x.Namespace.Value, x.Port)
}
