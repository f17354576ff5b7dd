package sibling_test

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// quay is a file that others share: an API with its operations.
const quay = `
name: quay
openapi: ../openapi/quay.yaml
baseUrl: https://quay.example.com/v1/
auth: {type: bearer, token: '{{QUAY_KEY}}'}
operations:
  - {id: listBerths, method: GET, path: /berths, parameters: [{name: from, in: query}]}
  - {id: createMooring, name: moor, method: post, path: /moorings}
  - {id: getMooring, method: GET, path: '/moorings/{mooring_id}'}
`

// read decodes a file of desk/, beside which shared/quay.yaml lies, and others.
func read(t *testing.T, text string, others map[string]string) (*spec.File, diag.List) {
	t.Helper()
	s, diags := dialect.Read("desk/desk.yaml", []byte(text))
	if s.Dialect() != spec.DialectSibling {
		t.Fatalf("the dialect is %q", s.Dialect())
	}
	f, more := s.File(spec.Options{Open: func(from, name string) (string, []byte, error) {
		at := path.Join(path.Dir(from), name)
		if text, ok := others[at]; ok {
			return at, []byte(text), nil
		}
		if at == "desk/shared/quay.yaml" {
			return at, []byte(quay), nil
		}
		return at, nil, fs.ErrNotExist
	}})
	return f, append(diags, more...)
}

// units writes the units of a file in a line each: the steps with their operations, values
// and conditions, and the inputs.
func units(f *spec.File) (out []string) {
	for _, u := range f.Units {
		line := fmt.Sprintf("%s %s:", u.Kind, u.Name)
		for _, s := range u.Steps {
			op := s.Action.(*spec.Operation)
			line += fmt.Sprintf(" %s=%s.%s", s.ID.Value, op.API.Value, op.Operation.Value)
			for _, w := range op.With {
				line += fmt.Sprintf(" %s<%v", w.Key.Value, w.Value.Go())
			}
			if s.When != nil {
				line += " when " + s.When.Value
			}
			if s.Each != nil {
				line += " each " + s.Each.Value
			}
		}
		for _, in := range u.Inputs {
			line += " (" + strings.TrimSpace(in.Name.Value+" "+in.Type.Value)
			if in.Required {
				line += "!"
			}
			line += ")"
		}
		for _, o := range u.Outputs {
			line += " " + o.Name.Value + "=" + o.Source.Value
		}
		out = append(out, line)
	}
	return out
}

// apis writes the APIs of a file in a line each.
func apis(f *spec.File) (out []string) {
	for _, a := range f.APIs {
		line := strings.TrimSpace(a.Namespace.Value + " " + a.BaseURI.Value)
		if a.Document.IsSet() {
			line += " " + a.Document.Value + " of " + a.Document.Pos.File
		}
		if auth := a.Auth; auth != nil {
			line += fmt.Sprintf(" %s %s%s%s", auth.Type.Value, auth.Key.Value, auth.Token.Value, auth.Value.Value)
		}
		for _, op := range a.Operations {
			line += fmt.Sprintf(" %s=%s%s", op.Name.Value, op.Method.Value, op.Path.Value)
			for _, p := range op.Params {
				line += " " + p.In.Value + ":" + p.Name.Value
			}
		}
		out = append(out, line)
	}
	return out
}

const described = "quay https://quay.example.com/v1 ../openapi/quay.yaml of desk/shared/quay.yaml bearer {{env.QUAY_KEY}}" +
	" listBerths=GET/berths query:from createMooring=POST/moorings%s getMooring=GET/moorings/{mooring_id}"

// The kinds of files, each with its units and APIs. All but the first column are made up.
func TestKinds(t *testing.T) {
	tests := []struct {
		name, text  string
		units, apis []string
	}{
		{
			"tools by id", `
name: Desk
provider: Quay
openapi: openapi/quay.yaml
tools:
  - {name: find berths, operationId: listBerths, inputSchema: {required: [from], properties: {from: {type: string}}}}
  - {name: moor, operation: createMooring, parameters: [berth, {name: ship, type: int, required: true}]}`,
			[]string{"tool find-berths: find-berths=quay.listBerths (from string!)", "tool moor: moor=quay.createMooring (berth) (ship integer!)"},
			[]string{"quay openapi/quay.yaml of desk/desk.yaml"},
		},
		{
			"tools of a shared file, by its name and path", `
name: Desk
imports: [shared/quay.yaml]
tools:
  - {name: find, import: quay.listBerths}
  - {name: moor, sharedTool: quay/moor}
  - {name: look, operationRef: 'quay#getMooring'}
  - {name: see, source: {capability: desk/shared/quay.yaml}, operationId: getMooring}
  - {name: gaze, $ref: 'shared/quay.yaml#/operations/getMooring'}`,
			[]string{"tool find: find=quay.listBerths", "tool moor: moor=quay.createMooring", "tool look: look=quay.getMooring",
				"tool see: see=quay.getMooring", "tool gaze: gaze=quay.getMooring"},
			[]string{fmt.Sprintf(described, "")},
		},
		{
			"tools of a file that only their names lead to", `
name: Desk
tools: [{name: moor, capability: quay.moor, inputs: {ship: string}}, {name: find, capability: quay, function: listBerths}]`,
			[]string{"tool moor: moor=quay.createMooring (ship string)", "tool find: find=quay.listBerths"},
			[]string{fmt.Sprintf(described, " body:ship")},
		},
		{
			"method and path", `
name: Desk
baseUrl: 'https://quay.example.com/{berth_set}/v1'
authentication: {type: apiKey, in: header, name: X-Quay-Key}
capabilities:
  - {name: listBerths, method: GET, path: /berths, parameters: [{name: from}]}
  - {name: Moor a ship, operations: ['POST /moorings']}
  - {id: look, operation: 'GET /moorings/{id}', inputs: [id]}`,
			[]string{"tool listBerths: listBerths=desk.listBerths (from)", "tool moor-a-ship: moor-a-ship=desk.POST /moorings", "tool look: look=desk.GET /moorings/{id} (id)"},
			[]string{"desk https://quay.example.com/{{env.BERTH_SET}}/v1 apikey X-Quay-Key{{env.DESK_API_KEY}} listBerths=GET/berths query:from POST /moorings=POST/moorings GET /moorings/{id}=GET/moorings/{id} path:id"},
		},
		{
			"tools and workflows by their names", `
name: Desk
imports: [shared/quay.yaml]
tools:
  find: {api: quay, operation: listBerths, inputs: [from]}
  moor a ship: {uses: quay.createMooring, inputs: {berth: string}}
workflows:
  both: {steps: [find, {tool: moor a ship}]}
  alone: {steps: {look: {uses: quay.getMooring}, again: {uses: quay.getMooring}}}`,
			[]string{
				"workflow both: find=quay.listBerths moor-a-ship=quay.createMooring (from) (berth string)", "workflow alone: look=quay.getMooring again=quay.getMooring",
				"tool find: find=quay.listBerths (from)", "tool moor-a-ship: moor-a-ship=quay.createMooring (berth string)",
			},
			[]string{fmt.Sprintf(described, " body:berth")},
		},
		{
			"a workflow", `
name: Desk
imports: [{ref: shared/quay.yaml, as: q}]
workflow:
  inputs: [{name: berth, type: string, required: true}]
  steps:
    - {name: Moor it, operation: q.createMooring, parameters: {berth: '${{ inputs.berth }}', note: '{{ input.note | optional }}'}}
    - {step: look, capability: q, operation: getMooring, when: '{{ inputs.berth }}', with: {mooring_id: '${steps.Moor it.outputs.id}'}}
  outputs: {state: '${{ steps.look.response.body.state }}', words: of no use}`,
			[]string{`workflow desk: Moor-it=q.createMooring berth<{{ inputs.berth }} note<{{ inputs.note }} look=q.getMooring mooring_id<{{ Moor-it.id }} when (inputs.berth ?? "") != "" (berth string!) (note) state=look?.state`},
			[]string{strings.Replace(fmt.Sprintf(described, " body:berth body:note"), "quay ", "q ", 1) + " path:mooring_id"},
		},
		{
			"workflows with the file's tools", `
name: Desk
imports: [shared/quay.yaml]
tools:
  - {name: find, api: quay, operation: listBerths}
  - {name: look, api: quay, operation: getMooring, inputs: [mooring_id]}
  - {name: make, api: quay, operation: createMooring, inputs: [{name: berth, type: string}]}
workflows:
  - {name: Moor and look, steps: [{tool: make}, {tool: look}]}
  - {id: only, name: Find only, steps: [find, {operation: listBerths}]}`,
			[]string{
				"workflow moor-and-look: make=quay.createMooring look=quay.getMooring (berth string)", "workflow only: find=quay.listBerths listBerths=quay.listBerths",
				"tool find: find=quay.listBerths", "tool look: look=quay.getMooring (mooring_id)", "tool make: make=quay.createMooring (berth string)",
			},
			[]string{fmt.Sprintf(described, " body:berth") + " path:mooring_id"},
		},
		{
			"a cluster resource with steps", `
apiVersion: naftiko.dev/v1
kind: CapabilityWorkflow
metadata: {name: desk}
spec:
  imports: [../shared/quay.yaml]
  steps:
    - {id: all, capability: quay, operation: listBerths, params: {from: '{{ inputs.from | default: "now" }}'}, bind: {first: 'data[0]'}}
    - {id: look, forEach: '{{ steps.all.response.data }}', uses: quay.getMooring, with: {mooring_id: '{{ item.id }}', note: '{{ first.id }}'}}
  outputs: {count: '${steps.look.output.length}'}`,
			[]string{`workflow desk: all=quay.listBerths from<{{ inputs.from ?? "now" }} look=quay.getMooring mooring_id<{{ item.id }} note<{{ all.data[0].id }} each all.data (from) count=len(look)`},
			[]string{fmt.Sprintf(described, "") + " path:mooring_id query:note"},
		},
		{
			"taken of a shared file", "name: Desk\nconsumes: [{ref: shared/quay.yaml, operations: [listBerths, getMooring]}]",
			[]string{"tool listBerths: listBerths=quay.listBerths", "tool getMooring: getMooring=quay.getMooring"},
			[]string{fmt.Sprintf(described, "")},
		},
		{
			"all of a shared file", "name: Desk\nconsumes: [{ref: shared/quay.yaml}]",
			[]string{"tool listBerths: listBerths=quay.listBerths", "tool createMooring: createMooring=quay.createMooring", "tool getMooring: getMooring=quay.getMooring"},
			[]string{fmt.Sprintf(described, "")},
		},
		{
			"one operation", "name: look\napi: quay\noperationId: getMooring\nmethod: GET\npath: '/moorings/{id}'\ninputs: [{name: id, in: path}]\nauthentication: basic",
			[]string{"tool look: look=quay.getMooring (id)"},
			[]string{"quay basic  getMooring=GET/moorings/{id} path:id"},
		},
		{
			"one of several APIs", "name: Desk\napis: [tides, quay-two]\nsteps: [{operation: getTide}]",
			[]string{"workflow desk: getTide=.getTide"}, []string{"tides", "quay-two"},
		},
		{
			"described for others", "name: quay\nbaseUrl: https://quay.example.com\noperations: [{id: listBerths, method: GET, path: /berths}]",
			nil, []string{"quay https://quay.example.com listBerths=GET/berths"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, diags := read(t, strings.TrimLeft(tt.text, "\n"), nil)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(tt.units, units(f)); diff != "" {
				t.Errorf("units (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.apis, apis(f)); diff != "" {
				t.Errorf("APIs (-want +got):\n%s", diff)
			}
			if f.Section != (len(tt.units) == 0) {
				t.Errorf("a file to import from: %v", f.Section)
			}
		})
	}
}

// Credentials of every type, and several at once, each with a variable of its own where
// the file gives none.
func TestCredentials(t *testing.T) {
	for text, want := range map[string]string{
		"{type: aws-signature-v4, service: deepracer}":                            "awssigv4 service=deepracer",
		"{type: awsSigV4, accessKeyId: '{{MY_ID}}', secretAccessKey: $MY_SECRET}": "awssigv4 username={{env.MY_ID}} password={{env.MY_SECRET}}",
		"{type: oauth1, consumerKey: $MY_KEY, consumerSecret: $MY_SECRET}":        "oauth1 username={{env.MY_KEY}} password={{env.MY_SECRET}}",
		"{type: oauth2, tokenUrl: 'https://quay.example.com/token'}":              "oauth2 tokens=https://quay.example.com/token",
		"{type: oauth2}":               "bearer token={{env.DESK_TOKEN}}",
		"{type: http, scheme: digest}": "digest username={{env.DESK_USERNAME}} password={{env.DESK_PASSWORD}}",
		"{type: apiKey, keys: [{name: X-App, env: APP}, {name: k, in: query}]}": "apikey key=X-App value={{env.APP}} placement=header, apikey key=k value={{env.DESK_K}} placement=query",
		"{type: apiKey, in: query, keys: {app: '{{APP}}', key: '{{KEY}}'}}":     "apikey key=app value={{env.APP}} placement=query, apikey key=key value={{env.KEY}} placement=query",
		"[{type: bearer}, {type: apiKey, name: X-App}]":                         "bearer token={{env.DESK_TOKEN}}, apikey key=X-App value={{env.DESK_X_APP}} placement=header",
	} {
		f, diags := read(t, "name: Desk\nbaseUrl: https://quay.example.com/v1\nauth: "+text+"\ncapabilities: [{id: find, method: GET, path: /berths}]\n", nil)
		diags = slices.DeleteFunc(diags, func(d diag.Diagnostic) bool { return d.Code == "credential-in-query" })
		var got []string
		for _, a := range f.APIs[0].Auth.All() {
			line := a.Type.Value
			for _, x := range []struct{ name, text string }{
				{"username", a.Username.Value}, {"password", a.Password.Value}, {"token", a.Token.Value}, {"key", a.Key.Value}, {"value", a.Value.Value},
				{"placement", a.Placement.Value}, {"service", a.Service.Value}, {"tokens", a.TokenEndpoint.Value},
			} {
				if x.text != "" {
					line += " " + x.name + "=" + x.text
				}
			}
			got = append(got, line)
		}
		if got := strings.Join(got, ", "); got != want || len(diags) > 0 {
			t.Errorf("%s:\ngot  %s\nwant %s\n%v", text, got, want, diags)
		}
	}
}

// A key in the path of the server is one in the path of every operation; other open
// parts of it are variables of the environment.
func TestKeyInThePathOfTheServer(t *testing.T) {
	f, diags := read(t, "name: Desk\nbaseUrl: 'https://{place}.example.com/v1/{key}/x'\nauth: {type: apiKey, in: path, name: key}\ncapabilities: [{id: find, method: GET, path: /berths}]\n", nil)
	want := []string{"desk https://{{env.PLACE}}.example.com/v1 apikey key{{env.DESK_API_KEY}} find=GET/{key}/x/berths"}
	if diff := cmp.Diff(want, apis(f)); diff != "" || len(diags) > 0 {
		t.Errorf("%v (-want +got):\n%s", diags, diff)
	}
}

// A file that only its own name leads to is read where it lies.
func TestSharedFilesAreFoundByTheirNames(t *testing.T) {
	f, diags := read(t, "name: Desk\ncomposes: [harbour-tide-api]\nsteps: [{operation: getTide}]", map[string]string{
		"desk/shared/tide.yaml":      "name: Tides\napi: harbour-tide-api\noperations: [{operationId: getTide, method: GET, path: /tide}]",
		"desk/shared/tide-api.yaml":  "name: another\noperations: [{operationId: getTide, method: GET, path: /other}]",
		"desk/shared/unrelated.yaml": "name: unrelated",
	})
	want := []string{"harbour-tide-api getTide=GET/tide"}
	if diff := cmp.Diff(want, apis(f)); diff != "" || len(diags) > 0 {
		t.Errorf("%v (-want +got):\n%s", diags, diff)
	}
}

// Problems of one unit keep the others sound.
func TestProblemsBelongToTheirUnits(t *testing.T) {
	f, diags := read(t, "name: Desk\nopenapi: o.yaml\ntools:\n  - {name: look, operationId: getMooring}\n  - {name: dream}\n", nil)
	blame := f.Problems(diags)
	own, of := blame.File, blame.Units
	i := slices.IndexFunc(f.Units, func(u *spec.Unit) bool { return u.Name == "dream" })
	if len(own) > 0 || len(of) != 1 || len(of[f.Units[i]]) != 1 {
		t.Errorf("own %v, of units %v", own, of)
	}
}
