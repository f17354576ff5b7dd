package access

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// APIKey takes value in the header or query parameter called name; in is
// "header" (also "") or "query". Every caller is called "apikey". It is an
// error to leave name or value empty.
func APIKey(in, name, value string) (Scheme, error) {
	switch {
	case name == "":
		return nil, fmt.Errorf("api key authentication needs the name of a header or query parameter")
	case value == "":
		return nil, fmt.Errorf("the api key %q is empty; anybody could send that", name)
	}
	k := apiKey{name: name, keys: keys{newKey("apikey", value)}}
	switch in {
	case "", "header":
		k.in, k.take = "header", takeHeader
	case "query":
		k.in, k.take = "query", takeQuery
	default:
		return nil, fmt.Errorf("an api key comes in a header or in the query, not in %q", in)
	}
	return k, nil
}

type apiKey struct {
	in, name string
	keys     keys
	take     func(r *http.Request, name string) []string
}

func (k apiKey) identify(r *http.Request) (string, *refusal) {
	// No scheme of this name is registered, but a 401 must carry a challenge.
	challenge := fmt.Sprintf("ApiKey realm=%s, in=%s, name=%s", quoted(defaultRealm), quoted(k.in), quoted(k.name))
	no := &refusal{status: http.StatusUnauthorized, challenges: []string{challenge}}
	values := k.take(r, k.name)
	if len(values) != 1 {
		no.detail = fmt.Sprintf("this needs one api key; send it as %q in the %s", k.name, k.in)
		return "", no
	}
	name, ok := k.keys.find(values[0], subtle.ConstantTimeCompare)
	if !ok {
		no.detail = fmt.Sprintf("the api key in %q is not known here", k.name)
		return "", no
	}
	return name, nil
}

func takeHeader(r *http.Request, name string) []string {
	values := r.Header.Values(name)
	r.Header.Del(name)
	return values
}

// takeQuery takes the parameter out of r itself, not of a copy, so that a
// logger further out does not see it either. The other parameters stay as sent.
func takeQuery(r *http.Request, name string) []string {
	var values, rest []string
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		k, v, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(k); err != nil || plain != name {
			rest = append(rest, pair)
			continue
		}
		if plain, err := url.QueryUnescape(v); err == nil {
			values = append(values, plain)
		}
	}
	u := *r.URL
	u.RawQuery = strings.Join(rest, "&")
	r.URL = &u
	if path, _, found := strings.Cut(r.RequestURI, "?"); found {
		r.RequestURI = path
		if u.RawQuery != "" {
			r.RequestURI += "?" + u.RawQuery
		}
	}
	r.Form = nil // parsed again, without it, on the next use
	return values
}
