package framework

import (
	"slices"
	"sync"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// rule is one key of a kind of mapping in the published schemas.
type rule struct {
	key  string
	is   form
	kind kind // of the mapping, or of the items
	need bool
	// from and to bound the versions that have the key: 0 in to is no end.
	from, to edition
	like     *lazyregexp.Regexp
	one      []string
}

// form is the form of a value.
type form int

const (
	isWords   form = iota
	isInteger      // written without quotes
	isBoolean
	isTexts   // a list of texts
	isMapping // of kind
	isList    // of mappings of kind
	isNamed   // a list with names until asMaps, a mapping from names since asLists
	isValue   // anything: checked elsewhere, or not at all
	isWith    // a mapping to texts and numbers
	isShapes  // output parameters of a flow
	isKeys    // the variables of a bind
	isListed  // the name of a list's item: not in a mapping from names
)

// The versions between which named things went from lists to mappings, and
// keys to their new names. Those between were published in both forms.
const (
	lastOld  = ikanosAlpha6
	firstNew = ikanosAlpha3
)

var (
	likeIdent    = lazyregexp.New(`^[a-zA-Z0-9-]+$`)
	likeVariable = lazyregexp.New(`^[A-Z][A-Z0-9_]*$`)
	likeExtended = lazyregexp.New(`^[a-zA-Z0-9_*-]+$`)
	likeCall     = lazyregexp.New(`^[a-zA-Z0-9-]+\.[a-zA-Z0-9-]+$`)
	likeTarget   = lazyregexp.New(`^[a-zA-Z0-9_.-]+$`)
	likeDate     = lazyregexp.New(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	likeURI      = lazyregexp.New(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
	likeFile     = lazyregexp.New(`^file:///`)
	likeBase     = lazyregexp.New(`^https?://[^/]+(/[^{]*)?$`)
	likeAddress  = lazyregexp.New(`^[a-zA-Z0-9.:-]+$`)
	likeSize     = lazyregexp.New(`^\d+(\.\d+)?(B|KiB|MiB|GiB)$`)
	likeEmail    = lazyregexp.New(`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$`)
	likeMedia    = lazyregexp.New(`^[^/\s]+/[^/\s;]+(\s*;.*)?$`)

	oneMethod = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	oneShape  = []string{"string", "number", "boolean", "object", "array"}
)

// titled are the keys that show a thing to people.
var titled = []rule{
	{key: "name", is: isListed, like: likeExtended},
	{key: "label", to: lastOld},
	{key: "display", from: firstNew},
	{key: "description"},
	{key: "tags", is: isTexts, from: firstNew},
}

// described are those of titled behind the name.
var described = titled[1:]

// running are the keys of whatever makes a call.
var running = []rule{
	{key: "call", like: likeCall}, {key: "with", is: isWith}, {key: "steps", is: isNamed, kind: kindStep},
	{key: "mappings", is: isList, kind: kindMapping}, {key: "outputParameters", is: isShapes},
}

// The keys of whatever listens.
var (
	address        = rule{key: "address", like: likeAddress}
	authentication = rule{key: "authentication", is: isMapping, kind: kindAuth}
)

// forms are the published schemas: for each kind its keys and the versions
// that have them. The keys stand in the order that most published files have. It is
// never written to.
var forms = sync.OnceValue(func() map[kind][]rule {
	return map[kind][]rule{
		kindFile: {
			{key: "naftiko", to: naftikoAlpha4}, {key: "ikanos", from: ikanosAlpha3},
			{key: "info", is: isMapping, kind: kindInfo},
			{key: "binds", is: isList, kind: kindBind, from: naftiko05}, {key: "externalRefs", is: isList, kind: kindBind, to: naftiko05},
			{key: "capability", is: isMapping, kind: kindCapability},
			{key: "aggregates", is: isList, kind: kindAggregate, from: firstNew}, {key: "exposes", is: isList, kind: kindExposure, from: firstNew},
			{key: "consumes", is: isList, kind: kindConsumed, from: naftikoAlpha1},
		},
		kindCapability: {
			{key: "binds", is: isList, kind: kindBind, from: naftiko05}, {key: "aggregates", is: isList, kind: kindAggregate, from: naftikoAlpha1},
			{key: "exposes", is: isList, kind: kindExposure}, {key: "consumes", is: isList, kind: kindConsumed},
		},
		kindInfo: {
			{key: "label", need: true, to: naftikoAlpha4}, {key: "label", from: ikanosAlpha3, to: lastOld}, {key: "display", from: firstNew},
			{key: "description", need: true}, {key: "tags", is: isTexts},
			{key: "created", like: likeDate}, {key: "modified", like: likeDate}, {key: "version", from: firstNew},
			{key: "stakeholders", is: isList, kind: kindPerson},
		},
		kindPerson: {{key: "role", need: true}, {key: "fullName", need: true}, {key: "email", like: likeEmail}},
		kindBind: {
			{key: "namespace", like: likeIdent, from: naftiko05}, {key: "name", to: naftiko05}, {key: "type", to: naftiko05},
			{key: "description"}, {key: "location", like: likeURI, from: naftiko05},
			{key: "uri", to: naftiko05}, {key: "resolution", to: naftiko05}, {key: "keys", is: isKeys, need: true},
		},
		kindImport: {
			{key: "import", need: true, like: likeIdent}, {key: "from", from: firstNew}, {key: "location", from: naftiko05, to: lastOld},
			{key: "as", like: likeIdent}, {key: "description"},
		},
		kindConsumed: {
			{key: "type", need: true, one: []string{"http"}}, {key: "namespace", need: true, like: likeIdent}, {key: "description"},
			{key: "baseUri", need: true, like: likeBase}, {key: "headers", is: isValue, to: naftiko04}, authentication,
			{key: "inputParameters", is: isNamed, kind: kindConsumedInput}, {key: "tunnel", is: isMapping, kind: kindTunnel, from: ikanosAlpha3},
			{key: "resources", is: isNamed, kind: kindConsumedRes},
		},
		kindTunnel: {
			{key: "type", need: true, one: []string{"ziti"}}, {key: "service", need: true}, {key: "identity", need: true},
			{key: "fallback", one: []string{"fail", "direct"}},
		},
		kindConsumedRes: slices.Concat([]rule{
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "path", need: true},
		}, described, []rule{
			{key: "inputParameters", is: isNamed, kind: kindConsumedInput},
			{key: "operations", is: isNamed, kind: kindConsumedOp, need: true},
		}),
		kindConsumedOp: slices.Concat([]rule{
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "method", need: true, one: oneMethod},
		}, described, []rule{
			{key: "outputRawFormat", to: naftiko04},
			{key: "outputRawFormat", from: naftiko05, one: []string{"json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown", "binary"}},
			{key: "outputMediaType", from: ikanosAlpha6, like: likeMedia}, {key: "maxBinarySize", from: ikanosAlpha6, like: likeSize},
			{key: "outputSchema"}, {key: "inputParameters", is: isNamed, kind: kindConsumedInput}, {key: "body", is: isValue},
			{key: "outputParameters", is: isNamed, kind: kindConsumedOutput},
		}),
		kindConsumedInput: {
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "in", need: true, one: places}, {key: "value"},
			{key: "const", to: naftiko05},
		},
		kindConsumedOutput: {
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "type", to: naftiko03, one: oneShape},
			{key: "type", from: naftiko04, need: true, one: oneShape}, {key: "value", need: true},
		},
		kindBody: {{key: "type", need: true, one: []string{"json", "text", "xml", "sparql", "formUrlEncoded", "multipartForm"}}, {key: "data", is: isValue, need: true}},
		kindAuth: {
			{key: "type", need: true, one: []string{"basic", "apikey", "bearer", "digest", "oauth2"}},
			{key: "username"}, {key: "password"}, {key: "key"}, {key: "placement", one: []string{"header", "query"}}, {key: "value"}, {key: "token"},
			{key: "authorizationServerUri", like: likeURI}, {key: "resource", like: likeURI}, {key: "scopes", is: isTexts}, {key: "audience"},
			{key: "tokenEndpoint", like: likeURI}, {key: "tokenValidation", one: []string{"jwks", "introspection"}},
		},

		kindAggregate: {
			{key: "label", need: true, to: naftikoAlpha4}, {key: "label", from: ikanosAlpha3, to: lastOld}, {key: "display", from: firstNew},
			{key: "namespace", like: likeIdent}, {key: "functions", is: isNamed, kind: kindFlow, to: lastOld}, {key: "flows", is: isNamed, kind: kindFlow, from: firstNew},
		},
		kindFlow: slices.Concat(titled, []rule{
			{key: "semantics", is: isMapping, kind: kindSemantics}, {key: "outputMediaType", from: ikanosAlpha6},
			{key: "inputParameters", is: isNamed, kind: kindInput},
		}, running),
		kindSemantics: {{key: "safe", is: isBoolean}, {key: "idempotent", is: isBoolean}, {key: "cacheable", is: isBoolean}},
		kindInput: {
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "type", need: true, one: paramTypes},
			{key: "required", is: isBoolean}, {key: "description", need: true},
		},
		kindMapping: {
			{key: "targetName", to: lastOld, like: likeTarget}, {key: "target", from: firstNew, like: likeTarget}, {key: "value", need: true},
		},
		kindCallStep: {
			{key: "name", is: isListed, like: likeIdent}, {key: "type", to: naftiko03, one: []string{"call"}}, {key: "type", need: true, from: naftiko04, one: []string{"call", "lookup", "script"}}, {key: "call", need: true, like: likeCall}, {key: "with", is: isWith},
			{key: "inputParameters", is: isValue, to: naftiko03}, {key: "mappings", is: isList, kind: kindMapping, to: naftiko03},
		},
		kindLookupStep: {
			{key: "name", is: isListed, need: true, like: likeIdent}, {key: "type", one: []string{"lookup"}}, {key: "index", need: true, like: likeIdent},
			{key: "match", need: true}, {key: "lookupValue", need: true}, {key: "outputParameters", is: isTexts, need: true},
		},
		kindScriptStep: {
			{key: "name", is: isListed, need: true, like: likeIdent}, {key: "type", one: []string{"script"}},
			{key: "language", one: []string{"javascript", "python", "groovy"}}, {key: "location", like: likeFile}, {key: "file", need: true},
			{key: "dependencies", is: isTexts}, {key: "with", is: isWith},
		},
		kindShape: {
			{key: "name", is: isListed, like: likeExtended}, {key: "type", need: true, from: naftiko04, one: oneShape}, {key: "type", to: naftiko03, one: oneShape},
			{key: "mapping"}, {key: "value"}, {key: "const", is: isValue}, {key: "properties", is: isValue}, {key: "items", is: isValue},
		},

		kindRest: {
			{key: "type", need: true, to: naftiko05, one: []string{"api", "rest"}}, {key: "type", need: true, from: naftikoAlpha1, one: []string{"rest"}},
			address, {key: "port", is: isInteger, need: true}, {key: "namespace", need: true, like: likeIdent}, authentication,
			{key: "maxBinarySize", from: ikanosAlpha6, like: likeSize}, {key: "resources", is: isNamed, kind: kindRoute},
		},
		kindMCP: {
			{key: "type", need: true}, address, {key: "port", is: isInteger}, {key: "transport", one: []string{"http", "stdio"}},
			{key: "namespace", need: true, like: likeIdent}, authentication, {key: "description"},
			{key: "maxBinarySize", from: ikanosAlpha6, like: likeSize},
			{key: "ttlMs", is: isInteger, from: ikanosBeta1}, {key: "cacheScope", from: ikanosBeta1, one: []string{"public", "private"}},
			{key: "tools", is: isNamed, kind: kindTool, need: true}, {key: "resources", is: isNamed, kind: kindDocument},
			{key: "prompts", is: isNamed, kind: kindPrompt},
		},
		kindSkillServer: {
			{key: "type", need: true}, address, {key: "port", is: isInteger, need: true}, {key: "namespace", need: true, like: likeIdent},
			authentication, {key: "description"}, {key: "skills", is: isNamed, kind: kindSkill, need: true},
		},
		kindControlExposure: {
			{key: "type", need: true}, address, {key: "port", is: isInteger, need: true}, authentication, {key: "endpoints", is: isValue, to: naftikoAlpha1},
			{key: "management", is: isMapping, kind: kindManagement}, {key: "observability", is: isMapping, kind: kindObservability},
		},
		kindRoute: slices.Concat([]rule{
			{key: "path", need: true}, {key: "name", is: isListed, like: likeExtended},
		}, described, []rule{
			{key: "inputParameters", is: isNamed, kind: kindRouteInput},
			{key: "operations", is: isNamed, kind: kindRouteOperation}, {key: "forward", is: isMapping, kind: kindForward},
		}),
		kindForward: {{key: "targetNamespace", need: true, like: likeIdent}, {key: "trustedHeaders", is: isTexts}},
		kindRouteOperation: slices.Concat([]rule{
			{key: "name", is: isListed, like: likeExtended}, {key: "method", need: true, one: oneMethod},
		}, described, []rule{
			{key: "ref", like: likeCall}, {key: "inputParameters", is: isNamed, kind: kindRouteInput},
		}, running, []rule{
			{key: "responses", is: isMapping, from: ikanosBeta1}, {key: "responseBinary", is: isMapping, kind: kindBinary, from: ikanosBeta1},
		}),
		kindBinary: {{key: "status", is: isInteger}, {key: "mediaType", need: true, like: likeMedia}, {key: "description"}},
		kindRouteInput: {
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "in", need: true, one: []string{"query", "header", "path", "cookie", "body"}},
			{key: "type", to: naftiko03, one: paramTypes}, {key: "type", need: true, from: naftiko04, one: paramTypes},
			{key: "description", to: naftiko03}, {key: "description", need: true, from: naftiko04}, {key: "pattern"}, {key: "value"},
		},
		kindTool: slices.Concat(titled, []rule{
			{key: "ref", like: likeCall}, {key: "inputParameters", is: isNamed, kind: kindInput}, {key: "hints", is: isMapping, kind: kindHints},
		}, running),
		kindHints: {{key: "readOnly", is: isBoolean}, {key: "destructive", is: isBoolean}, {key: "idempotent", is: isBoolean}, {key: "openWorld", is: isBoolean}},
		kindDocument: slices.Concat([]rule{
			{key: "name", is: isListed, like: likeExtended}, {key: "label", to: lastOld}, {key: "display", from: firstNew},
			{key: "uri", need: true}, {key: "description"}, {key: "tags", is: isTexts, from: firstNew},
			{key: "mimeType", like: likeMedia}, {key: "binary", is: isBoolean, from: ikanosBeta1}, {key: "location", like: likeFile},
		}, running),
		kindPrompt: slices.Concat(titled, []rule{
			{key: "arguments", is: isNamed, kind: kindArgument}, {key: "template", is: isList, kind: kindMessage}, {key: "location", like: likeFile},
		}),
		kindArgument: append(titled[:len(titled):len(titled)], rule{key: "required", is: isBoolean}),
		kindMessage:  {{key: "role", need: true, one: []string{"user", "assistant"}}, {key: "content", need: true}},
		kindSkill: {
			{key: "name", is: isListed, need: true, like: likeIdent}, {key: "description", need: true}, {key: "license"}, {key: "compatibility"},
			{key: "metadata", is: isValue}, {key: "location", like: likeFile}, {key: "allowed-tools"}, {key: "argument-hint"},
			{key: "user-invocable", is: isBoolean}, {key: "disable-model-invocation", is: isBoolean}, {key: "tools", is: isNamed, kind: kindSkillTool},
		},
		kindSkillTool: {
			{key: "name", is: isListed, need: true, like: likeIdent}, {key: "description", need: true},
			{key: "from", is: isMapping, kind: kindSkillSource}, {key: "instruction"},
		},
		kindSkillSource: {{key: "namespace", to: naftiko05}, {key: "sourceNamespace"}, {key: "action", need: true}},
		kindManagement: {
			{key: "health", is: isBoolean}, {key: "info", is: isBoolean}, {key: "reload", is: isBoolean}, {key: "validate", is: isBoolean},
			{key: "logs", is: isValue}, {key: "scripting", is: isMapping, kind: kindScripting},
		},
		kindScripting: {
			{key: "enabled", is: isBoolean}, {key: "defaultLocation", like: likeFile}, {key: "defaultLanguage", one: []string{"javascript", "python", "groovy"}},
			{key: "timeout", is: isInteger}, {key: "statementLimit", is: isInteger}, {key: "allowedLanguages", is: isTexts},
		},
		kindObservability: {{key: "enabled", is: isBoolean}, {key: "metrics", is: isMapping}, {key: "traces", is: isMapping}, {key: "exporters", is: isMapping}},
	}
})
