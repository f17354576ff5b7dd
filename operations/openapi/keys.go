package openapi

import (
	"strings"
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
func isData(key string, v *node) bool {
	switch key {
	case "example", "default", "enum", "const", "value", "dataValue", "mapping", "scopes", "security", "dependentRequired", "links":
		return true
	case "examples":
		return v.is(kindArray)
	}
	return strings.HasPrefix(key, "x-")
}

// wants returns the kind of value that a key has to have.
func wants(key string) (what string, fits func(*node) bool) {
	switch key {
	case "allOf", "anyOf", "oneOf", "prefixItems":
		return "a list of schemas", isList
	case "enum":
		return "a list of values", isList
	case "tags", "servers", "security":
		return "a list", isList
	case "properties", "patternProperties", "dependentSchemas", "$defs", "schemas":
		return "an object that maps names to schemas", isObject
	case "paths", "responses", "content", "encoding", "components", "info", "requestBody":
		return "an object", isObject
	case "items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else", "schema", "unevaluatedItems", "unevaluatedProperties":
		return "a schema", isSchema
	case "minimum", "maximum", "multipleOf":
		return "a number", isNumber
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains":
		return "a whole number", isCount
	case "exclusiveMinimum", "exclusiveMaximum":
		return "a number or a boolean", func(n *node) bool { return isNumber(n) || isBool(n) }
	case "nullable", "deprecated", "readOnly", "writeOnly", "uniqueItems", "explode", "allowReserved", "allowEmptyValue":
		return "a boolean", isBool
	case "type":
		return "the name of a type, or a list of them", func(n *node) bool { return !isObject(n) }
	case "openapi", "title", "version", "summary", "description", "operationId", "name", "in", "style", "url", "format", "pattern":
		return "a string", func(n *node) bool { return !isObject(n) && !isList(n) }
	}
	return "", nil
}

func isList(n *node) bool   { return n.kind == kindArray }
func isObject(n *node) bool { return n.kind == kindObject }
func isBool(n *node) bool   { return n.kind == kindTrue || n.kind == kindFalse }
func isSchema(n *node) bool { return isObject(n) || isBool(n) }

func isNumber(n *node) bool {
	return n.kind == kindInt || n.kind == kindFloat || n.kind == kindNumber
}

func isCount(n *node) bool { return n.kind == kindInt && n.int >= 0 }

// kindOf names the JSON type of n as messages have it.
func kindOf(n *node) string {
	switch {
	case isObject(n):
		return "an object"
	case isList(n):
		return "an array"
	case isBool(n):
		return "a boolean"
	case isNumber(n):
		return "a number"
	case n.kind == kindNull:
		return "null"
	}
	return "a string"
}
