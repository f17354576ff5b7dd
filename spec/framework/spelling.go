package framework

import (
	"slices"
	"sync"
)

// kind names a mapping of the framework dialect as messages do. Tables of
// spellings and forms go by it.
type kind string

const (
	kindFile            kind = "the file"
	kindCapability      kind = "the capability"
	kindInfo            kind = "info"
	kindBind            kind = "a bind"
	kindImport          kind = "an import"
	kindConsumed        kind = "a consumed API"
	kindConsumedRes     kind = "a consumed resource"
	kindConsumedOp      kind = "a consumed operation"
	kindConsumedInput   kind = "an input of a consumed operation"
	kindConsumedOutput  kind = "an output of a consumed operation"
	kindBody            kind = "a body"
	kindAuth            kind = "authentication"
	kindAggregate       kind = "an aggregate"
	kindFlow            kind = "a flow"
	kindSemantics       kind = "semantics"
	kindInput           kind = "an input"
	kindRouteInput      kind = "an input of a REST operation"
	kindShape           kind = "an output"
	kindStep            kind = "a step"
	kindMapping         kind = "a mapping"
	kindHints           kind = "hints"
	kindExposure        kind = "an exposure"
	kindRoute           kind = "a resource"
	kindRouteOperation  kind = "an operation"
	kindBinary          kind = "responseBinary"
	kindResponse        kind = "a response"
	kindMedia           kind = "a response's content"
	kindForward         kind = "forward"
	kindTool            kind = "a tool"
	kindDocument        kind = "an MCP resource"
	kindPrompt          kind = "a prompt"
	kindMessage         kind = "a message"
	kindSkill           kind = "a skill"
	kindSkillGroup      kind = "a group of skills"
	kindSkillTool       kind = "a skill's tool"
	kindSkillSource     kind = "a skill tool's source"
	kindManagement      kind = "management"
	kindScripting       kind = "scripting"
	kindObservability   kind = "observability"
	kindSignal          kind = "an observability signal"
	kindSignalEndpoint  kind = "a local endpoint"
	kindTunnel          kind = "a tunnel"
	kindControlExposure kind = "a control exposure"
	kindRest            kind = "a REST exposure"
	kindMCP             kind = "an MCP exposure"
	kindSkillServer     kind = "a skill exposure"
	kindArgument        kind = "a prompt's argument"
	kindPerson          kind = "a stakeholder"
	kindCallStep        kind = "a call step"
	kindLookupStep      kind = "a lookup step"
	kindScriptStep      kind = "a script step"
)

// spelling is an older, or loose, name of a key.
type spelling struct {
	was   string
	loose bool // no published schema has it
}

// older returns the other spellings of a key. A version that renames a key
// adds a row here and nothing else.
func older(k kind, name string) []spelling {
	all := spellings()
	return append(all[k][name], all[""][name]...)
}

// wasCalled reports whether was is another spelling of a key.
func wasCalled(k kind, name, was string) bool {
	return slices.ContainsFunc(older(k, name), func(s spelling) bool { return s.was == was })
}

// spellings is keyed by kind, "" for every kind, and by the newest name. It is
// never written to.
var spellings = sync.OnceValue(func() map[kind]map[string][]spelling {
	return map[kind]map[string][]spelling{
		"": {
			"display":        {{was: "label"}}, // until 1.0.0-alpha3
			"authentication": {{was: "auth", loose: true}},
		},
		kindInfo:           {"display": {{was: "title", loose: true}, {was: "name", loose: true}}},
		kindFile:           {"binds": {{was: "externalRefs"}}}, // until 0.5
		kindCapability:     {"binds": {{was: "externalRefs"}}},
		kindBind:           {"namespace": {{was: "name"}}, "location": {{was: "uri"}}}, // of externalRefs
		kindImport:         {"from": {{was: "location"}, {was: "source", loose: true}, {was: "path", loose: true}}, "as": {{was: "namespace", loose: true}}},
		kindAggregate:      {"flows": {{was: "functions"}}, "namespace": {{was: "name", loose: true}}},
		kindMapping:        {"target": {{was: "targetName"}}},
		kindConsumedOp:     {"name": {{was: "id", loose: true}}},
		kindConsumed:       {"baseUri": {{was: "baseURI", loose: true}, {was: "baseUrl", loose: true}}},
		kindTool:           {"call": {{was: "consumes", loose: true}}},
		kindRouteOperation: {"call": {{was: "consumes", loose: true}}},
		kindSkillSource:    {"sourceNamespace": {{was: "namespace"}}}, // of 0.5
		kindHints: {
			"readOnly": {{was: "readOnlyHint", loose: true}}, "destructive": {{was: "destructiveHint", loose: true}},
			"idempotent": {{was: "idempotentHint", loose: true}}, "openWorld": {{was: "openWorldHint", loose: true}},
		},
		kindAuth: {
			"key":       {{was: "name", loose: true}},
			"placement": {{was: "in", loose: true}},
			"value":     {{was: "valueFrom", loose: true}, {was: "envVar", loose: true}},
		},
	}
})
