package framework

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// keyPlaces are the keys of loose files that give the place of an API key and
// its name there at once (header: X-Parts-Key).
var keyPlaces = map[string]string{"header": "header", "headerName": "header", "query": "query", "queryParam": "query", "cookie": "cookie"}

// placements are the words for the places of an API key.
var placements = map[string]string{
	"header": "header", "headers": "header", "query": "query", "querystring": "query",
	"cookie": "cookie", "body": "body", "form": "body", "path": "path",
}

// apiKey reads the name, the secret and the place of an API key in any of their
// spellings.
func (f *frame) apiKey(a *spec.Authentication, p *part, exposed bool) {
	f.keyName(a, p)
	if !a.Value.IsSet() && a.Token.IsSet() {
		f.loosely(node.Key(p.Node, "token"), "the token of apikey authentication is read as its value", "write value")
		a.Value, a.Token = a.Token, spec.Str{}
	}
	if !a.Value.IsSet() && strings.Contains(a.Key.Value, "{{") { // a secret without a name
		a.Value, a.Key = a.Key, spec.Str{}
	}
	if a.Placement.IsSet() {
		f.placement(a, p, exposed)
	}
}

// keyName finds the name of an API key that stands beside the key "key", which
// then is the secret unless there is a value.
func (f *frame) keyName(a *spec.Authentication, p *part) {
	name, in := p.alone("name"), ""
	at := "name"
	if !name.IsSet() || !node.Has(p.Node, "key") {
		name = spec.Str{}
		for key := range node.Entries(p.Node) {
			if place := keyPlaces[key.Value]; place != "" {
				name, in, at = p.alone(key.Value), place, key.Value
			}
		}
	}
	if !name.IsSet() {
		return
	}
	f.loosely(node.Key(p.Node, at), fmt.Sprintf("%q in apikey authentication is read as the name of the key", at), fmt.Sprintf("write key: %s, and value with the secret", name.Value))
	switch {
	case !a.Value.IsSet() && !a.Token.IsSet():
		a.Value = a.Key
	case a.Key.IsSet() && !strings.EqualFold(a.Key.Value, name.Value):
		f.Report(node.Key(p.Node, at), "bad-value", "the API key has two names, %q and %q", name.Value, node.Shorten(a.Key.Value)).Hint = "keep key, which is its name, and value, which is the secret"
	}
	a.Key = name
	if in != "" {
		a.Placement = spec.At(name.Pos, in)
	}
}

// alone is text of a key that has no other spelling.
func (p *part) alone(key string) spec.Str {
	if !slices.Contains(p.Asked, key) {
		return spec.Str{}
	}
	return p.frame.words(node.Value(p.Node, key), key)
}

func (f *frame) placement(a *spec.Authentication, p *part, exposed bool) {
	given := strings.ToLower(a.Placement.Value)
	in, at := placements[given], cmp.Or(p.get("placement"), p.Node)
	switch {
	case in == "" || exposed && in != "header" && in != "query":
		hint := "write header, query, cookie, body or path"
		if exposed {
			hint = "write header or query"
		}
		f.Report(at, "bad-value", "placement cannot be %q", node.Shorten(a.Placement.Value)).Hint = hint
		return
	case in != given:
		f.loosely(at, fmt.Sprintf("placement %q is read as %s", a.Placement.Value, in), "write placement: "+in)
	}
	a.Placement = spec.Reworded(a.Placement, in)
}

// bearerHeader refuses to send a bearer token elsewhere than the file says: it has
// one place.
func (f *frame) bearerHeader(p *part) {
	if s := p.alone("header"); s.IsSet() && !strings.EqualFold(s.Value, "Authorization") {
		f.Report(node.Value(p.Node, "header"), "bad-value", "a bearer token goes into the header Authorization, not %s", node.Shorten(s.Value)).Hint = fmt.Sprintf("write type: apikey, key: %s, and value with all that the header holds", node.Shorten(s.Value))
	}
}
