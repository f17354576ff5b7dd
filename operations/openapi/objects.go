package openapi

// objectKind is a kind of object that OpenAPI has. Its name stands in no message.
type objectKind string

const (
	noObject       objectKind = "" // a scalar, or the author's data
	aDocument      objectKind = "document"
	anInfo         objectKind = "info"
	aContact       objectKind = "contact"
	aLicense       objectKind = "license"
	aTag           objectKind = "tag"
	externalDocs   objectKind = "externalDocs"
	aServer        objectKind = "server"
	aVariable      objectKind = "variable"
	someComponents objectKind = "components"
	aPathItem      objectKind = "pathItem"
	anOperation    objectKind = "operation"
	aParameter     objectKind = "parameter"
	aHeader        objectKind = "header"
	aBody          objectKind = "body"
	aResponse      objectKind = "response"
	aMediaType     objectKind = "mediaType"
	anEncoding     objectKind = "encoding"
	aLink          objectKind = "link"
	anExample      objectKind = "example"
	aCallback      objectKind = "callback"
	aScheme        objectKind = "scheme"
	someFlows      objectKind = "flows"
	aFlow          objectKind = "flow"
	aSchema        objectKind = "schema"
	aDiscriminator objectKind = "discriminator"
	anXML          objectKind = "xml"
)

// How a key holds objects: one, a list of them, or one under each name.
type holds int

const (
	holdsOne holds = iota
	holdsList
	holdsNames
)

// member returns the value of a key of an object; false for a key that the object does
// not have in the version, 30 to 32. Extensions are no keys. A switch costs nothing
// before it is wanted, as a table would.
func member(of objectKind, key string, version int) (objectKind, holds, bool) {
	held, how, since := noObject, holdsOne, 30
	switch of {
	case aDocument:
		switch key {
		case "openapi", "paths", "security":
		case "info":
			held = anInfo
		case "servers":
			held, how = aServer, holdsList
		case "tags":
			held, how = aTag, holdsList
		case "externalDocs":
			held = externalDocs
		case "components":
			held = someComponents
		case "webhooks":
			held, how = aPathItem, holdsNames
		case "jsonSchemaDialect", "$self":
		default:
			return held, how, false
		}
	case anInfo:
		switch key {
		case "title", "summary", "description", "termsOfService", "version":
		case "contact":
			held = aContact
		case "license":
			held = aLicense
		default:
			return held, how, false
		}
	case aContact:
		return held, how, key == "name" || key == "url" || key == "email"
	case aLicense:
		return held, how, key == "name" || key == "url" || key == "identifier"
	case aTag:
		switch key {
		case "name", "description":
		case "externalDocs":
			held = externalDocs
		case "summary", "parent", "kind":
			since = 32
		default:
			return held, how, false
		}
	case externalDocs:
		return held, how, key == "description" || key == "url"
	case aServer:
		switch key {
		case "url", "description":
		case "variables":
			held, how = aVariable, holdsNames
		case "name":
			since = 32
		default:
			return held, how, false
		}
	case aVariable:
		return held, how, key == "enum" || key == "default" || key == "description"
	case someComponents:
		held, how, since = componentOf(key)
		if held == noObject {
			return held, how, false
		}
	case aPathItem:
		switch key {
		case "$ref", "summary", "description":
		case "servers":
			held, how = aServer, holdsList
		case "parameters":
			held, how = aParameter, holdsList
		case "additionalOperations":
			held, how = anOperation, holdsNames
		case "connect", "delete", "get", "head", "options", "patch", "post", "put", "query", "trace":
			held = anOperation
		default:
			return held, how, false
		}
	case anOperation:
		switch key {
		case "tags", "summary", "description", "operationId", "deprecated", "security":
		case "parameters":
			held, how = aParameter, holdsList
		case "requestBody":
			held = aBody
		case "responses":
			held, how = aResponse, holdsNames
		case "callbacks":
			held, how = aCallback, holdsNames
		case "servers":
			held, how = aServer, holdsList
		case "externalDocs":
			held = externalDocs
		default:
			return held, how, false
		}
	case aParameter, aHeader, aMediaType, anEncoding, aBody, aResponse:
		return contentMember(of, key, version)
	case aLink:
		switch key {
		case "operationRef", "operationId", "description", "parameters", "requestBody":
		case "server":
			held = aServer
		default:
			return held, how, false
		}
	case anExample:
		switch key {
		case "summary", "description", "value", "externalValue":
		case "dataValue", "serializedValue":
			since = 32
		default:
			return held, how, false
		}
	case aScheme:
		switch key {
		case "type", "description", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl":
		case "flows":
			held = someFlows
		case "oauth2MetadataUrl", "deprecated":
			since = 32
		default:
			return held, how, false
		}
	case someFlows:
		held = aFlow
		switch key {
		case "implicit", "password", "clientCredentials", "authorizationCode":
		case "deviceAuthorization":
			since = 32
		default:
			return held, how, false
		}
	case aFlow:
		switch key {
		case "authorizationUrl", "tokenUrl", "refreshUrl", "scopes":
		case "deviceAuthorizationUrl":
			since = 32
		default:
			return held, how, false
		}
	case aSchema:
		return schemaMember(key)
	case aDiscriminator:
		return held, how, key == "propertyName" || key == "mapping" || key == "defaultMapping" && version >= 32
	case anXML:
		switch key {
		case "name", "namespace", "prefix", "attribute", "wrapped":
		case "nodeType":
			since = 32
		default:
			return held, how, false
		}
	}
	return held, how, version >= since
}

// componentOf returns the value of a key of the components.
func componentOf(key string) (held objectKind, how holds, since int) {
	switch key {
	case "schemas":
		held = aSchema
	case "parameters":
		held = aParameter
	case "headers":
		held = aHeader
	case "requestBodies":
		held = aBody
	case "responses":
		held = aResponse
	case "securitySchemes":
		held = aScheme
	case "examples":
		held = anExample
	case "links":
		held = aLink
	case "callbacks":
		held = aCallback
	case "pathItems":
		return aPathItem, holdsNames, 31
	case "mediaTypes":
		return aMediaType, holdsNames, 32
	}
	return held, holdsNames, 30
}

// contentMember is member of what carries values: parameters, bodies, answers and
// their parts.
func contentMember(of objectKind, key string, version int) (objectKind, holds, bool) {
	parameter := of == aParameter || of == aHeader
	switch key {
	case "description":
		return noObject, holdsOne, parameter || of == aBody || of == aResponse
	case "required":
		return noObject, holdsOne, parameter || of == aBody
	case "style", "explode", "allowReserved":
		return noObject, holdsOne, parameter || of == anEncoding
	case "name", "in", "allowEmptyValue", "deprecated":
		return noObject, holdsOne, parameter
	case "content":
		return aMediaType, holdsNames, parameter || of == aBody || of == aResponse
	case "schema":
		return aSchema, holdsOne, parameter || of == aMediaType
	case "example":
		return noObject, holdsOne, parameter || of == aMediaType
	case "examples":
		return anExample, holdsNames, parameter || of == aMediaType
	case "contentType":
		return noObject, holdsOne, of == anEncoding
	case "headers":
		return aHeader, holdsNames, of == anEncoding || of == aResponse
	case "links":
		return aLink, holdsNames, of == aResponse
	case "summary":
		return noObject, holdsOne, of == aResponse && version >= 32
	case "encoding":
		return anEncoding, holdsNames, of == aMediaType || of == anEncoding && version >= 32
	case "itemSchema":
		return aSchema, holdsOne, of == aMediaType
	case "prefixEncoding":
		return anEncoding, holdsList, version >= 32 && (of == aMediaType || of == anEncoding)
	case "itemEncoding":
		return anEncoding, holdsOne, version >= 32 && (of == aMediaType || of == anEncoding)
	}
	return noObject, holdsOne, false
}

// schemaMember is member of a schema.
func schemaMember(key string) (objectKind, holds, bool) {
	switch key {
	case "oneOf", "anyOf", "allOf", "prefixItems":
		return aSchema, holdsList, true
	case "properties", "patternProperties", "dependentSchemas", "$defs":
		return aSchema, holdsNames, true
	case "not", "if", "then", "else", "items", "additionalProperties", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema":
		return aSchema, holdsOne, true
	case "externalDocs":
		return externalDocs, holdsOne, true
	case "discriminator":
		return aDiscriminator, holdsOne, true
	case "xml":
		return anXML, holdsOne, true
	case "type", "title", "format", "description", "enum", "default", "example", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum",
		"nullable", "readOnly", "writeOnly", "allowEmptyValue", "deprecated", "minimum", "maximum", "multipleOf", "minLength", "maxLength",
		"pattern", "minItems", "maxItems", "required", "minProperties", "maxProperties", "const", "examples", "minContains", "maxContains",
		"dependentRequired", "$schema", "$comment", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "contentMediaType", "contentEncoding":
		return noObject, holdsOne, true
	}
	return noObject, holdsOne, false
}
