package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// The published schemas have no authentication that signs requests. Its keys have
// the names that other tools give them, see spellings.

// awsSignature reads an access key, and what its signature is for.
func (f *frame) awsSignature(a *spec.Authentication, p *part) {
	p.accept(form.KindSigV4)
	text := func(name string) spec.Str { return f.words(p.spelt(form.KindSigV4, name), name) }
	a.Username, a.Password, a.Token = text("accessKeyId"), text("secretAccessKey"), text("sessionToken")
	a.Region, a.Service = text("region"), text("service")
	if a.Username.IsSet() != a.Password.IsSet() {
		f.Report(p.Node, "missing-key", "awssigv4 authentication has one half of its access key").Hint = "write accessKeyId and secretAccessKey, or neither: then AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read"
	}
}

// oauth1 reads the credentials of a consumer and of the user that it acts for.
func (f *frame) oauth1(a *spec.Authentication, p *part) {
	p.accept(form.KindOAuth1)
	text := func(name string) spec.Str { return f.words(p.spelt(form.KindOAuth1, name), name) }
	a.Username, a.Password, a.Token, a.TokenSecret = text("consumerKey"), text("consumerSecret"), text("accessToken"), text("tokenSecret")
	a.ClientID, a.ClientSecret = spec.Str{}, spec.Str{}
	a.Realm, a.Method = text("realm"), text("signatureMethod")
	if hash := p.flag("bodyHash"); hash != nil {
		a.BodyHash = *hash
	}
	if a.Method.IsSet() {
		up := strings.ReplaceAll(strings.ToUpper(a.Method.Value), "_", "-")
		if !slices.Contains(form.SignatureMethods, up) {
			f.Report(p.spelt(form.KindOAuth1, "signatureMethod"), "bad-value", "signatureMethod cannot be %q", node.Shorten(a.Method.Value)).Hint = "write one of " + strings.Join(form.SignatureMethods, ", ")
		}
		a.Method = spec.Reworded(a.Method, up)
	}
	if a.Username.IsSet() != a.Password.IsSet() {
		f.Report(p.Node, "missing-key", "oauth1 authentication has one half of its consumer's credential").Hint = "write consumerKey and consumerSecret, or neither: then they are variables named after the API"
	}
	if a.TokenSecret.IsSet() && !a.Token.IsSet() {
		f.Report(p.Node, "missing-key", "oauth1 authentication has a tokenSecret and no token").Hint = fmt.Sprintf("add accessToken: %q, and NAME to the keys of a bind", "{{NAME}}")
	}
}
