package composition

import (
	"slices"
	"sync"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// FileSchema returns the JSON Schema of compositions.
func FileSchema() *keys.Schema { return fileKeys().Schema() }

// value is a value that reader has a method for.
func value[T any](form func() *keys.Schema, read func(d reader, n *node.Node, what string, to *T)) keys.Value[T] {
	return keys.Value[T]{Schema: form, Read: func(d *node.Decoder, n *node.Node, what string, to *T) { read(reader{d}, n, what, to) }}
}

// specification names the dialect.
func specification[T any](name string) keys.Key[T] {
	return keys.Key[T]{
		Name: "specification", Needed: true, Example: `"` + name + `"`, Doc: "What makes the file one of this kind.",
		Value: value(func() *keys.Schema { return &keys.Schema{Type: "string", Enum: []string{name}} },
			func(d reader, n *node.Node, _ string, _ *T) { d.specification(n, name) }),
	}
}

func version[T any](at func(*T, string)) keys.Key[T] {
	return keys.Key[T]{
		Name: "specificationVersion", Strict: true, Example: `"0.1"`, Doc: "The version of the format, of which there is one.",
		Value: value(keys.Scalar, func(d reader, n *node.Node, what string, to *T) { at(to, d.version(n, what)) }),
	}
}

// unread is a key that describes a file and that nothing reads.
func unread[T any](name, doc, example string) keys.Key[T] {
	return keys.Key[T]{Name: name, Doc: doc + " For people.", Example: example, Value: keys.Any[T]()}
}

// descriptive are the keys that describe a file of either dialect.
func descriptive[T any]() []keys.Key[T] {
	return []keys.Key[T]{
		unread[T]("created", "The day on which the file was written.", `"2026-05-22"`),
		unread[T]("modified", "The day of its last change.", `"2026-05-23"`),
		unread[T]("tags", "Words to find the file by.", `["Ships", "Cargo"]`),
		unread[T]("sources", "Where its facts come from.", `["https://fleet.example/docs"]`),
		unread[T]("maintainers", "The people who care for it.", `[{"FN": "Ada Harbour", "email": "ada@fleet.example"}]`),
		unread[T]("license", "The terms of its use.", `"Apache-2.0"`),
		unread[T]("documentation", "Where more about it is to be found.", `"https://fleet.example/docs/cargo"`),
	}
}

// ignored drops a text that is checked and not kept.
func ignored[T any](*T) *spec.Str { return new(spec.Str) }

func ident[T any](what string, at func(*T) *spec.Str) keys.Value[T] {
	return value(identForm, func(d reader, n *node.Node, _ string, to *T) { *at(to) = d.ident(n, what) })
}

func identForm() *keys.Schema {
	return &keys.Schema{Type: "string", Pattern: `^[\p{L}\p{N}_]([\p{L}\p{N}_-]*[\p{L}\p{N}_])?$`}
}

// fileKeys are the keys of a composition, which is one unit.
var fileKeys = sync.OnceValue(func() keys.Mapping[spec.File] {
	return keys.Mapping[spec.File]{
		What: "the capability",
		Doc:  "A capability: inputs, steps that call operations of an API or are done by others, and outputs.",
		Keys: slices.Concat([]keys.Key[spec.File]{
			{
				Name: "name", Needed: true, Example: `"B2B Enterprise Onboarding"`,
				Doc:   "What people call the capability.",
				Value: keys.Loose(func(f *spec.File) *spec.Str { return &f.Title }),
			},
			{
				Name: "description", Example: `"Sets a customer up, from its organization to its first session."`,
				Doc:   "What it does, for people and for agents that choose a tool.",
				Value: keys.Prose(func(f *spec.File) *spec.Str { return &f.Units[0].Description }),
			},
			specification[spec.File](Name),
			version(func(f *spec.File, version string) { f.Version = version }),
			{
				Name: "provider", Example: `"WorkOS"`,
				Doc:   "The provider of the API, for people. With the name, it decides which overlay that ships with Capstan acts.",
				Value: keys.Loose(ignored[spec.File]),
			},
			{
				Name: "providerId", Example: `"workos"`,
				Doc:   "The provider, as catalogues and overlays name it.",
				Value: keys.Text(ignored[spec.File]),
			},
			{
				Name: "api", Example: `"workos"`,
				Doc:   "The API of the operations, by the name that project files and --openapi have for it. A step may name another one. Needed where a step with an operation names none.",
				Value: keys.Text(func(f *spec.File) *spec.Str { return &f.API }),
			},
		}, descriptive[spec.File](), []keys.Key[spec.File]{
			{
				Name: "inputs", Similar: true, Example: `[{"name": "organization_name", "type": "string", "required": true}]`,
				Doc:   "What the caller gives. An input that no step reads is an error.",
				Value: keys.List(inputKeys(), func(d *node.Decoder, n *node.Node, f *spec.File) { f.Units[0].Inputs = reader{d}.inputs(n) }),
			},
			{
				Name: "labels", Example: `{"customer": "{{ inputs.organization_name }}"}`,
				Doc:   "Labels by which runs are told apart and found, made of the inputs that are not sensitive. Those of `capstan run --label` go first.",
				Value: keys.Fields(func(f *spec.File) *[]spec.Field { return &f.Units[0].Labels }),
			},
			{
				Name: "steps", Needed: true, Example: `[{"id": "create-organization", "operation": "OrganizationsController_create"}]`,
				Doc:   "What is done, one after the other.",
				Value: stepList(),
			},
			{
				Name: "outputs", Similar: true, Example: `[{"name": "organization_id", "source": "create-organization.id"}]`,
				Doc:   "What the caller gets.",
				Value: keys.List(outputKeys(), func(d *node.Decoder, n *node.Node, f *spec.File) { f.Units[0].Outputs = reader{d}.outputs(n) }),
			},
		}),
		Shape: func(s *keys.Schema) {
			named := &keys.Schema{AnyOf: []*keys.Schema{{Required: []string{"api"}}, {Required: []string{"external"}}}}
			every := &keys.Schema{Properties: keys.Properties{{Name: "steps", Schema: &keys.Schema{Items: named}}}}
			s.AnyOf = []*keys.Schema{{Required: []string{"api"}}, every}
		},
	}
})

// stepList is a list of at least one step.
func stepList() keys.Value[spec.File] {
	return value(func() *keys.Schema { return &keys.Schema{Type: "array", MinItems: 1, Items: stepForm()} },
		func(d reader, n *node.Node, _ string, f *spec.File) { f.Units[0].Steps = d.steps(n) })
}

var inputKeys = sync.OnceValue(func() keys.Mapping[input] {
	return keys.Mapping[input]{
		What: "an input",
		Doc:  "A value that the caller gives.",
		Keys: []keys.Key[input]{
			{
				Name: "name", Needed: true, Example: `"organization_name"`,
				Doc:   "The name by which expressions read it: inputs.organization_name.",
				Value: ident("an input's name", func(in *input) *spec.Str { return &in.Name }),
			},
			{
				Name: "type", Strict: true, Similar: true, Default: `"string"`, Example: `"integer"`,
				Doc:   "The type of the value.",
				Value: typeName(func(in *input) *spec.Str { return &in.Type }),
			},
			{
				Name: "items", Similar: true, Example: `"string"`,
				Doc:   "The type of an array's items, anything where it is left out.",
				Value: typeName(func(in *input) *spec.Str { return &in.Items }),
			},
			{
				Name: "required", Default: "false", Example: "true",
				Doc:   "The caller must give it. One with a default is never required.",
				Value: keys.Boolean(func(in *input) *bool { return &in.Required }),
			},
			{
				Name: "sensitive", Default: "false", Example: "true",
				Doc:   "It is a secret: shown as [redacted], and neither in titles and labels nor found by a search.",
				Value: keys.Boolean(func(in *input) *bool { return &in.Sensitive }),
			},
			{
				Name: "description", Example: `"The name as contracts have it."`,
				Doc:   "What the value is, for people and for agents.",
				Value: keys.Prose(func(in *input) *spec.Str { return &in.Description }),
			},
			{
				Name: "default", Example: `"sso"`,
				Doc: "The value where the caller gives none. It fits the type and the choice. null is none.",
				Value: value(anything, func(_ reader, n *node.Node, _ string, in *input) {
					in.fallback = n
				}),
			},
			{
				Name: "enum", Example: `["sso", "dsync"]`,
				Doc: "The values that there are to choose from.",
				Value: value(func() *keys.Schema { return &keys.Schema{AnyOf: []*keys.Schema{{Type: "array"}, {Type: "null"}}} },
					func(d reader, n *node.Node, what string, in *input) { d.choice(n, what, &in.Input) }),
			},
			{
				Name: "example", Example: `"Acme"`, Doc: "A value for people to see, which must fit.",
				Value: value(anything, func(d reader, n *node.Node, _ string, in *input) {
					if n != nil {
						v := d.Value(n)
						in.Example = &v
					}
				}),
			},
		},
	}
})

// input is an input while it is read.
type input struct {
	spec.Input
	fallback *node.Node // its default
}

func anything() *keys.Schema { return &keys.Schema{} }

func typeName(at func(*input) *spec.Str) keys.Value[input] {
	return value(func() *keys.Schema { return &keys.Schema{Type: "string", Enum: typeNames} },
		func(d reader, n *node.Node, what string, in *input) { *at(in) = d.inputType(n, what) })
}

var outputKeys = sync.OnceValue(func() keys.Mapping[spec.Output] {
	return keys.Mapping[spec.Output]{
		What: "an output",
		Doc:  "A value that the caller gets.",
		Keys: []keys.Key[spec.Output]{
			{
				Name: "name", Needed: true, Example: `"organization_id"`,
				Doc:   "The name of the value in the result.",
				Value: ident("an output's name", func(o *spec.Output) *spec.Str { return &o.Name }),
			},
			{
				Name: "source", Needed: true, Example: `"create-organization.id"`,
				Doc:   "The expression that makes it, of the results of steps and the inputs.",
				Value: keys.Loose(func(o *spec.Output) *spec.Str { return &o.Source }),
			},
			{
				Name: "description", Example: `"The id that later calls take."`,
				Doc:   "What it is, for people.",
				Value: keys.Prose(ignored[spec.Output]),
			},
			{
				Name: "sensitive", Default: "false", Example: "true",
				Doc:   "It is a secret: it is given to the caller, and shown as [redacted] elsewhere.",
				Value: keys.Boolean(func(o *spec.Output) *bool { return &o.Sensitive }),
			},
		},
	}
})
