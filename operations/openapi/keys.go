package openapi

import (
	"slices"
	"strings"

	yaml "github.com/oasdiff/yaml3"
)

// nameKeys hold names that the author chose, each with a value.
var nameKeys = [...]string{
	"paths", "webhooks", "properties", "patternProperties", "dependentSchemas", "$defs", "schemas", "parameters", "responses",
	"requestBodies", "headers", "securitySchemes", "examples", "links", "callbacks", "content", "encoding", "variables",
}

// schemaKeys hold schemas: one, a list of them, or one under each name.
var schemaKeys = [...]string{
	"items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else", "schema",
	"unevaluatedItems", "unevaluatedProperties", "allOf", "anyOf", "oneOf", "prefixItems",
	"properties", "patternProperties", "dependentSchemas", "$defs", "schemas",
}

// isData reports whether the value of key is the author's data, to which no
// rule applies.
func isData(key string) bool {
	return strings.HasPrefix(key, "x-") || slices.Contains([]string{"example", "default", "enum", "const", "value"}, key)
}

// wants returns the kind of value that kin-openapi insists on under a key.
func wants(key string) (what string, fits func(*yaml.Node) bool) {
	switch key {
	case "allOf", "anyOf", "oneOf", "prefixItems":
		return "a list of schemas", yamlList
	case "enum":
		return "a list of values", yamlList
	case "tags", "servers", "security":
		return "a list", yamlList
	case "properties", "patternProperties", "dependentSchemas", "$defs", "schemas":
		return "an object that maps names to schemas", yamlObject
	case "paths", "responses", "content", "encoding", "components", "info", "requestBody":
		return "an object", yamlObject
	case "items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else", "schema", "unevaluatedItems", "unevaluatedProperties":
		return "a schema", yamlSchema
	case "minimum", "maximum", "multipleOf":
		return "a number", yamlNumber
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains":
		return "a whole number", yamlCount
	case "exclusiveMinimum", "exclusiveMaximum":
		return "a number or a boolean", func(n *yaml.Node) bool { return yamlNumber(n) || yamlBool(n) }
	case "nullable", "deprecated", "readOnly", "writeOnly", "uniqueItems", "explode", "allowReserved", "allowEmptyValue":
		return "a boolean", yamlBool
	case "type":
		return "the name of a type, or a list of them", func(n *yaml.Node) bool { return n.Kind != yaml.MappingNode }
	case "openapi", "title", "version", "summary", "description", "operationId", "name", "in", "style", "url", "format", "pattern":
		return "a string", func(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode }
	}
	return "", nil
}

// keywords takes values of the wrong kind out of an object.
func (m *mender) keywords(n *yaml.Node) {
	kept := n.Content[:0:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		for v.Kind == yaml.AliasNode {
			v = v.Alias
		}
		what, fits := wants(key.Value)
		switch {
		case key.Value == "items" && yamlList(v):
			m.fault(v, `"items" must be one schema; the list is read as prefixItems`)
			key.Value = "prefixItems"
		case key.Value == "required" && yamlBool(v) && child(n, "in") == nil && child(n, "content") == nil:
			m.fault(v, `"required" must be a list of property names; a boolean here has no meaning`)
			continue
		case fits == nil || v.ShortTag() == "!!null":
		case !fits(v):
			m.fault(v, "%q must be %s, not %s; it is ignored", key.Value, what, kindOf(v))
			continue
		case what == "a string" && v.ShortTag() != "!!str":
			m.quote(v) // 3.1 is a number to YAML
		}
		kept = append(kept, key, n.Content[i+1])
	}
	n.Content = kept
}

// entry mends an item of a list, or the value of a name, under key.
func (m *mender) entry(key string, n *yaml.Node) {
	is, what := yamlObject, "an object"
	switch {
	case slices.Contains(schemaKeys[:], key):
		is, what = yamlSchema, "a schema"
	case key == "variables":
		for _, k := range [...]string{"default", "enum"} {
			m.quote(child(n, k))
		}
		return
	case key == "parameters" || key == "responses" || key == "content":
	default:
		return
	}
	if n.Kind != yaml.AliasNode && !is(n) {
		m.fault(n, "%s must stand here, not %s; anything is accepted", what, kindOf(n))
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle, Line: n.Line, Column: n.Column}
	}
}

// quote makes strings of a scalar or of the items of a list.
func (m *mender) quote(n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		m.changed = true
		n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
	}
	for _, item := range n.Content {
		m.quote(item)
	}
}

func yamlList(n *yaml.Node) bool   { return n.Kind == yaml.SequenceNode }
func yamlObject(n *yaml.Node) bool { return n.Kind == yaml.MappingNode }
func yamlBool(n *yaml.Node) bool   { return n.ShortTag() == "!!bool" }
func yamlSchema(n *yaml.Node) bool { return yamlObject(n) || yamlBool(n) }

func yamlNumber(n *yaml.Node) bool { return n.ShortTag() == "!!int" || n.ShortTag() == "!!float" }

func yamlCount(n *yaml.Node) bool { return n.ShortTag() == "!!int" && !strings.HasPrefix(n.Value, "-") }

// kindOf names the JSON type of n as messages have it.
func kindOf(n *yaml.Node) string {
	switch {
	case yamlObject(n):
		return "an object"
	case yamlList(n):
		return "an array"
	case yamlBool(n):
		return "a boolean"
	case yamlNumber(n):
		return "a number"
	case n.ShortTag() == "!!null":
		return "null"
	}
	return "a string"
}
