package framework

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// authentication decodes the credential that an API takes, or that an exposure
// asks of its callers; nil for none. A list of them is sent together.
func (f *frame) authentication(n *node.Node, exposed bool) *spec.Authentication {
	switch {
	case n != nil && n.Kind == node.ScalarNode && strings.EqualFold(n.Value, "none"):
		return nil
	case n != nil && n.Kind == node.SequenceNode && !exposed:
		f.loosely(n, "a list of authentications is read as credentials that are sent together", "write one authentication, and further keys as inputParameters with a value")
		return f.together(n.Content)
	case node.Has(n, "keys") && !exposed && !f.Strict:
		f.loosely(node.Key(n, "keys"), "the keys of an authentication are read as credentials that are sent together", "write one key, and further ones as inputParameters with a value")
		return f.together(node.Each(n, "keys", "key", "value"))
	}
	p := f.part(n, form.KindAuth)
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
	a = f.typed(a, p, exposed)
	p.done()
	return a
}

// together joins the credentials of a list.
func (f *frame) together(list []*node.Node) *spec.Authentication {
	all := node.DecodeEach(list, func(n *node.Node) *spec.Authentication { return f.authentication(n, false) })
	if len(all) == 0 {
		return nil
	}
	for _, a := range all[1:] {
		all[0].Also = append(all[0].Also, a.All()...)
	}
	return all[0]
}

// typed reads the keys that the type of the authentication has of its own; nil for none.
func (f *frame) typed(a *spec.Authentication, p *part, exposed bool) *spec.Authentication {
	meant, ok := spec.AuthType(a.Type.Value)
	signs := meant == "awssigv4" || meant == "oauth1"
	switch {
	case !a.Type.IsSet():
		return nil
	case !ok || signs && exposed:
		hint := "write one of basic, apikey, bearer, digest, oauth2"
		if !exposed {
			hint += ", awssigv4, oauth1"
		}
		f.Report(p.get("type"), "bad-value", "authentication of type %q is not supported", node.Shorten(a.Type.Value)).Hint = hint
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
	switch a.Type.Value {
	case "apikey":
		f.apiKey(a, p, exposed)
	case "bearer":
		f.bearerHeader(p)
	case "awssigv4":
		f.awsSignature(a, p)
	case "oauth1":
		f.oauth1(a, p)
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
	switch missing {
	case "":
	case "key":
		f.Report(p.Node, "missing-key", "apikey authentication has no %q, which names what holds the secret", missing).Hint = "add key: X-API-Key, or what the API calls it"
	default:
		f.Report(p.Node, "missing-key", "%s authentication has no %q", a.Type.Value, missing).Hint = fmt.Sprintf("add %s: \"{{NAME}}\", and NAME to the keys of a bind", missing)
	}
}
