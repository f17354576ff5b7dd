package form

import (
	"slices"
	"sync"
)

var (
	looseInput = []Rule{
		{Key: "in", One: Places}, {Key: "type", One: ParamTypes}, {Key: "description"}, {Key: "display"}, {Key: "pattern"},
		{Key: "required", Is: IsBoolean}, {Key: "value", Is: IsValue}, {Key: "const", Is: IsValue}, {Key: "default", Is: IsValue}, {Key: "items", Is: IsValue},
		{Key: "enum", Is: IsValue}, {Key: "example", Is: IsValue}, {Key: "examples", Is: IsValue}, {Key: "format", Is: IsValue}, {Key: "minimum", Is: IsValue},
		{Key: "maximum", Is: IsValue}, {Key: "properties", Is: IsValue}, {Key: "sensitive", Is: IsValue},
	}
	named = Rule{Key: "name", Is: IsListed}
	shown = []Rule{{Key: "display"}, {Key: "label"}, {Key: "tags", Is: IsValue}}
)

// looseForms are the keys that no published schema has for a kind, and those that loose
// files give another form. It is never written to.
var looseForms = sync.OnceValue(func() map[Kind][]Rule {
	return map[Kind][]Rule{
		KindFile:     {{Key: "imports", Is: IsList, Kind: KindImport}},
		KindUntitled: {{Key: "name"}, {Key: "title"}, {Key: "description"}},
		KindInfo:     {{Key: "created", Is: IsValue}, {Key: "modified", Is: IsValue}, {Key: "stakeholders", Is: IsValue}},
		KindImport:   slices.Concat([]Rule{named, {Key: "operations", Is: IsTexts}, {Key: "ref"}, {Key: "url"}, {Key: "namespace"}, {Key: "type", Is: IsValue}}, shown),
		KindConsumed: {named, {Key: "operations", Is: IsNamed, Kind: KindConsumedOp}},
		KindConsumedOp: {
			{Key: "path"}, {Key: "outputRawFormat", One: Formats}, {Key: "outputParameters", Is: IsShapes}, {Key: "body", Is: IsValue},
			{Key: "method", One: Methods},
		},
		KindConsumedInput: looseInput, KindInput: looseInput, KindRouteInput: looseInput,
		KindArgument: looseInput,
		KindAuth: {
			{Key: "type", One: []string{"basic", "apikey", "bearer", "digest", "oauth2", "awssigv4", "oauth1", "none"}}, {Key: "clientId"}, {Key: "clientSecret"},
			{Key: "name"}, {Key: "header"}, {Key: "headerName"}, {Key: "query"}, {Key: "queryParam"}, {Key: "cookie"}, {Key: "scheme", Is: IsValue},
			{Key: "description", Is: IsValue}, {Key: "placement", One: []string{"header", "query", "cookie", "body", "path"}},
			{Key: "keys", Is: IsValue},
		},
		KindSigV4: {
			{Key: "accessKeyId"}, {Key: "secretAccessKey"}, {Key: "sessionToken"}, {Key: "region"}, {Key: "service"},
		},
		KindOAuth1: {
			{Key: "consumerKey"}, {Key: "consumerSecret"}, {Key: "accessToken"}, {Key: "tokenSecret"}, {Key: "realm"},
			{Key: "signatureMethod", One: SignatureMethods}, {Key: "bodyHash", Is: IsBoolean},
		},

		KindAggregate:      slices.Concat([]Rule{named, {Key: "description", Is: IsValue}}, shown),
		KindFlow:           {{Key: "ref"}},
		KindRouteOperation: {{Key: "outputMediaType"}, {Key: "hints", Is: IsMapping, Kind: KindHints}, {Key: "semantics", Is: IsMapping, Kind: KindSemantics}, {Key: "security", Is: IsValue}, {Key: "path"}, {Key: "responses", Is: IsNamed, Kind: KindResponse}, {Key: "method", One: Methods}},
		KindTool:           {{Key: "outputMediaType"}},
		KindDocument:       {{Key: "outputMediaType"}, {Key: "ref"}, {Key: "inputParameters", Is: IsNamed, Kind: KindInput}},
		KindMapping:        {named, {Key: "value", Is: IsValue}},
		KindStep: {
			{Key: "type", One: StepTypes}, {Key: "description"}, {Key: "display"}, {Key: "label"},
			{Key: "inputParameters", Is: IsWith}, {Key: "outputParameters", Is: IsShapes},
		},
		KindShape: slices.Concat([]Rule{named, {Key: "description"}, {Key: "type", One: ParamTypes}, {Key: "values", Is: IsValue},
			{Key: "required", Is: IsValue}, {Key: "format", Is: IsValue}, {Key: "example", Is: IsValue}, {Key: "enum", Is: IsValue},
			{Key: "sensitive", Is: IsValue}, {Key: "minLength", Is: IsValue}, {Key: "maxLength", Is: IsValue}, {Key: "pattern", Is: IsValue},
			{Key: "minimum", Is: IsValue}, {Key: "maximum", Is: IsValue}}, shown),

		KindExposure: {
			named, {Key: "type", One: []string{"rest", "mcp", "skill", "control"}}, {Key: "namespace"}, {Key: "description"}, {Key: "address"},
			{Key: "port", Is: IsInteger}, {Key: "maxBinarySize"}, {Key: "authentication", Is: IsMapping, Kind: KindAuth},
		},
		KindRest:            {{Key: "operations", Is: IsNamed, Kind: KindRouteOperation}},
		KindSkillServer:     {{Key: "groups", Is: IsNamed, Kind: KindSkillGroup}},
		KindControlExposure: {{Key: "endpoints", Is: IsMapping, Kind: KindManagement}},
		KindResponse:        {named, {Key: "description", Is: IsValue}},
		KindMedia:           {named},
		KindSkill:           slices.Concat([]Rule{{Key: "call"}}, shown),
		KindSkillGroup:      {named, {Key: "description"}, {Key: "skills", Is: IsNamed, Kind: KindSkill}},
		KindManagement:      {{Key: "metrics", Is: IsBoolean}, {Key: "traces", Is: IsBoolean}},
		KindObservability: {
			{Key: "metrics", Is: IsMapping, Kind: KindSignal}, {Key: "traces", Is: IsMapping, Kind: KindSignal}, {Key: "exporters", Is: IsValue},
		},
		KindSignal: {{Key: "enabled", Is: IsBoolean}, {Key: "local", Is: IsMapping, Kind: KindSignalEndpoint}, {Key: "propagation", Is: IsValue}},
	}
})

// merged are the kinds that loose files do not distinguish.
var merged = map[Kind][]Kind{
	KindStep:  {KindCallStep, KindLookupStep, KindScriptStep},
	KindShape: {KindConsumedOutput}, KindSignalEndpoint: {KindTraceEndpoint}, KindSignal: {KindTraces},
}

// keysOf are the keys of a kind in any version: one rule a key, in the form that a loose
// file may give it.
type keysOf struct {
	rules []Rule
	names []string // without older spellings of others
}

// Accepted returns the keys that mappings of a kind may have in any version, in their newest
// spelling. The list must not be changed.
func Accepted(k Kind) []string { return accepted()[k].names }

// IsOlder reports whether a key is another spelling of one that mappings of a kind may have.
func IsOlder(k Kind, key string) bool { return newer(k, accepted()[k].rules, key) }

var accepted = sync.OnceValue(func() map[Kind]keysOf {
	out := map[Kind]keysOf{}
	add := func(k Kind, rules []Rule) {
		all := out[k]
		for _, r := range rules {
			if i := slices.IndexFunc(all.rules, func(s Rule) bool { return s.Key == r.Key }); i >= 0 {
				all.rules[i] = r
			} else {
				all.rules = append(all.rules, r)
			}
		}
		out[k] = all
	}
	for k, rules := range forms() {
		add(k, rules)
	}
	for k, parts := range merged {
		for _, part := range parts {
			add(k, forms()[part])
		}
	}
	for k, rules := range looseForms() {
		add(k, rules)
	}
	for k, all := range out {
		newest := keysOf{}
		for _, r := range all.rules {
			if !newer(k, all.rules, r.Key) {
				newest.rules, newest.names = append(newest.rules, r), append(newest.names, r.Key)
			}
		}
		newest.names = slices.Clip(newest.names)
		out[k] = newest
	}
	return out
})

// newer reports whether one of the rules has a newer name for a key.
func newer(k Kind, rules []Rule, was string) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool { return r.Key != was && WasCalled(k, r.Key, was) })
}
