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
	Enum        []string
	Pattern     string
	MinLength   int
	Minimum     int
	Items       *Schema
	MinItems    int
	AnyOf       []*Schema

	Properties        Properties
	PatternProperties Properties
	Required          []string
	Rest              *Schema // of keys that are free
	Closed            bool    // no other keys

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
		Title       string            `json:"title,omitempty"`
		Description string            `json:"description,omitempty"`
		Enum        []string          `json:"enum,omitempty"`
		Pattern     string            `json:"pattern,omitempty"`
		MinLength   int               `json:"minLength,omitempty"`
		Minimum     int               `json:"minimum,omitempty"`
		Items       *Schema           `json:"items,omitempty"`
		MinItems    int               `json:"minItems,omitempty"`
		AnyOf       []*Schema         `json:"anyOf,omitempty"`
		Properties  Properties        `json:"properties,omitempty"`
		Patterns    Properties        `json:"patternProperties,omitempty"`
		Required    []string          `json:"required,omitempty"`
		Rest        any               `json:"additionalProperties,omitempty"`
		Default     json.RawMessage   `json:"default,omitempty"`
		Examples    []json.RawMessage `json:"examples,omitempty"`
	}{s.Type, s.Title, s.Description, s.Enum, s.Pattern, s.MinLength, s.Minimum, s.Items, s.MinItems, s.AnyOf, s.Properties, s.PatternProperties, s.Required, rest, s.Default, s.Examples})
}

// Document writes the schema as a file of its own, indented.
func (s *Schema) Document(id string) ([]byte, error) {
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
