package project

import (
	"sync"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
)

// settings are the keys of a project file.
var settings = sync.OnceValue(func() keys.Mapping[Settings] {
	return keys.Mapping[Settings]{
		What: "the project file",
		Doc:  "The settings of a project (.capstan.yaml), for the capabilities in and below its folder. Files of folders above count too, and the nearest goes first. Paths are relative to the folder of the file that has them.",
		Keys: []keys.Key[Settings]{
			{
				Name: "root", Default: "false", Example: "true",
				Doc:   "No file of a folder above this one counts.",
				Value: keys.Boolean(func(s *Settings) *bool { return &s.Root }),
			},
			{
				Name: "apis", Example: `{"fleet": {"openapi": "fleet.openapi.yaml", "baseUrl": "https://fleet.example"}}`,
				Doc:   "The APIs that capabilities call, by the name that `api` has there: where each is, and the variables with its credential.",
				Value: keys.Named(apiKeys(), "the API's name", func(s *Settings, name spec.Str, a API) { a.Name = name; s.APIs = append(s.APIs, a) }),
			},
			{
				Name: "overlays", Example: `["fixes.overlay.yaml"]`,
				Doc:   "Overlays that act on every capability that they are meant for. Those of files above act first.",
				Value: keys.Texts(func(s *Settings) *[]spec.Str { return &s.Overlays }),
			},
			{
				Name: "rules", Example: `[{"code": "deprecated-operation", "level": "error", "paths": ["production/"]}]`,
				Doc:   "How bad problems are, by their code and the file that they are in: a list, or a level for each code. Of several rules that meet a problem the last one counts, and those of a file above come first. An error that is lowered or hidden still fails.",
				Value: ruleList(),
			},
			{
				Name: "severities", Example: `{"deprecated-operation": "error"}`,
				Doc:   "An older name for a mapping under `rules`.",
				Value: levels(func(s *Settings) *[]Rule { return &s.Severities }),
			},
			{
				Name: "exclude", Example: `[{"path": "legacy/", "reason": "runs on the old engine"}, "**/*.draft.yaml"]`,
				Doc:   "Files that `capstan validate` passes over where it finds them in a folder or by a pattern, as globs like those of `paths`, each with its reason if need be. It names their number. A file that is named itself is judged.",
				Value: excludes(),
			},
			{
				Name: "baseline", Example: `"capstan-baseline.json"`,
				Doc:   "A file with the problems that are known, written by `capstan validate --write-baseline FILE`. They are not reported. An error among them still fails.",
				Value: keys.Text(func(s *Settings) *spec.Str { return &s.Baseline }),
			},
			{
				Name: "allowRead", Example: `["../shared"]`,
				Doc:   "Folders that capabilities may name files in, beside the project's own. A project file that was found, not given with --config, allows no more than its own folder.",
				Value: keys.Texts(func(s *Settings) *[]spec.Str { return &s.AllowRead }),
			},
			{
				Name: "requestTimeout", Default: `"30s"`, Example: `"90s"`,
				Doc:   "How long one request and its answer may take, where neither --request-timeout nor the step has a bound.",
				Value: keys.Duration(func(s *Settings) **spec.Duration { return &s.RequestTimeout }),
			},
			{
				Name: "maxPages", Default: "1000", Example: "5000",
				Doc:   "How many pages of a list are read at most, where --max-pages is not given.",
				Value: keys.Count(func(s *Settings) *int { return &s.MaxPages }, "how many pages of a list are read at most"),
			},
		},
	}
})

func apiKeys() keys.Mapping[API] {
	return keys.Mapping[API]{
		What: "an API",
		Doc:  "Where an API is, and its credential.",
		Keys: []keys.Key[API]{
			{
				Name: "openapi", Example: `"fleet.openapi.yaml"`,
				Doc:   "The path of its OpenAPI document.",
				Value: keys.Text(func(a *API) *spec.Str { return &a.OpenAPI }),
			},
			{
				Name: "baseUrl", Example: `"https://fleet.example/v2"`,
				Doc:   "The server, in place of the document's.",
				Value: keys.Text(func(a *API) *spec.Str { return &a.BaseURL }),
			},
			{
				Name: "pace", Example: `"6000/m"`,
				Doc:   "How many requests the server takes in a time: 10/s, 6000/m or 5000/h, or none for no bound.",
				Value: keys.Pace(func(a *API) *spec.Str { return &a.Pace }),
			},
			{
				Name: "auth", Example: `{"type": "bearer", "env": "FLEET_TOKEN"}`,
				Doc:   "The credential, by the names of the environment variables that hold it. It never stands here itself.",
				Value: keys.Inner(authKeys(), func(a *API) **Auth { return &a.Auth }),
			},
		},
	}
}

func authKeys() keys.Mapping[Auth] {
	return keys.Mapping[Auth]{
		What: "auth",
		Doc:  "A credential, by the names of the environment variables that hold it.",
		Keys: []keys.Key[Auth]{
			{
				Name: "type", Needed: true, Example: `"bearer"`,
				Doc:   "The kind of credential.",
				Value: keys.OneOf(func(a *Auth) *spec.Str { return &a.Type }, "bearer", "basic", "apiKey", "oauth2", "none"),
			},
			{
				Name: "env", Example: `["FLEET_TOKEN", "FLEET_API_TOKEN"]`,
				Doc:   "The variables with the secret: the first that is set counts.",
				Value: keys.Texts(func(a *Auth) *[]spec.Str { return &a.Env }),
			},
			{
				Name: "userEnv", Example: `"FLEET_USER"`,
				Doc:   "The variable with the user's name (basic) or the client's id (oauth2).",
				Value: keys.Text(func(a *Auth) *spec.Str { return &a.UserEnv }),
			},
			{
				Name: "in", Default: `"header"`, Example: `"query"`,
				Doc:   "Where an apiKey is sent.",
				Value: keys.OneOf(func(a *Auth) *spec.Str { return &a.In }, "header", "query", "cookie"),
			},
			{
				Name: "name", Example: `"X-Fleet-Key"`,
				Doc:   "The header, parameter or cookie of an apiKey.",
				Value: keys.Text(func(a *Auth) *spec.Str { return &a.Name }),
			},
			{
				Name: "tokenUrl", Example: `"https://fleet.example/token"`,
				Doc:   "Where an oauth2 client gets its tokens.",
				Value: keys.Text(func(a *Auth) *spec.Str { return &a.TokenURL }),
			},
			{
				Name: "scopes", Example: `["ships:read"]`,
				Doc:   "The scopes that an oauth2 client asks for.",
				Value: keys.Texts(func(a *Auth) *[]spec.Str { return &a.Scopes }),
			},
		},
	}
}

// Schema returns the JSON Schema of a project file.
func Schema() []byte { return settings().Schema().Document("project", "Capstan project file") }
