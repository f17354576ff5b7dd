package sibling

import (
	"slices"

	"github.com/capstan-run/capstan/spec/internal/keys"
)

// group is the names of one key, the first of which are taken first, with its meaning.
// The example is JSON.
type group struct {
	names        []string
	doc, example string
}

// The keys of a tool, a step and a workflow that are read by any of their names.
var (
	descriptions = []string{"description", "purpose", "summary"}
	conditions   = []string{"when", "condition", "if"}
	repetitions  = []string{"forEach", "foreach", "each", "for_each"}
	dependencies = []string{"dependsOn", "depends_on", "needs"}
	credentials  = []string{"authentication", "auth"}
)

// fileGroups are the keys of a file as a whole.
var fileGroups = []group{
	{titles, "What people call it.", `"Desk"`},
	{descriptions, "What it is for.", `"Moors ships at the quay."`},
	{[]string{"version"}, "The version of the file itself.", `"1.2.0"`},
	{documents, "The path of the OpenAPI document of its API.", `"openapi/quay.yaml"`},
	{bases, "The server of its API.", `"https://quay.example.com/v1"`},
	{credentials, "The credential of its API. Secrets are variables of the environment.", `{"type": "apiKey", "in": "header", "name": "X-Quay-Key"}`},
	{inputKeys, "What the caller of its workflow gives.", `[{"name": "berth", "type": "string", "required": true}]`},
	{[]string{"outputs"}, "What the caller of its workflow gets.", `[{"name": "mooring", "value": "{{ moor.id }}"}]`},
	{[]string{"apiVersion"}, "The kind of resource that the file is, and its version.", `"naftiko.io/v1alpha1"`},
	{listsOfSources, "Files with operations that it shares, by their paths.", `[{"ref": "shared/quay.yaml", "as": "quay"}]`},
}

// callGroups are the keys of whatever calls an operation.
var callGroups = []group{
	{titles, "Its name.", `"moor"`},
	{descriptions, "What it is for, for people and for agents.", `"Moors a ship at a berth."`},
	{keysOf(namings), "The operation that is called: its operationId, its method and path, or its name in a shared file behind the name of the API.", `"quay.createMooring"`},
	{apiKeys, "The API of the operation.", `"quay"`},
	{[]string{"method"}, "The method of the request, beside a path.", `"GET"`},
	{[]string{"path", "url"}, "The path of the request, below the server of the API.", `"/berths"`},
	{inputKeys, "The values that the caller gives.", `[{"name": "from", "in": "query"}]`},
}

// stepGroups are the keys that steps have beside those of a call.
var stepGroups = []group{
	{[]string{"id", "step"}, "The name by which texts read the answer of the step.", `"moor"`},
	{[]string{"tool"}, "The tool of the file that the step uses.", `"moor"`},
	{argumentKeys, "Values for the operation; {{ x }} is a value of an input or an earlier step.", `{"berth": "{{ inputs.berth }}"}`},
	{conditions, "The step is skipped where this is false.", `"inputs.berth != nil"`},
	{repetitions, "The step is done for each item of this list.", `"{{ inputs.berths }}"`},
	{dependencies, "Steps that must stand before it.", `["find"]`},
	{[]string{"bind"}, "Names for parts of the answer.", `{"mooringId": "$.id"}`},
}

func keysOf(ways []naming) (out []string) {
	for _, way := range ways {
		out = append(out, way.key)
	}
	return out
}

// add adds the keys of groups to a schema. Of two groups with one name the first counts.
func add(s *keys.Schema, groups []group) {
	for _, g := range groups {
		for i, name := range g.names {
			about := &keys.Schema{}
			about.Describe(g.doc, "", g.example)
			if i > 0 && name != "id" {
				about.Describe(g.doc+" Another name for `"+g.names[0]+"`.", "", "")
			}
			set(s, name, about)
		}
	}
}

// set adds a key, unless it is there.
func set(s *keys.Schema, name string, v *keys.Schema) *keys.Schema {
	if i := slices.IndexFunc(s.Properties, func(p keys.Property) bool { return p.Name == name }); i >= 0 {
		return s.Properties[i].Schema
	}
	s.Properties = append(s.Properties, keys.Property{Name: name, Schema: v})
	return v
}

// Schema returns the JSON Schema of siblings. Their files may have any other key, and most
// values any form: it describes what is read, and refuses what no file can mean.
func Schema() *keys.Schema {
	call, step := &keys.Schema{}, &keys.Schema{Description: "A step."}
	add(call, callGroups)
	add(step, append(stepGroups[:len(stepGroups):len(stepGroups)], callGroups...))
	for _, name := range refusedKeys {
		refused := &keys.Schema{Not: &keys.Schema{}, Description: "It has no meaning here. Write the file as a composition: its steps have when, each and until."}
		if name != "steps" { // of a step that is a workflow
			set(step, name, refused)
		}
	}
	part := &keys.Schema{Type: "object"}
	for _, p := range places {
		leaf := &keys.Schema{Ref: "#/$defs/call"}
		if p.what == "step" {
			leaf = workflowForm()
		}
		if p.path != nil {
			nest(part, p.path, leaf)
		}
	}
	add(part, fileGroups)
	add(part, []group{{[]string{"operationId"}, "The one operation that the file is.", `"createMooring"`}})
	s := &keys.Schema{Type: "object", Description: "A relative of compositions: tools, workflows, or the operations of an API.", AllOf: []*keys.Schema{{Ref: "#/$defs/part"}}}
	for _, name := range inner {
		s.Properties = append(s.Properties, keys.Property{Name: name, Schema: &keys.Schema{AnyOf: []*keys.Schema{{Ref: "#/$defs/part"}, {}}, Description: "Its keys count as those of the file."}})
	}
	s.Defs = keys.Properties{{Name: "part", Schema: part}, {Name: "call", Schema: call}, {Name: "step", Schema: step}}
	return s
}

// workflowForm is a list of steps, or a mapping with one.
func workflowForm() *keys.Schema {
	list := listOf(&keys.Schema{Ref: "#/$defs/step"})
	list.Describe("What is done, one after the other.", "", `[{"id": "moor", "operation": "quay.createMooring"}]`)
	flow := &keys.Schema{}
	add(flow, []group{
		{titles, "Its name.", `"moor-ship"`}, {descriptions, "What it is for.", `"Moors a ship."`},
		{inputKeys, "The values that the caller gives.", `[{"name": "berth", "type": "string"}]`},
		{[]string{"outputs"}, "The values that the caller gets.", `[{"name": "mooring", "value": "{{ moor.id }}"}]`},
	})
	flow.Properties = append(flow.Properties, keys.Property{Name: "steps", Schema: list})
	return &keys.Schema{AnyOf: []*keys.Schema{{Type: "array", Items: &keys.Schema{Ref: "#/$defs/step"}}, flow}}
}

// listOf is a list, or a mapping from names; any other form means nothing and is ignored.
func listOf(item *keys.Schema) *keys.Schema {
	return &keys.Schema{AnyOf: []*keys.Schema{{Type: "array", Items: item}, {Type: "object", Rest: &keys.Schema{AnyOf: []*keys.Schema{item, {}}}}, {}}}
}

// nest puts a schema at a path of keys, in which "*" is every item.
func nest(s *keys.Schema, path []string, leaf *keys.Schema) {
	if len(path) == 1 {
		set(s, path[0], leaf).Description = "What can be run."
		return
	}
	if path[1] == "*" {
		item := leaf
		if len(path) > 2 {
			item = &keys.Schema{}
			nest(item, path[2:], leaf)
		}
		set(s, path[0], listOf(item)).Describe("What can be run, each by itself.", "", `[{"name": "moor", "operationId": "createMooring"}]`)
		return
	}
	below := set(s, path[0], &keys.Schema{})
	nest(below, path[1:], leaf)
}
