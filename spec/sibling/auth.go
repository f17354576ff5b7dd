package sibling

import (
	"regexp"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// authTypes are the types of authentication that files write, and what they are.
var authTypes = map[string]string{
	"bearer": "bearer", "http-bearer": "bearer", "jwt": "bearer", "token": "bearer", "oauth2": "bearer", "oauth": "bearer",
	"basic": "basic", "http-basic": "basic", "digest": "digest",
	"apikey": "apikey", "api-key": "apikey", "api_key": "apikey", "none": "",
}

// authentication decodes the credential of an API, nil for none. Texts that it leaves
// out are filled in by [source.credential].
func (f *frame) authentication(n *node.Node) *spec.Authentication {
	kind := f.plain(n)
	if n.Kind == node.MappingNode {
		kind = f.textOf(n, "type")
	}
	a := &spec.Authentication{
		Key: f.textOf(n, "name", "header", "param", "key"), Placement: f.textOf(n, "in", "location", "placement"),
		Username: secret(f.textOf(n, "username")), Password: secret(f.textOf(n, "password")),
	}
	scheme := f.textOf(n, "scheme")
	if strings.EqualFold(kind.Value, "http") && scheme.IsSet() {
		if kind = scheme; strings.EqualFold(scheme.Value, "token") { // Authorization: Token abc
			a.Value = spec.At(scheme.Pos, scheme.Value)
			a.Key, kind = spec.Reworded(scheme, "Authorization"), spec.Reworded(scheme, "apikey")
		}
	}
	meant, known := authTypes[strings.ToLower(kind.Value)]
	switch {
	case !kind.IsSet() || known && meant == "":
		return nil
	case !known:
		f.loosely(n, "write one of bearer, apiKey, basic", "authentication of type %q is not sent unless the API's OpenAPI document declares it", kind.Value)
		return nil
	case meant == "apikey" && !a.Key.IsSet():
		f.loosely(n, "write name: HEADER", "the API key has no name: it is not sent unless the API's OpenAPI document declares it")
		return nil
	}
	a.Type = spec.Reworded(kind, meant)
	text := secret(f.textOf(n, "token", "value"))
	for _, key := range []string{"env", "envVar", "tokenEnv", "secretRef"} {
		if v := f.textOf(n, key); v.IsSet() && !text.IsSet() {
			text = spec.Reworded(v, "{{env."+v.Value+"}}")
		}
	}
	if v := f.textOf(node.Value(n, "tokenSource"), "env"); v.IsSet() && !text.IsSet() {
		text = spec.Reworded(v, "{{env."+v.Value+"}}")
	}
	switch {
	case meant == "bearer":
		a.Token = text
	case meant == "apikey" && a.Value.IsSet() && text.IsSet():
		a.Value = spec.Reworded(text, a.Value.Value+" "+text.Value)
	case meant == "apikey" && text.IsSet():
		a.Value = text
	}
	return a
}

// secret is a text that names a variable of the environment.
func secret(s spec.Str) spec.Str {
	if m := variable.FindStringSubmatch(s.Value); m != nil {
		return spec.Reworded(s, "{{env."+m[1]+"}}")
	}
	return s
}

var variable = regexp.MustCompile(`^(?:\$?\{\{?\s*(?:env\.)?|\$|env:)([A-Za-z_][A-Za-z0-9_]*)\s*\}{0,2}$`)

// credential is the authentication with the variables that the file leaves out:
// those that every API of that name has.
func (s *source) credential() *spec.Authentication {
	if s.auth == nil {
		return nil
	}
	a := *s.auth
	variable := func(text *spec.Str, end string) {
		if !strings.Contains(text.Value, "{{") {
			prefix := text.Value
			if prefix != "" && a.Type.Value == "apikey" && text.Style == spec.Block {
				prefix += " "
			} else if prefix != "" {
				return
			}
			*text = spec.At(a.Type.Pos, prefix+"{{env."+envName(s.name)+end+"}}")
		}
	}
	switch a.Type.Value {
	case "bearer":
		variable(&a.Token, "_TOKEN")
	case "apikey":
		variable(&a.Value, "_API_KEY")
	default:
		variable(&a.Username, "_USERNAME")
		variable(&a.Password, "_PASSWORD")
	}
	if a.Type.Value == "apikey" && !a.Placement.IsSet() {
		a.Placement = spec.At(a.Type.Pos, "header")
	}
	return &a
}

// envName is an API's name as environment variables have it.
func envName(name string) string {
	return strings.Trim(notInEnv.ReplaceAllString(strings.ToUpper(name), "_"), "_")
}

var notInEnv = regexp.MustCompile(`[^A-Z0-9]+`)

// baseOf is an API's server as the model has it. What its text leaves open is a
// variable of the environment.
func baseOf(s spec.Str) spec.Str {
	to := strings.TrimRight(strings.TrimSpace(s.Value), "/")
	to = openParts.ReplaceAllStringFunc(to, func(part string) string {
		return "{{env." + envName(openParts.FindStringSubmatch(part)[1]) + "}}"
	})
	return spec.Reworded(s, to)
}

var openParts = regexp.MustCompile(`\$?\{\{?\s*(?:env\.)?([\w.-]+)\s*\}\}?`)
