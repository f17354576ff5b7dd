package keys

import (
	"bytes"
	"encoding/json"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Schema is a JSON Schema (2020-12), as far as forms of values need one.
type Schema struct {
	Type        string
	Title       string
	Description string
	Deprecated  bool
	Enum        []string
	Pattern     string
	MinLength   int
	Minimum     int
	Items       *Schema
	MinItems    int
	AnyOf       []*Schema
	AllOf       []*Schema
	Not         *Schema
	If          *Schema
	Then, Else  *Schema
	Const       string // JSON
	Maximum     int
	Ref         string // "#/$defs/NAME"

	Properties        Properties
	PatternProperties Properties
	Required          []string
	Rest              *Schema // of keys that are free
	Closed            bool    // no other keys
	Defs              Properties

	Default  json.RawMessage
	Examples []json.RawMessage
}

// Properties are schemas by name, in order.
type Properties []Property

// Property is the schema of one name.
type Property struct {
	Name   string
	Schema *Schema
}

// MarshalJSON writes the schemas in their order.
func (p Properties) MarshalJSON() ([]byte, error) {
	out := bytes.NewBufferString("{")
	for i, x := range p {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := jsonvalue.Marshal(x.Name)
		if err != nil {
			return nil, err
		}
		schema, err := jsonvalue.Marshal(x.Schema)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(schema)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// MarshalJSON writes the schema as JSON Schema names its parts.
func (s *Schema) MarshalJSON() ([]byte, error) {
	var rest any
	switch {
	case s.Rest != nil:
		rest = s.Rest
	case s.Closed:
		rest = false
	}
	return jsonvalue.Marshal(struct {
		Type        string            `json:"type,omitempty"`
		Ref         string            `json:"$ref,omitempty"`
		Title       string            `json:"title,omitempty"`
		Description string            `json:"description,omitempty"`
		Deprecated  bool              `json:"deprecated,omitempty"`
		Enum        []string          `json:"enum,omitempty"`
		Pattern     string            `json:"pattern,omitempty"`
		MinLength   int               `json:"minLength,omitempty"`
		Minimum     int               `json:"minimum,omitempty"`
		Maximum     int               `json:"maximum,omitempty"`
		Items       *Schema           `json:"items,omitempty"`
		MinItems    int               `json:"minItems,omitempty"`
		AnyOf       []*Schema         `json:"anyOf,omitempty"`
		AllOf       []*Schema         `json:"allOf,omitempty"`
		Not         *Schema           `json:"not,omitempty"`
		If          *Schema           `json:"if,omitempty"`
		Then        *Schema           `json:"then,omitempty"`
		Else        *Schema           `json:"else,omitempty"`
		Const       json.RawMessage   `json:"const,omitempty"`
		Properties  Properties        `json:"properties,omitempty"`
		Patterns    Properties        `json:"patternProperties,omitempty"`
		Required    []string          `json:"required,omitempty"`
		Rest        any               `json:"additionalProperties,omitempty"`
		Default     json.RawMessage   `json:"default,omitempty"`
		Examples    []json.RawMessage `json:"examples,omitempty"`
		Defs        Properties        `json:"$defs,omitempty"`
	}{
		s.Type, s.Ref, s.Title, s.Description, s.Deprecated, s.Enum, s.Pattern, s.MinLength, s.Minimum, s.Maximum, s.Items, s.MinItems,
		s.AnyOf, s.AllOf, s.Not, s.If, s.Then, s.Else, json.RawMessage(s.Const), s.Properties, s.PatternProperties, s.Required, rest, s.Default, s.Examples, s.Defs,
	})
}

// Describe gives the schema a description with a default and an example, which are JSON,
// "" for none.
func (s *Schema) Describe(doc, fallback, example string) {
	s.Description = doc
	if fallback != "" {
		s.Default = json.RawMessage(fallback)
	}
	if example != "" {
		s.Examples = []json.RawMessage{json.RawMessage(example)}
	}
}

// address is where the schemas of this package are published, each as NAME.json.
const address = "https://raw.githubusercontent.com/capstan-run/capstan/main/docs/schema/"

// Document writes the schema as a file of its own, indented.
func (s *Schema) Document(name, title string) []byte {
	titled := *s
	titled.Title = title
	text, err := titled.document(address + name + ".json")
	if err != nil {
		panic(err) // the table is a constant of the program
	}
	return text
}

func (s *Schema) document(id string) ([]byte, error) {
	body, err := jsonvalue.Marshal(s)
	if err != nil {
		return nil, err
	}
	head, err := jsonvalue.Marshal(struct {
		Schema string `json:"$schema"`
		ID     string `json:"$id,omitempty"`
	}{"https://json-schema.org/draft/2020-12/schema", id})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	joined := append(append(head[:len(head)-1:len(head)-1], ','), body[1:]...)
	if err := json.Indent(&out, joined, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
