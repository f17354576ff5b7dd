package sibling

import (
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// authTypes are further names for types of authentication than [spec.AuthType] has.
var authTypes = map[string]string{"jwt": "bearer", "token": "bearer", "oauth": "oauth2"}

// authentication decodes the credentials of an API, nil for none; a list of them, or of
// keys, is sent together. Texts that they leave out are filled in by [source.credential].
func (f *frame) authentication(n *node.Node) *spec.Authentication {
	list := []*node.Node{n}
	switch {
	case n.Kind == node.SequenceNode:
		list = n.Content
	case node.Has(n, "keys"):
		list = node.Each(n, "keys", "name", "value")
	}
	all := node.DecodeEach(list, f.oneAuthentication)
	if len(all) == 0 {
		return nil
	}
	all[0].Also = all[1:]
	return all[0]
}

func (f *frame) oneAuthentication(n *node.Node) *spec.Authentication {
	kind := f.plain(n)
	if n.Kind == node.MappingNode {
		kind = f.textOf(n, "type")
	}
	a := &spec.Authentication{
		Key: f.textOf(n, "name", "header", "param", "key"), Placement: f.textOf(n, "in", "location", "placement"),
		Username: secret(f.textOf(n, "username", "accessKeyId", "consumerKey")), Password: secret(f.textOf(n, "password", "secretAccessKey", "consumerSecret")),
		Token: secret(f.textOf(n, "sessionToken", "accessToken")), TokenSecret: secret(f.textOf(n, "tokenSecret")),
		Region: secret(f.textOf(n, "region")), Service: f.textOf(n, "service"),
		TokenEndpoint: f.textOf(n, "tokenUrl", "tokenEndpoint"), ClientID: secret(f.textOf(n, "clientId")), ClientSecret: secret(f.textOf(n, "clientSecret")),
	}
	scheme := f.textOf(n, "scheme")
	if strings.EqualFold(kind.Value, "http") && scheme.IsSet() {
		if kind = scheme; strings.EqualFold(scheme.Value, "token") { // Authorization: Token abc
			a.Value = spec.At(scheme.Pos, scheme.Value)
			a.Key, kind = spec.Reworded(scheme, "Authorization"), spec.Reworded(scheme, "apikey")
		}
	}
	meant, known := spec.AuthType(kind.Value)
	if other := authTypes[strings.ToLower(kind.Value)]; other != "" {
		meant, known = other, true
	}
	if meant == "oauth2" && !a.TokenEndpoint.IsSet() { // the caller has a token
		meant = "bearer"
	}
	switch {
	case !kind.IsSet() || known && meant == "":
		return nil
	case !known:
		f.loosely(n, "write one of bearer, apiKey, basic, digest, oauth2, awssigv4, oauth1", "authentication of type %q is not sent unless the API's OpenAPI document declares it", kind.Value)
		return nil
	case meant == "apikey" && !a.Key.IsSet():
		f.loosely(n, "write name: HEADER", "the API key has no name: it is not sent unless the API's OpenAPI document declares it")
		return nil
	}
	a.Type = spec.Reworded(kind, meant)
	text := f.secretOf(n)
	switch {
	case meant == "apikey" && a.Value.IsSet() && text.IsSet():
		a.Value = spec.Reworded(text, a.Value.Value+" "+text.Value)
	case meant == "apikey" && text.IsSet():
		a.Value = text
	case meant == "bearer":
		a.Token = text
	}
	return a
}

// secretOf returns the one secret of a credential, by its variable or as it is written.
func (f *frame) secretOf(n *node.Node) spec.Str {
	text := secret(f.textOf(n, "token", "value", "accessToken"))
	if text.IsSet() {
		return text
	}
	v := f.textOf(n, "env", "envVar", "tokenEnv", "secretRef")
	if !v.IsSet() {
		v = f.textOf(node.Value(n, "tokenSource"), "env")
	}
	return spec.Reworded(v, "{{env."+v.Value+"}}")
}

// secret is a text that names a variable of the environment.
func secret(s spec.Str) spec.Str {
	if m := variable.FindStringSubmatch(s.Value); m != nil {
		return spec.Reworded(s, "{{env."+m[1]+"}}")
	}
	return s
}

var variable = lazyregexp.New(`^(?:\$?\{\{?\s*(?:env\.)?|\$|env:)([A-Za-z_][A-Za-z0-9_]*)\s*\}{0,2}$`)

// credential is the authentication with the variables that the file leaves out:
// those that every API of that name has. Of several keys each has one of its own.
func (s *source) credential() *spec.Authentication {
	var all []*spec.Authentication
	for _, a := range s.auth.All() {
		name := envName(s.name)
		if len(s.auth.Also) > 0 && a.Key.IsSet() {
			name += "_" + envName(a.Key.Value)
		}
		all = append(all, filled(*a, name, len(s.auth.Also) > 0))
	}
	if all == nil {
		return nil
	}
	all[0].Also = all[1:]
	return all[0]
}

func filled(a spec.Authentication, name string, several bool) *spec.Authentication {
	variable := func(text *spec.Str, end string) {
		if !strings.Contains(text.Value, "{{") {
			prefix := text.Value
			if prefix != "" && a.Type.Value == "apikey" && text.Style == spec.Block {
				prefix += " "
			} else if prefix != "" {
				return
			}
			*text = spec.At(a.Type.Pos, prefix+"{{env."+name+end+"}}")
		}
	}
	switch a.Type.Value {
	case "bearer":
		variable(&a.Token, "_TOKEN")
	case "apikey":
		end := "_API_KEY"
		if several {
			end = ""
		}
		variable(&a.Value, end)
	case "basic", "digest":
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

var notInEnv = lazyregexp.New(`[^A-Z0-9]+`)

// baseOf is an API's server without the slash at its end.
func baseOf(s spec.Str) spec.Str {
	return spec.Reworded(s, strings.TrimRight(strings.TrimSpace(s.Value), "/"))
}

// opened is a server whose open parts are variables of the environment.
func opened(base spec.Str) spec.Str {
	return spec.Reworded(base, openParts.ReplaceAllStringFunc(base.Value, func(part string) string {
		return "{{env." + envName(openParts.FindStringSubmatch(part)[1]) + "}}"
	}))
}

var openParts = lazyregexp.New(`\$?\{\{?\s*(?:env\.)?([\w.-]+)\s*\}\}?`)
