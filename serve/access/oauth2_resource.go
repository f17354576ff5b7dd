package access

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

const wellKnownResource = "/.well-known/oauth-protected-resource"

// describe prepares the metadata document (RFC 9728) and the challenge that
// points to it.
func (s *ResourceServer) describe(resource *url.URL) {
	s.metadata = wellKnownResource + strings.TrimSuffix(resource.EscapedPath(), "/")
	at := url.URL{Scheme: resource.Scheme, Host: resource.Host}
	s.challenge = "Bearer realm=" + quoted(defaultRealm) + ", resource_metadata=" + quoted(at.String()+s.metadata)
	if len(s.o.Scopes) > 0 {
		s.challenge += ", scope=" + quoted(strings.Join(s.o.Scopes, " "))
	}
	s.document, _ = json.Marshal(struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Scopes   []string `json:"scopes_supported,omitempty"`
		Methods  []string `json:"bearer_methods_supported"`
	}{s.o.Resource, []string{s.o.Issuer}, s.o.Scopes, []string{"header"}}) // strings always have a JSON form
}

// MetadataPath is where the protected-resource metadata of this server stands:
// /.well-known/oauth-protected-resource, then the path of the resource (RFC
// 9728, section 3.1). Clients also look at the path without the resource's.
func (s *ResourceServer) MetadataPath() string { return s.metadata }

// Metadata serves the protected-resource metadata, to everyone: it is how a
// client learns where to get a token. Web pages of any origin may read it.
func (s *ResourceServer) Metadata() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			answer.Otherwise(w, r, "GET", "HEAD")
			return
		}
		w.Header().Set("Cache-Control", "max-age=300")
		answer.Body(w, r, http.StatusOK, "application/json", s.document)
	})
}
