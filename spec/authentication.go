package spec

import (
	"regexp"
	"strings"
	"unicode"
)

// authTypes are the types of an [Authentication] and their other names, without the
// signs between words.
var authTypes = map[string]string{
	"basic": "basic", "apikey": "apikey", "bearer": "bearer", "digest": "digest", "oauth2": "oauth2", "none": "",
	"httpbasic": "basic", "httpbearer": "bearer", "httpdigest": "digest", "oauth20": "oauth2",
	"awssigv4": "awssigv4", "sigv4": "awssigv4", "awssignaturev4": "awssigv4", "awssignature": "awssigv4", "awsv4": "awssigv4", "aws4": "awssigv4",
	"aws4hmacsha256": "awssigv4", "awsiam": "awssigv4",
	"oauth1": "oauth1", "oauth1a": "oauth1", "oauth10": "oauth1", "oauth10a": "oauth1",
}

// AuthType returns the type of [Authentication] that a text means, "" for none at all;
// ok is false where it means no type.
func AuthType(text string) (meant string, ok bool) {
	meant, ok = authTypes[strings.Map(letter, text)]
	return meant, ok
}

// letter returns a letter as authTypes has it, and leaves out what stands between
// words.
func letter(r rune) rune {
	if strings.ContainsRune("-_. ", r) {
		return -1
	}
	return unicode.ToLower(r)
}

// text is all that the credential is made of.
func (a *Authentication) text() (out []byte) {
	for _, s := range []Str{a.Token, a.Username, a.Password, a.Value, a.Key, a.AuthorizationServer, a.Resource, a.Audience, a.TokenEndpoint} {
		out = append(append(out, s.Value...), ' ')
	}
	return out
}

// PlaceKeys lets an API key travel in the path of the base URI, where that has a
// variable of its name: the path from there on becomes part of every operation's.
func (c *API) PlaceKeys() {
	for _, a := range c.Auth.All() {
		if a.Type.Value != "apikey" || a.Placement.Value != "path" || !a.Key.IsSet() {
			continue
		}
		base := c.BaseURI.Value
		variable := regexp.MustCompile(`\{\s*` + regexp.QuoteMeta(a.Key.Value) + `\s*\}`).FindStringIndex(base)
		if variable == nil {
			continue
		}
		cut := strings.LastIndex(base[:variable[0]], "/")
		if cut <= 0 || base[cut-1] == '/' { // part of the host
			continue
		}
		c.BaseURI = Reworded(c.BaseURI, base[:cut])
		for _, op := range c.Operations {
			op.Path = Reworded(op.Path, base[cut:]+op.Path.Value)
		}
	}
}
