package connect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// envNames lists the environment variables that may hold one part of a
// scheme's credential, the one to recommend first.
type envNames struct {
	part  string // "token", "username", ...
	names []string
}

// schemeNames are the variables of one scheme. own reports that they are named
// after the scheme, as others of the API take the same kind of credential.
type schemeNames struct {
	parts []envNames
	own   bool
}

// kind is the form of a scheme's credential.
type kind string

const (
	kindKey    kind = "key"      // one secret: an API key, a bearer token, a ready access token
	kindLogin  kind = "login"    // user and password
	kindClient kind = "client"   // client id and secret, for an access token
	kindAWS    kind = "aws"      // an access key, and the token of a session
	kindSigner kind = "consumer" // a consumer's key and secret, and its token, of OAuth 1.0
	kindOther  kind = ""         // one that no variable can hold, such as a certificate
)

func kindOf(s operations.SecurityScheme) kind {
	switch {
	case s.Type == "http" && (strings.EqualFold(s.Scheme, "basic") || strings.EqualFold(s.Scheme, "digest")):
		return kindLogin
	case (s.Type == "oauth2" || s.Type == "openIdConnect") && s.TokenURL != "":
		return kindClient
	case s.Type == "awsSigV4":
		return kindAWS
	case s.Type == "oauth1":
		return kindSigner
	case s.Type == "mutualTLS":
		return kindOther
	}
	return kindKey
}

// nameCredentials returns the variables of every scheme of an API: no two
// schemes share one, so that no scheme's secret is sent in another's place.
//
// The only scheme of its kind, or else the general one of the document, has the
// common names: those that are declared, then API_API_KEY and API_TOKEN,
// API_USERNAME and API_PASSWORD, or API_CLIENT_ID and API_CLIENT_SECRET. Any
// other has names of its own, API_SCHEME.
func nameCredentials(api string, schemes []operations.SchemeUse, general string, declared Declared) map[string]schemeNames {
	n := &naming{prefix: envPrefix(api), taken: map[string]bool{}}
	for _, name := range declared.Env {
		n.taken[name] = true
	}
	common := map[kind]string{}
	for _, s := range schemes {
		k := kindOf(s.Scheme)
		switch first, other := common[k]; {
		case k == kindOther:
		case !other || s.Name == general:
			common[k] = s.Name
		case first != general:
			common[k] = "" // two of a kind
		}
	}
	owner := declared.owner(schemes, general, common)
	out := map[string]schemeNames{}
	for _, s := range schemes {
		if common[kindOf(s.Scheme)] != s.Name && owner != s.Name {
			out[s.Name] = schemeNames{n.own(s), true}
		}
	}
	for _, s := range schemes {
		if _, done := out[s.Name]; done {
			continue
		}
		var names []string
		if owner == s.Name {
			names = declared.Env
		}
		out[s.Name] = schemeNames{parts: n.common(s, names, common[kindOf(s.Scheme)] == s.Name)}
	}
	return out
}

// owner returns the scheme that declared names are for, "" for none.
func (d Declared) owner(schemes []operations.SchemeUse, general string, common map[kind]string) string {
	var fitting []string
	for _, s := range schemes {
		if kindOf(s.Scheme) != kindOther && (d.AuthType == "" || fits(s.Scheme, d.AuthType)) {
			fitting = append(fitting, s.Name)
		}
	}
	switch {
	case len(d.Env) == 0:
		return ""
	case len(fitting) == 1:
		return fitting[0]
	case slices.Contains(fitting, general):
		return general
	}
	for _, k := range []kind{kindKey, kindLogin, kindClient, kindAWS, kindSigner} {
		if name := common[k]; name != "" && (len(fitting) == 0 || slices.Contains(fitting, name)) {
			return name
		}
	}
	return ""
}

// fits reports whether a scheme is of an authentication type as catalogues and
// project files write it.
func fits(s operations.SecurityScheme, authType string) bool {
	meant, _ := spec.AuthType(authType)
	switch meant {
	case "bearer", "basic", "digest":
		return s.Type == "http" && strings.EqualFold(s.Scheme, meant)
	}
	return strings.EqualFold(s.Type, cmp.Or(meant, authType))
}

// naming gives out the variables of one API, each to one scheme.
type naming struct {
	prefix string
	taken  map[string]bool
}

// own names a scheme's variables after it.
func (n *naming) own(s operations.SchemeUse) []envNames {
	name := n.prefix + "_" + envPrefix(s.Name)
	switch kindOf(s.Scheme) {
	case kindLogin:
		return []envNames{{"username", n.free(name + "_USERNAME")}, {"password", n.free(name + "_PASSWORD")}}
	case kindClient:
		return []envNames{{"client_id", n.free(name + "_CLIENT_ID")}, {"client_secret", n.free(name + "_CLIENT_SECRET")}}
	}
	if k := kindOf(s.Scheme); k == kindAWS || k == kindSigner {
		return n.signing(name, k, nil)
	}
	return []envNames{{"token", n.free(name)}}
}

// signingParts are the parts of a credential that signs requests: of OAuth 1.0, or an
// access key of AWS.
func signingParts(prefix string, oauth1 bool) []envNames {
	parts := []string{"access_key_id", "secret_access_key", "session_token"}
	if oauth1 {
		parts = []string{"consumer_key", "consumer_secret", "access_token", "token_secret"}
	}
	var out []envNames
	for _, part := range parts {
		out = append(out, envNames{part, []string{prefix + "_" + strings.ToUpper(part)}})
	}
	return out
}

// optional reports a part that a credential need not have: a consumer may act for
// itself, and an access key be for good.
func optional(part string) bool {
	return part == "session_token" || part == "access_token" || part == "token_secret"
}

// signing names the parts of a credential that signs requests; the first ones may be
// declared.
func (n *naming) signing(prefix string, k kind, declared []string) []envNames {
	out := signingParts(prefix, k == kindSigner)
	for i, x := range out {
		if i < len(declared) {
			out[i].names = declared[i : i+1]
		} else {
			out[i].names = n.free(x.names[0])
		}
	}
	return out
}

// free takes a name, numbered where another scheme has it.
func (n *naming) free(name string) []string {
	free := name
	for i := 2; n.taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	n.taken[free] = true
	return []string{free}
}

// common gives a scheme the names that are declared for it, and where all is
// true those that every API has for its kind.
func (n *naming) common(s operations.SchemeUse, declared []string, all bool) []envNames {
	left := func(names ...string) []string {
		if !all {
			return nil
		}
		return slices.DeleteFunc(names, func(name string) bool { return n.taken[name] })
	}
	pair := len(declared) >= 2
	switch k := kindOf(s.Scheme); {
	case k == kindLogin && pair:
		return []envNames{{"username", declared[:1]}, {"password", declared[1:2]}}
	case k == kindLogin:
		return []envNames{
			{"username", slices.Concat(declared, left(n.prefix+"_USERNAME"))},
			{"password", n.or(left(n.prefix+"_PASSWORD"), n.prefix+"_PASSWORD")},
		}
	case k == kindClient && pair:
		return []envNames{{"client_id", declared[:1]}, {"client_secret", declared[1:2]}}
	case k == kindClient:
		return []envNames{
			{"client_id", n.or(left(n.prefix+"_CLIENT_ID"), n.prefix+"_CLIENT_ID")},
			{"client_secret", n.or(left(n.prefix+"_CLIENT_SECRET"), n.prefix+"_CLIENT_SECRET")},
		}
	}
	switch k := kindOf(s.Scheme); k {
	case kindAWS:
		return n.signing("AWS", k, declared)
	case kindSigner:
		return n.signing(n.prefix, k, declared)
	}
	names := []string{n.prefix + "_API_KEY", n.prefix + "_TOKEN"}
	if s.Scheme.Type == "oauth2" || s.Scheme.Type == "openIdConnect" {
		names[0] = n.prefix + "_" + envPrefix(s.Name)
	}
	return []envNames{{"token", n.or(slices.Concat(declared, left(names...)), names[0])}}
}

// or returns the names, or a free one where others have them all.
func (n *naming) or(names []string, name string) []string {
	if len(names) == 0 {
		return n.free(name)
	}
	return names
}

// envPrefix is an API's name as environment variables have it.
func envPrefix(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}, name)
}
