package form

import (
	"slices"
	"sync"
)

// Kind names a mapping of the framework dialect as messages do. Tables of
// spellings and forms go by it.
type Kind string

const (
	KindFile            Kind = "the file"
	KindCapability      Kind = "the capability"
	KindInfo            Kind = "info"
	KindBind            Kind = "a bind"
	KindImport          Kind = "an import"
	KindConsumed        Kind = "a consumed API"
	KindConsumedRes     Kind = "a consumed resource"
	KindConsumedOp      Kind = "a consumed operation"
	KindConsumedInput   Kind = "an input of a consumed operation"
	KindConsumedOutput  Kind = "an output of a consumed operation"
	KindBody            Kind = "a body"
	KindAuth            Kind = "authentication"
	KindAggregate       Kind = "an aggregate"
	KindFlow            Kind = "a flow"
	KindSemantics       Kind = "semantics"
	KindInput           Kind = "an input"
	KindRouteInput      Kind = "an input of a REST operation"
	KindShape           Kind = "an output"
	KindStep            Kind = "a step"
	KindMapping         Kind = "a mapping"
	KindHints           Kind = "hints"
	KindExposure        Kind = "an exposure"
	KindRoute           Kind = "a resource"
	KindRouteOperation  Kind = "an operation"
	KindBinary          Kind = "responseBinary"
	KindResponse        Kind = "a response"
	KindMedia           Kind = "a response's content"
	KindForward         Kind = "forward"
	KindTool            Kind = "a tool"
	KindDocument        Kind = "an MCP resource"
	KindPrompt          Kind = "a prompt"
	KindMessage         Kind = "a message"
	KindSkill           Kind = "a skill"
	KindSkillGroup      Kind = "a group of skills"
	KindSkillTool       Kind = "a skill's tool"
	KindSkillSource     Kind = "a skill tool's source"
	KindManagement      Kind = "management"
	KindScripting       Kind = "scripting"
	KindObservability   Kind = "observability"
	KindSignal          Kind = "an observability signal"
	KindSignalEndpoint  Kind = "a local endpoint"
	KindTunnel          Kind = "a tunnel"
	KindControlExposure Kind = "a control exposure"
	KindRest            Kind = "a REST exposure"
	KindMCP             Kind = "an MCP exposure"
	KindSkillServer     Kind = "a skill exposure"
	KindArgument        Kind = "a prompt's argument"
	KindPerson          Kind = "a stakeholder"
	KindCallStep        Kind = "a call step"
	KindLookupStep      Kind = "a lookup step"
	KindScriptStep      Kind = "a script step"
	KindMetrics         Kind = "metrics"
	KindTraces          Kind = "traces"
	KindTraceEndpoint   Kind = "the local endpoint of traces"
	KindExporters       Kind = "exporters"
	KindExporter        Kind = "an exporter"
	KindSigV4           Kind = "awssigv4 authentication"
	KindOAuth1          Kind = "oauth1 authentication"
	KindUntitled        Kind = "a file without info"
)

// Spelling is an older, or loose, name of a key.
type Spelling struct {
	Was   string
	Loose bool // no published schema has it
}

// Older returns the other spellings of a key. A version that renames a key
// adds a row here and nothing else.
func Older(k Kind, name string) []Spelling {
	all := spellings()
	return append(all[k][name], all[""][name]...)
}

// Order returns the keys of a kind in the order of the forms, in every spelling.
func Order(k Kind) (out []string) {
	for _, r := range forms()[k] {
		out = append(out, r.Key)
		for _, s := range Older(k, r.Key) {
			out = append(out, s.Was)
		}
	}
	return out
}

// WasCalled reports whether was is another spelling of a key.
func WasCalled(k Kind, name, was string) bool {
	return slices.ContainsFunc(Older(k, name), func(s Spelling) bool { return s.Was == was })
}

// spellings is keyed by kind, "" for every kind, and by the newest name. It is
// never written to.
var spellings = sync.OnceValue(func() map[Kind]map[string][]Spelling {
	return map[Kind]map[string][]Spelling{
		"": {
			"display":        {{Was: "label"}}, // until 1.0.0-alpha3
			"authentication": {{Was: "auth", Loose: true}},
		},
		KindInfo:           {"display": {{Was: "title", Loose: true}, {Was: "name", Loose: true}}},
		KindFile:           {"binds": {{Was: "externalRefs"}}}, // until 0.5
		KindCapability:     {"binds": {{Was: "externalRefs"}}},
		KindBind:           {"namespace": {{Was: "name"}}, "location": {{Was: "uri"}}}, // of externalRefs
		KindImport:         {"from": {{Was: "location"}, {Was: "source", Loose: true}, {Was: "path", Loose: true}}, "as": {{Was: "namespace", Loose: true}}},
		KindAggregate:      {"flows": {{Was: "functions"}}, "namespace": {{Was: "name", Loose: true}}},
		KindMapping:        {"target": {{Was: "targetName"}}},
		KindConsumedOp:     {"name": {{Was: "id", Loose: true}}},
		KindConsumed:       {"baseUri": {{Was: "baseURI", Loose: true}, {Was: "baseUrl", Loose: true}}},
		KindTool:           {"call": {{Was: "consumes", Loose: true}}},
		KindRouteOperation: {"call": {{Was: "consumes", Loose: true}}},
		KindSkillSource:    {"sourceNamespace": {{Was: "namespace"}}}, // of 0.5
		KindHints: {
			"readOnly": {{Was: "readOnlyHint", Loose: true}}, "destructive": {{Was: "destructiveHint", Loose: true}},
			"idempotent": {{Was: "idempotentHint", Loose: true}}, "openWorld": {{Was: "openWorldHint", Loose: true}},
		},
		KindAuth: {
			"key":       {{Was: "name", Loose: true}},
			"placement": {{Was: "in", Loose: true}},
			"value":     {{Was: "valueFrom", Loose: true}, {Was: "envVar", Loose: true}},
		},
		KindSigV4: { // names that other tools give the keys
			"accessKeyId":     {{Was: "accessKey"}, {Was: "access_key_id"}, {Was: "username"}},
			"secretAccessKey": {{Was: "secretKey"}, {Was: "secret_access_key"}, {Was: "password"}},
			"sessionToken":    {{Was: "session_token"}, {Was: "token"}},
			"region":          {{Was: "awsRegion"}},
			"service":         {{Was: "awsService"}},
		},
		KindOAuth1: {
			"consumerKey":     {{Was: "clientKey"}, {Was: "consumer_key"}, {Was: "clientId"}},
			"consumerSecret":  {{Was: "clientSecret"}, {Was: "consumer_secret"}, {Was: "privateKey"}},
			"accessToken":     {{Was: "token"}, {Was: "access_token"}, {Was: "oauthToken"}},
			"tokenSecret":     {{Was: "accessTokenSecret"}, {Was: "token_secret"}, {Was: "accessSecret"}},
			"signatureMethod": {{Was: "signature_method"}},
		},
	}
})
