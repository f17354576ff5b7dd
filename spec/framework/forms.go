package framework

import "regexp"

// rule is one key of a kind of mapping in the published schemas.
type rule struct {
	key  string
	is   form
	kind kind // of the mapping, or of the items
	need bool
	// from and to bound the versions that have the key: 0 in to is no end.
	from, to edition
	like     *regexp.Regexp
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
	likeIdent    = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	likeVariable = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	likeExtended = regexp.MustCompile(`^[a-zA-Z0-9_*-]+$`)
	likeCall     = regexp.MustCompile(`^[a-zA-Z0-9-]+\.[a-zA-Z0-9-]+$`)
	likeTarget   = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)
	likeDate     = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	likeURI      = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
	likeFile     = regexp.MustCompile(`^file:///`)
	likeBase     = regexp.MustCompile(`^https?://[^/]+(/[^{]*)?$`)
	likeAddress  = regexp.MustCompile(`^[a-zA-Z0-9.:-]+$`)
	likeSize     = regexp.MustCompile(`^\d+(\.\d+)?(B|KiB|MiB|GiB)$`)
	likeEmail    = regexp.MustCompile(`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$`)
	likeMedia    = regexp.MustCompile(`^[^/\s]+/[^/\s;]+(\s*;.*)?$`)

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

func with(base []rule, more ...rule) []rule { return append(append([]rule(nil), more...), base...) }

// forms are the published schemas: for each kind its keys and the versions
// that have them. It is never written to.
var forms = map[kind][]rule{
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
}
