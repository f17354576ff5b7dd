package framework

import (
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

// running are the keys of whatever makes a call.
var running = []rule{
	{key: "call", like: likeCall}, {key: "with", is: isWith}, {key: "steps", is: isNamed, kind: kindStep},
	{key: "mappings", is: isList, kind: kindMapping}, {key: "outputParameters", is: isShapes},
}

// serving are the keys of whatever listens.
var serving = []rule{{key: "address", like: likeAddress}, {key: "authentication", is: isMapping, kind: kindAuth}}

func with(base []rule, more ...rule) []rule { return append(append([]rule(nil), more...), base...) }

// forms are the published schemas: for each kind its keys and the versions
// that have them. It is never written to.
var forms = sync.OnceValue(func() map[kind][]rule {
	return map[kind][]rule{
		kindFile: {
			{key: "naftiko", to: naftikoAlpha4}, {key: "ikanos", from: ikanosAlpha3},
			{key: "info", is: isMapping, kind: kindInfo}, {key: "capability", is: isMapping, kind: kindCapability},
			{key: "consumes", is: isList, kind: kindConsumed, from: naftikoAlpha1},
			{key: "exposes", is: isList, kind: kindExposure, from: firstNew}, {key: "aggregates", is: isList, kind: kindAggregate, from: firstNew},
			{key: "binds", is: isList, kind: kindBind, from: naftiko05}, {key: "externalRefs", is: isList, kind: kindBind, to: naftiko05},
		},
		kindCapability: {
			{key: "consumes", is: isList, kind: kindConsumed}, {key: "exposes", is: isList, kind: kindExposure},
			{key: "aggregates", is: isList, kind: kindAggregate, from: naftikoAlpha1}, {key: "binds", is: isList, kind: kindBind, from: naftiko05},
		},
		kindInfo: {
			{key: "label", need: true, to: naftikoAlpha4}, {key: "label", from: ikanosAlpha3, to: lastOld}, {key: "display", from: firstNew},
			{key: "description", need: true}, {key: "tags", is: isTexts},
			{key: "created", like: likeDate}, {key: "modified", like: likeDate}, {key: "version", from: firstNew},
			{key: "stakeholders", is: isList, kind: kindPerson},
		},
		kindPerson: {{key: "role", need: true}, {key: "fullName", need: true}, {key: "email", like: likeEmail}},
		kindBind: {
			{key: "namespace", like: likeIdent, from: naftiko05}, {key: "location", like: likeURI, from: naftiko05},
			{key: "description"}, {key: "keys", is: isKeys, need: true},
			{key: "name", to: naftiko05}, {key: "type", to: naftiko05}, {key: "resolution", to: naftiko05}, {key: "uri", to: naftiko05},
		},
		kindImport: {
			{key: "location", from: naftiko05, to: lastOld}, {key: "from", from: firstNew},
			{key: "import", need: true, like: likeIdent}, {key: "as", like: likeIdent}, {key: "description"},
		},
		kindConsumed: {
			{key: "namespace", need: true, like: likeIdent}, {key: "type", need: true, one: []string{"http"}}, {key: "description"},
			{key: "baseUri", need: true, like: likeBase}, {key: "authentication", is: isMapping, kind: kindAuth},
			{key: "headers", is: isValue, to: naftiko04},
			{key: "tunnel", is: isMapping, kind: kindTunnel, from: ikanosAlpha3},
			{key: "inputParameters", is: isNamed, kind: kindConsumedInput}, {key: "resources", is: isNamed, kind: kindConsumedRes},
		},
		kindTunnel: {
			{key: "type", need: true, one: []string{"ziti"}}, {key: "service", need: true}, {key: "identity", need: true},
			{key: "fallback", one: []string{"fail", "direct"}},
		},
		kindConsumedRes: with(titled, rule{key: "name", is: isListed, need: true},
			rule{key: "path", need: true}, rule{key: "inputParameters", is: isNamed, kind: kindConsumedInput},
			rule{key: "operations", is: isNamed, kind: kindConsumedOp, need: true}),
		kindConsumedOp: with(titled, rule{key: "name", is: isListed, need: true},
			rule{key: "method", need: true, one: oneMethod}, rule{key: "inputParameters", is: isNamed, kind: kindConsumedInput},
			rule{key: "outputRawFormat", to: naftiko04},
			rule{key: "outputRawFormat", from: naftiko05, one: []string{"json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown", "binary"}},
			rule{key: "outputMediaType", from: ikanosAlpha6, like: likeMedia}, rule{key: "maxBinarySize", from: ikanosAlpha6, like: likeSize},
			rule{key: "outputSchema"}, rule{key: "outputParameters", is: isNamed, kind: kindConsumedOutput}, rule{key: "body", is: isValue}),
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
			{key: "username"}, {key: "password"}, {key: "key"}, {key: "value"}, {key: "placement", one: []string{"header", "query"}}, {key: "token"},
			{key: "authorizationServerUri", like: likeURI}, {key: "resource", like: likeURI}, {key: "scopes", is: isTexts}, {key: "audience"},
			{key: "tokenEndpoint", like: likeURI}, {key: "tokenValidation", one: []string{"jwks", "introspection"}},
		},

		kindAggregate: {
			{key: "label", need: true, to: naftikoAlpha4}, {key: "label", from: ikanosAlpha3, to: lastOld}, {key: "display", from: firstNew},
			{key: "namespace", like: likeIdent}, {key: "functions", is: isNamed, kind: kindFlow, to: lastOld}, {key: "flows", is: isNamed, kind: kindFlow, from: firstNew},
		},
		kindFlow: with(titled, with(running,
			rule{key: "semantics", is: isMapping, kind: kindSemantics}, rule{key: "outputMediaType", from: ikanosAlpha6},
			rule{key: "inputParameters", is: isNamed, kind: kindInput})...),
		kindSemantics: {{key: "safe", is: isBoolean}, {key: "idempotent", is: isBoolean}, {key: "cacheable", is: isBoolean}},
		kindInput: {
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "type", need: true, one: paramTypes},
			{key: "description", need: true}, {key: "required", is: isBoolean},
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

		kindRest: with(serving,
			rule{key: "type", need: true, to: naftiko05, one: []string{"api", "rest"}}, rule{key: "type", need: true, from: naftikoAlpha1, one: []string{"rest"}},
			rule{key: "namespace", need: true, like: likeIdent}, rule{key: "port", is: isInteger, need: true}, rule{key: "maxBinarySize", from: ikanosAlpha6, like: likeSize},
			rule{key: "resources", is: isNamed, kind: kindRoute}),
		kindMCP: with(serving,
			rule{key: "type", need: true}, rule{key: "namespace", need: true, like: likeIdent}, rule{key: "description"}, rule{key: "port", is: isInteger},
			rule{key: "transport", one: []string{"http", "stdio"}}, rule{key: "maxBinarySize", from: ikanosAlpha6, like: likeSize},
			rule{key: "ttlMs", is: isInteger, from: ikanosBeta1}, rule{key: "cacheScope", from: ikanosBeta1, one: []string{"public", "private"}},
			rule{key: "tools", is: isNamed, kind: kindTool, need: true}, rule{key: "resources", is: isNamed, kind: kindDocument},
			rule{key: "prompts", is: isNamed, kind: kindPrompt}),
		kindSkillServer: with(serving,
			rule{key: "type", need: true}, rule{key: "namespace", need: true, like: likeIdent}, rule{key: "description"}, rule{key: "port", is: isInteger, need: true},
			rule{key: "skills", is: isNamed, kind: kindSkill, need: true}),
		kindControlExposure: with(serving,
			rule{key: "type", need: true}, rule{key: "port", is: isInteger, need: true}, rule{key: "endpoints", is: isValue, to: naftikoAlpha1},
			rule{key: "management", is: isMapping, kind: kindManagement}, rule{key: "observability", is: isMapping, kind: kindObservability}),
		kindRoute: with(titled,
			rule{key: "path", need: true}, rule{key: "inputParameters", is: isNamed, kind: kindRouteInput},
			rule{key: "operations", is: isNamed, kind: kindRouteOperation}, rule{key: "forward", is: isMapping, kind: kindForward}),
		kindForward: {{key: "targetNamespace", need: true, like: likeIdent}, {key: "trustedHeaders", is: isTexts}},
		kindRouteOperation: with(titled, with(running,
			rule{key: "method", need: true, one: oneMethod}, rule{key: "ref", like: likeCall}, rule{key: "inputParameters", is: isNamed, kind: kindRouteInput},
			rule{key: "responses", is: isMapping, from: ikanosBeta1}, rule{key: "responseBinary", is: isMapping, kind: kindBinary, from: ikanosBeta1})...),
		kindBinary: {{key: "status", is: isInteger}, {key: "mediaType", need: true, like: likeMedia}, {key: "description"}},
		kindRouteInput: {
			{key: "name", is: isListed, need: true, like: likeExtended}, {key: "in", need: true, one: []string{"query", "header", "path", "cookie", "body"}},
			{key: "type", to: naftiko03, one: paramTypes}, {key: "type", need: true, from: naftiko04, one: paramTypes},
			{key: "description", to: naftiko03}, {key: "description", need: true, from: naftiko04}, {key: "pattern"}, {key: "value"},
		},
		kindTool: with(titled, with(running,
			rule{key: "ref", like: likeCall}, rule{key: "inputParameters", is: isNamed, kind: kindInput}, rule{key: "hints", is: isMapping, kind: kindHints})...),
		kindHints: {{key: "readOnly", is: isBoolean}, {key: "destructive", is: isBoolean}, {key: "idempotent", is: isBoolean}, {key: "openWorld", is: isBoolean}},
		kindDocument: with(titled, with(running,
			rule{key: "uri", need: true}, rule{key: "mimeType", like: likeMedia}, rule{key: "binary", is: isBoolean, from: ikanosBeta1}, rule{key: "location", like: likeFile})...),
		kindPrompt: with(titled,
			rule{key: "arguments", is: isNamed, kind: kindArgument}, rule{key: "template", is: isList, kind: kindMessage}, rule{key: "location", like: likeFile}),
		kindArgument: with(titled, rule{key: "required", is: isBoolean}),
		kindMessage:  {{key: "role", need: true, one: []string{"user", "assistant"}}, {key: "content", need: true}},
		kindSkill: {
			{key: "name", is: isListed, need: true, like: likeIdent}, {key: "description", need: true}, {key: "license"}, {key: "compatibility"},
			{key: "metadata", is: isValue}, {key: "allowed-tools"}, {key: "argument-hint"}, {key: "user-invocable", is: isBoolean},
			{key: "disable-model-invocation", is: isBoolean}, {key: "location", like: likeFile}, {key: "tools", is: isNamed, kind: kindSkillTool},
		},
		kindSkillTool: {
			{key: "name", is: isListed, need: true, like: likeIdent}, {key: "description", need: true}, {key: "instruction"},
			{key: "from", is: isMapping, kind: kindSkillSource},
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
