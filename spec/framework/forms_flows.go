package framework

// running are the keys of whatever makes a call.
var running = []rule{
	{key: "call", like: likeCall}, {key: "with", is: isWith}, {key: "steps", is: isNamed, kind: kindStep},
	{key: "mappings", is: isList, kind: kindMapping}, {key: "outputParameters", is: isShapes},
}

// flowForms and exposureForms go on with forms.
var flowForms = map[kind][]rule{
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
}

var exposureForms = map[kind][]rule{
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

// serving are the keys of whatever listens.
var serving = []rule{{key: "address", like: likeAddress}, {key: "authentication", is: isMapping, kind: kindAuth}}
