package framework

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// authTypes are the published types of authentication and their names in
// loose files.
var authTypes = map[string]string{
	"basic": "basic", "apikey": "apikey", "bearer": "bearer", "digest": "digest", "oauth2": "oauth2", "none": "",
	"api-key": "apikey", "api_key": "apikey", "http-basic": "basic", "http-bearer": "bearer",
}

// authentication decodes the credential that an API takes, or that an exposure
// asks of its callers; nil for none.
func (f *frame) authentication(n *node.Node, exposed bool) *spec.Authentication {
	if n != nil && n.Kind == node.ScalarNode && strings.EqualFold(n.Value, "none") {
		return nil
	}
	p := f.part(n, kindAuth)
	if p == nil {
		return nil
	}
	a := &spec.Authentication{
		Type: p.needText("type"), Token: p.text("token"), Username: p.text("username"), Password: p.text("password"),
		Key: p.text("key"), Value: p.text("value"), Placement: p.text("placement"),
		AuthorizationServer: p.text("authorizationServerUri"), Resource: p.text("resource"), Audience: p.text("audience"),
		TokenEndpoint: p.text("tokenEndpoint"), Validation: p.text("tokenValidation"),
		ClientID: p.text("clientId"), ClientSecret: p.text("clientSecret"),
	}
	switch {
	case node.Has(n, "valueFrom") && strings.HasPrefix(a.Value.Value, "env."):
		a.Value = spec.Reworded(a.Value, "{{"+a.Value.Value+"}}")
	case node.Has(n, "envVar") && a.Value.IsSet():
		a.Value = spec.Reworded(a.Value, "{{env."+a.Value.Value+"}}")
	}
	a.Scopes = p.texts("scopes", "a scope")
	p.Allow("header", "scheme", "description")
	p.done()
	return f.authType(a, p, exposed)
}

func (f *frame) authType(a *spec.Authentication, p *part, exposed bool) *spec.Authentication {
	meant, ok := authTypes[strings.ToLower(a.Type.Value)]
	switch {
	case !a.Type.IsSet():
		return nil
	case !ok:
		f.Report(p.get("type"), "bad-value", "authentication of type %q is not supported", node.Shorten(a.Type.Value)).Hint = "write one of basic, apikey, bearer, digest, oauth2"
		return nil
	case meant == "":
		return nil
	case meant != a.Type.Value:
		if !strings.EqualFold(meant, a.Type.Value) {
			f.loosely(p.get("type"), fmt.Sprintf("authentication type %q is read as %s", a.Type.Value, meant), "write type: "+meant)
		}
		a.Type = spec.Reworded(a.Type, meant)
	}
	if meant == "bearer" && !a.Token.IsSet() && a.Value.IsSet() {
		f.loosely(p.get("value"), "the value of bearer authentication is read as its token", "write token")
		a.Token, a.Value = a.Value, spec.Str{}
	}
	if meant == "oauth2" && !exposed && a.Token.IsSet() && !a.TokenEndpoint.IsSet() {
		f.loosely(p.get("token"), "oauth2 with a token of its own is read as bearer", "write type: bearer")
		a.Type = spec.Reworded(a.Type, "bearer")
	}
	f.authValues(a, p)
	return a
}

// authValues reports values that the type needs and the file does not give.
func (f *frame) authValues(a *spec.Authentication, p *part) {
	missing := ""
	switch a.Type.Value {
	case "bearer":
		if !a.Token.IsSet() {
			missing = "token"
		}
	case "apikey":
		if a.Placement.IsSet() {
			low := spec.Reworded(a.Placement, strings.ToLower(a.Placement.Value))
			if low.Value != "header" && low.Value != "query" {
				f.Report(p.get("placement"), "bad-value", "placement cannot be %q", node.Shorten(low.Value)).Hint = "write header or query"
			}
			a.Placement = low
		}
		if !a.Key.IsSet() {
			missing = "key"
		} else if !a.Value.IsSet() {
			missing = "value"
		}
	case "basic", "digest":
		if !a.Username.IsSet() && !a.Password.IsSet() {
			missing = "username"
		}
	}
	if missing != "" {
		f.Report(p.Node, "missing-key", "%s authentication has no %q", a.Type.Value, missing).Hint = fmt.Sprintf("add %s: \"{{NAME}}\", and NAME to the keys of a bind", missing)
	}
}
