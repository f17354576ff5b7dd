package framework

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// The published schemas have no authentication that signs requests. Its keys have
// the names that other tools give them.

// awsSignature reads an access key, and what its signature is for.
func (f *frame) awsSignature(a *spec.Authentication, p *part) {
	a.Username = p.first("accessKeyId", "accessKey", "access_key_id", "username")
	a.Password = p.first("secretAccessKey", "secretKey", "secret_access_key", "password")
	a.Token = p.first("sessionToken", "session_token", "token")
	a.Region, a.Service = p.first("region", "awsRegion"), p.first("service", "awsService")
	if a.Username.IsSet() != a.Password.IsSet() {
		f.Report(p.Node, "missing-key", "awssigv4 authentication has one half of its access key").Hint = "write accessKeyId and secretAccessKey, or neither: then AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are read"
	}
}

// signatureMethods are those of RFC 5849 and their successors with SHA-256.
var signatureMethods = []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA256", "PLAINTEXT"}

// oauth1 reads the credentials of a consumer and of the user that it acts for.
func (f *frame) oauth1(a *spec.Authentication, p *part) {
	a.Username = p.first("consumerKey", "clientKey", "consumer_key", "clientId")
	a.Password = p.first("consumerSecret", "clientSecret", "consumer_secret", "privateKey")
	a.Token = p.first("accessToken", "token", "access_token", "oauthToken")
	a.TokenSecret = p.first("tokenSecret", "accessTokenSecret", "token_secret", "accessSecret")
	a.ClientID, a.ClientSecret = spec.Str{}, spec.Str{}
	a.Realm = p.first("realm")
	a.Method = p.first("signatureMethod", "signature_method")
	if hash := p.flag("bodyHash"); hash != nil {
		a.BodyHash = *hash
	}
	if a.Method.IsSet() {
		up := strings.ReplaceAll(strings.ToUpper(a.Method.Value), "_", "-")
		if !slices.Contains(signatureMethods, up) {
			f.Report(cmp.Or(node.Value(p.Node, "signatureMethod"), node.Value(p.Node, "signature_method")), "bad-value", "signatureMethod cannot be %q", node.Shorten(a.Method.Value)).Hint = "write one of " + strings.Join(signatureMethods, ", ")
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

// first is the text of the first of the names that is written.
func (p *part) first(names ...string) spec.Str {
	var out spec.Str
	for _, name := range names {
		if s := p.alone(name); !out.IsSet() {
			out = s
		}
	}
	return out
}
