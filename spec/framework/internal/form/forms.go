// Package form holds the keys of the framework dialect: which there are for each kind of
// mapping and each version, their older and other spellings, and their meaning. Readers and
// JSON Schemas take them from here.
package form

import (
	"slices"
	"sync"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// Rule is one key of a kind of mapping in the published schemas.
type Rule struct {
	Key  string
	Is   Form
	Kind Kind // of the mapping, or of the items
	Need bool
	// From and To bound the versions that have the key: 0 in To is no end.
	From, To Edition
	Like     *lazyregexp.Regexp
	One      []string
}

// Form is the form of a value.
type Form int

// The forms of values.

const (
	IsWords   Form = iota
	IsInteger      // written without quotes
	IsBoolean
	IsTexts   // a list of texts
	IsMapping // of kind
	IsList    // of mappings of kind
	IsNamed   // a list with names until asMaps, a mapping from names since asLists
	IsValue   // anything: checked elsewhere, or not at all
	IsWith    // a mapping to texts and numbers
	IsShapes  // output parameters of a flow
	IsKeys    // the variables of a bind
	IsListed  // the name of a list's item: not in a mapping from names
)

// The versions between which named things went from lists to mappings, and
// keys to their new names. Those between were published in both forms.
const (
	LastOld  = IkanosAlpha6
	FirstNew = IkanosAlpha3
)

var (
	likeIdent    = lazyregexp.New(`^[a-zA-Z0-9-]+$`)
	LikeVariable = lazyregexp.New(`^[A-Z][A-Z0-9_]*$`)
	LikeExtended = lazyregexp.New(`^[a-zA-Z0-9_*-]+$`)
	likeCall     = lazyregexp.New(`^[a-zA-Z0-9-]+\.[a-zA-Z0-9-]+$`)
	likeTarget   = lazyregexp.New(`^[a-zA-Z0-9_.-]+$`)
	likeDate     = lazyregexp.New(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	likeURI      = lazyregexp.New(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
	likeFile     = lazyregexp.New(`^file:///`)
	likeBase     = lazyregexp.New(`^https?://[^/]+(/[^{]*)?$`)
	likeAddress  = lazyregexp.New(`^[a-zA-Z0-9.:-]+$`)
	likeSize     = lazyregexp.New(`^\d+(\.\d+)?(B|KiB|MiB|GiB)$`)
	likeEmail    = lazyregexp.New(`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$`)
	likeStatus   = lazyregexp.New(`^[1-5][0-9X]{2}$`)
	likeMedia    = lazyregexp.New(`^[^/\s]+/[^/\s;]+(\s*;.*)?$`)

	oneMethod = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	oneShape  = []string{"string", "number", "boolean", "object", "array"}
)

// titled are the keys that show a thing to people.
var titled = []Rule{
	{Key: "name", Is: IsListed, Like: LikeExtended},
	{Key: "label", To: LastOld},
	{Key: "display", From: FirstNew},
	{Key: "description"},
	{Key: "tags", Is: IsTexts, From: FirstNew},
}

// described are those of titled behind the name.
var described = titled[1:]

// running are the keys of whatever makes a call.
var running = []Rule{
	{Key: "call", Like: likeCall}, {Key: "with", Is: IsWith}, {Key: "steps", Is: IsNamed, Kind: KindStep},
	{Key: "mappings", Is: IsList, Kind: KindMapping}, {Key: "outputParameters", Is: IsShapes},
}

// The keys of whatever listens.
var (
	address        = Rule{Key: "address", Like: likeAddress}
	authentication = Rule{Key: "authentication", Is: IsMapping, Kind: KindAuth}
)

// Rules returns the published rules of a kind in a version.
func Rules(k Kind, e Edition) []Rule {
	var out []Rule
	for _, r := range forms()[k] {
		if e >= r.From && (r.To == 0 || e <= r.To) {
			out = append(out, r)
		}
	}
	return out
}

// forms are the published schemas: for each kind its keys and the versions
// that have them. The keys stand in the order that most published files have. It is
// never written to.
var forms = sync.OnceValue(func() map[Kind][]Rule {
	return map[Kind][]Rule{
		KindFile: {
			{Key: "naftiko", To: NaftikoAlpha4}, {Key: "ikanos", From: IkanosAlpha3},
			{Key: "info", Is: IsMapping, Kind: KindInfo},
			{Key: "binds", Is: IsList, Kind: KindBind, From: Naftiko05}, {Key: "externalRefs", Is: IsList, Kind: KindBind, To: Naftiko05},
			{Key: "capability", Is: IsMapping, Kind: KindCapability},
			{Key: "consumes", Is: IsList, Kind: KindConsumed, From: NaftikoAlpha1},
			{Key: "aggregates", Is: IsList, Kind: KindAggregate, From: FirstNew}, {Key: "exposes", Is: IsList, Kind: KindExposure, From: FirstNew},
		},
		KindCapability: {
			{Key: "binds", Is: IsList, Kind: KindBind, From: Naftiko05}, {Key: "consumes", Is: IsList, Kind: KindConsumed},
			{Key: "aggregates", Is: IsList, Kind: KindAggregate, From: NaftikoAlpha1}, {Key: "exposes", Is: IsList, Kind: KindExposure},
		},
		KindInfo: {
			{Key: "label", Need: true, To: NaftikoAlpha4}, {Key: "label", From: IkanosAlpha3, To: LastOld}, {Key: "display", From: FirstNew},
			{Key: "description", Need: true}, {Key: "tags", Is: IsTexts},
			{Key: "created", Like: likeDate}, {Key: "modified", Like: likeDate}, {Key: "version", From: FirstNew},
			{Key: "stakeholders", Is: IsList, Kind: KindPerson},
		},
		KindPerson: {{Key: "role", Need: true}, {Key: "fullName", Need: true}, {Key: "email", Like: likeEmail}},
		KindBind: {
			{Key: "namespace", Like: likeIdent, From: Naftiko05}, {Key: "name", To: Naftiko05}, {Key: "type", To: Naftiko05},
			{Key: "description"}, {Key: "location", Like: likeURI, From: Naftiko05},
			{Key: "uri", To: Naftiko05}, {Key: "resolution", To: Naftiko05}, {Key: "keys", Is: IsKeys, Need: true},
		},
		KindImport: {
			{Key: "import", Need: true, Like: likeIdent}, {Key: "from", From: FirstNew}, {Key: "location", From: Naftiko05, To: LastOld},
			{Key: "as", Like: likeIdent}, {Key: "description"},
		},
		KindConsumed: {
			{Key: "type", Need: true, One: []string{"http"}}, {Key: "namespace", Need: true, Like: likeIdent}, {Key: "description"},
			{Key: "baseUri", Need: true, Like: likeBase}, {Key: "headers", Is: IsValue, To: Naftiko04}, authentication,
			{Key: "inputParameters", Is: IsNamed, Kind: KindConsumedInput}, {Key: "tunnel", Is: IsMapping, Kind: KindTunnel, From: IkanosAlpha3},
			{Key: "resources", Is: IsNamed, Kind: KindConsumedRes},
		},
		KindTunnel: {
			{Key: "type", Need: true, One: []string{"ziti"}}, {Key: "service", Need: true}, {Key: "identity", Need: true},
			{Key: "fallback", One: []string{"fail", "direct"}},
		},
		KindConsumedRes: slices.Concat([]Rule{
			{Key: "name", Is: IsListed, Need: true, Like: LikeExtended}, {Key: "path", Need: true},
		}, described, []Rule{
			{Key: "inputParameters", Is: IsNamed, Kind: KindConsumedInput},
			{Key: "operations", Is: IsNamed, Kind: KindConsumedOp, Need: true},
		}),
		KindConsumedOp: slices.Concat([]Rule{
			{Key: "name", Is: IsListed, Need: true, Like: LikeExtended}, {Key: "method", Need: true, One: oneMethod},
		}, described, []Rule{
			{Key: "outputRawFormat", To: Naftiko04},
			{Key: "outputRawFormat", From: Naftiko05, One: []string{"json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown", "binary"}},
			{Key: "outputMediaType", From: IkanosAlpha6, Like: likeMedia}, {Key: "maxBinarySize", From: IkanosAlpha6, Like: likeSize},
			{Key: "outputSchema"}, {Key: "inputParameters", Is: IsNamed, Kind: KindConsumedInput}, {Key: "body", Is: IsValue},
			{Key: "outputParameters", Is: IsNamed, Kind: KindConsumedOutput},
		}),
		KindConsumedInput: {
			{Key: "name", Is: IsListed, Need: true, Like: LikeExtended}, {Key: "in", Need: true, One: Places}, {Key: "value"},
			{Key: "const", To: Naftiko05},
		},
		KindConsumedOutput: {
			{Key: "name", Is: IsListed, Need: true, Like: LikeExtended}, {Key: "type", To: Naftiko03, One: oneShape},
			{Key: "type", From: Naftiko04, Need: true, One: oneShape}, {Key: "value", Need: true},
		},
		KindBody: {{Key: "type", Need: true, One: []string{"json", "text", "xml", "sparql", "formUrlEncoded", "multipartForm"}}, {Key: "data", Is: IsValue, Need: true}},
		KindAuth: {
			{Key: "type", Need: true, One: []string{"basic", "apikey", "bearer", "digest", "oauth2"}},
			{Key: "username"}, {Key: "password"}, {Key: "key"}, {Key: "placement", One: []string{"header", "query"}}, {Key: "value"}, {Key: "token"},
			{Key: "authorizationServerUri", Like: likeURI}, {Key: "resource", Like: likeURI}, {Key: "scopes", Is: IsTexts}, {Key: "audience"},
			{Key: "tokenEndpoint", Like: likeURI}, {Key: "tokenValidation", One: []string{"jwks", "introspection"}},
		},

		KindAggregate: {
			{Key: "label", Need: true, To: NaftikoAlpha4}, {Key: "label", From: IkanosAlpha3, To: LastOld}, {Key: "display", From: FirstNew},
			{Key: "namespace", Like: likeIdent}, {Key: "functions", Is: IsNamed, Kind: KindFlow, To: LastOld}, {Key: "flows", Is: IsNamed, Kind: KindFlow, From: FirstNew},
		},
		KindFlow: slices.Concat(titled, []Rule{
			{Key: "semantics", Is: IsMapping, Kind: KindSemantics}, {Key: "outputMediaType", From: IkanosAlpha6},
			{Key: "inputParameters", Is: IsNamed, Kind: KindInput},
		}, running),
		KindSemantics: {{Key: "safe", Is: IsBoolean}, {Key: "idempotent", Is: IsBoolean}, {Key: "cacheable", Is: IsBoolean}},
		KindInput: {
			{Key: "name", Is: IsListed, Need: true, Like: LikeExtended}, {Key: "type", Need: true, One: ParamTypes},
			{Key: "required", Is: IsBoolean}, {Key: "description", Need: true},
		},
		KindMapping: {
			{Key: "targetName", To: LastOld, Like: likeTarget}, {Key: "target", From: FirstNew, Like: likeTarget}, {Key: "value", Need: true},
		},
		KindCallStep: {
			{Key: "name", Is: IsListed, Like: likeIdent}, {Key: "type", To: Naftiko03, One: []string{"call"}}, {Key: "type", Need: true, From: Naftiko04, One: []string{"call", "lookup", "script"}}, {Key: "call", Need: true, Like: likeCall}, {Key: "with", Is: IsWith},
			{Key: "inputParameters", Is: IsValue, To: Naftiko03}, {Key: "mappings", Is: IsList, Kind: KindMapping, To: Naftiko03},
		},
		KindLookupStep: {
			{Key: "name", Is: IsListed, Need: true, Like: likeIdent}, {Key: "type", One: []string{"lookup"}}, {Key: "index", Need: true, Like: likeIdent},
			{Key: "match", Need: true}, {Key: "lookupValue", Need: true}, {Key: "outputParameters", Is: IsTexts, Need: true},
		},
		KindScriptStep: {
			{Key: "name", Is: IsListed, Need: true, Like: likeIdent}, {Key: "type", One: []string{"script"}},
			{Key: "language", One: []string{"javascript", "python", "groovy"}}, {Key: "location", Like: likeFile}, {Key: "file", Need: true},
			{Key: "dependencies", Is: IsTexts}, {Key: "with", Is: IsWith},
		},
		KindShape: {
			{Key: "name", Is: IsListed, Like: LikeExtended, To: LastOld}, {Key: "type", Need: true, From: Naftiko04, One: oneShape}, {Key: "type", To: Naftiko03, One: oneShape},
			{Key: "mapping"}, {Key: "value"}, {Key: "const", Is: IsValue}, {Key: "properties", Is: IsValue}, {Key: "items", Is: IsValue},
		},

		KindRest: {
			{Key: "type", Need: true, To: Naftiko05, One: []string{"api", "rest"}}, {Key: "type", Need: true, From: NaftikoAlpha1, One: []string{"rest"}},
			address, {Key: "port", Is: IsInteger, Need: true}, {Key: "namespace", Need: true, Like: likeIdent}, authentication,
			{Key: "maxBinarySize", From: IkanosAlpha6, Like: likeSize}, {Key: "resources", Is: IsNamed, Kind: KindRoute},
		},
		KindMCP: {
			{Key: "type", Need: true}, address, {Key: "port", Is: IsInteger}, {Key: "transport", One: []string{"http", "stdio"}},
			{Key: "namespace", Need: true, Like: likeIdent}, authentication, {Key: "description"},
			{Key: "maxBinarySize", From: IkanosAlpha6, Like: likeSize},
			{Key: "ttlMs", Is: IsInteger, From: IkanosBeta1}, {Key: "cacheScope", From: IkanosBeta1, One: []string{"public", "private"}},
			{Key: "tools", Is: IsNamed, Kind: KindTool, Need: true}, {Key: "resources", Is: IsNamed, Kind: KindDocument},
			{Key: "prompts", Is: IsNamed, Kind: KindPrompt},
		},
		KindSkillServer: {
			{Key: "type", Need: true}, address, {Key: "port", Is: IsInteger, Need: true}, {Key: "namespace", Need: true, Like: likeIdent},
			authentication, {Key: "description"}, {Key: "skills", Is: IsNamed, Kind: KindSkill, Need: true},
		},
		KindControlExposure: {
			{Key: "type", Need: true}, address, {Key: "port", Is: IsInteger, Need: true}, authentication, {Key: "endpoints", Is: IsValue, To: NaftikoAlpha1},
			{Key: "management", Is: IsMapping, Kind: KindManagement}, {Key: "observability", Is: IsMapping, Kind: KindObservability},
		},
		KindRoute: slices.Concat([]Rule{
			{Key: "path", Need: true}, {Key: "name", Is: IsListed, Like: LikeExtended},
		}, described, []Rule{
			{Key: "inputParameters", Is: IsNamed, Kind: KindRouteInput},
			{Key: "operations", Is: IsNamed, Kind: KindRouteOperation}, {Key: "forward", Is: IsMapping, Kind: KindForward},
		}),
		KindForward: {{Key: "targetNamespace", Need: true, Like: likeIdent}, {Key: "trustedHeaders", Is: IsTexts}},
		KindRouteOperation: slices.Concat([]Rule{
			{Key: "name", Is: IsListed, Like: LikeExtended}, {Key: "method", Need: true, One: oneMethod},
		}, described, []Rule{
			{Key: "ref", Like: likeCall}, {Key: "inputParameters", Is: IsNamed, Kind: KindRouteInput},
		}, running, []Rule{
			{Key: "responses", Is: IsNamed, Kind: KindResponse, Like: likeStatus, From: IkanosBeta1}, {Key: "responseBinary", Is: IsMapping, Kind: KindBinary, From: IkanosBeta1},
		}),
		KindResponse: {{Key: "description"}, {Key: "content", Is: IsNamed, Kind: KindMedia}},
		KindMedia:    {{Key: "schema", Is: IsValue}, {Key: "binary", Is: IsBoolean}},
		KindBinary:   {{Key: "status", Is: IsInteger}, {Key: "mediaType", Need: true, Like: likeMedia}, {Key: "description"}},
		KindRouteInput: {
			{Key: "name", Is: IsListed, Need: true, Like: LikeExtended}, {Key: "in", Need: true, One: []string{"query", "header", "path", "cookie", "body"}},
			{Key: "type", To: Naftiko03, One: ParamTypes}, {Key: "type", Need: true, From: Naftiko04, One: ParamTypes},
			{Key: "description", To: Naftiko03}, {Key: "description", Need: true, From: Naftiko04}, {Key: "pattern"}, {Key: "value"},
		},
		KindTool: slices.Concat(titled, []Rule{
			{Key: "ref", Like: likeCall}, {Key: "inputParameters", Is: IsNamed, Kind: KindInput}, {Key: "hints", Is: IsMapping, Kind: KindHints},
		}, running),
		KindHints: {{Key: "readOnly", Is: IsBoolean}, {Key: "destructive", Is: IsBoolean}, {Key: "idempotent", Is: IsBoolean}, {Key: "openWorld", Is: IsBoolean}},
		KindDocument: slices.Concat([]Rule{
			{Key: "name", Is: IsListed, Like: LikeExtended}, {Key: "label", To: LastOld}, {Key: "display", From: FirstNew},
			{Key: "uri", Need: true}, {Key: "description"}, {Key: "tags", Is: IsTexts, From: FirstNew},
			{Key: "mimeType", Like: likeMedia}, {Key: "binary", Is: IsBoolean, From: IkanosBeta1}, {Key: "location", Like: likeFile},
		}, running),
		KindPrompt: slices.Concat(titled, []Rule{
			{Key: "arguments", Is: IsNamed, Kind: KindArgument}, {Key: "template", Is: IsList, Kind: KindMessage}, {Key: "location", Like: likeFile},
		}),
		KindArgument: append(titled[:len(titled):len(titled)], Rule{Key: "required", Is: IsBoolean}),
		KindMessage:  {{Key: "role", Need: true, One: []string{"user", "assistant"}}, {Key: "content", Need: true}},
		KindSkill: {
			{Key: "name", Is: IsListed, Need: true, Like: likeIdent}, {Key: "description", Need: true}, {Key: "license"}, {Key: "compatibility"},
			{Key: "metadata", Is: IsValue}, {Key: "location", Like: likeFile}, {Key: "allowed-tools"}, {Key: "argument-hint"},
			{Key: "user-invocable", Is: IsBoolean}, {Key: "disable-model-invocation", Is: IsBoolean}, {Key: "tools", Is: IsNamed, Kind: KindSkillTool},
		},
		KindSkillTool: {
			{Key: "name", Is: IsListed, Need: true, Like: likeIdent}, {Key: "description", Need: true},
			{Key: "from", Is: IsMapping, Kind: KindSkillSource}, {Key: "instruction"},
		},
		KindSkillSource: {{Key: "namespace", To: Naftiko05}, {Key: "sourceNamespace"}, {Key: "action", Need: true}},
		KindManagement: {
			{Key: "health", Is: IsBoolean}, {Key: "info", Is: IsBoolean}, {Key: "reload", Is: IsBoolean}, {Key: "validate", Is: IsBoolean},
			{Key: "logs", Is: IsValue}, {Key: "scripting", Is: IsMapping, Kind: KindScripting},
		},
		KindScripting: {
			{Key: "enabled", Is: IsBoolean}, {Key: "defaultLocation", Like: likeFile}, {Key: "defaultLanguage", One: []string{"javascript", "python", "groovy"}},
			{Key: "timeout", Is: IsInteger}, {Key: "statementLimit", Is: IsInteger}, {Key: "allowedLanguages", Is: IsTexts},
		},
		KindObservability:  {{Key: "enabled", Is: IsBoolean}, {Key: "metrics", Is: IsMapping, Kind: KindMetrics}, {Key: "traces", Is: IsMapping, Kind: KindTraces}, {Key: "exporters", Is: IsMapping, Kind: KindExporters}},
		KindMetrics:        {{Key: "local", Is: IsMapping, Kind: KindSignalEndpoint}},
		KindTraces:         {{Key: "local", Is: IsMapping, Kind: KindTraceEndpoint}, {Key: "sampling", Is: IsValue}, {Key: "propagation", One: []string{"w3c", "b3"}}},
		KindSignalEndpoint: {{Key: "enabled", Is: IsBoolean}},
		KindTraceEndpoint:  {{Key: "enabled", Is: IsBoolean}, {Key: "buffer-size", Is: IsInteger}},
		KindExporters:      {{Key: "otlp", Is: IsMapping, Kind: KindExporter}},
		KindExporter:       {{Key: "endpoint", Need: true}},
	}
})
