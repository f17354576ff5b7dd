package access

import (
	"net/http"
	"slices"
	"strings"
)

// CORS lets web pages of the given origins ("https://app.example.com", or "*"
// for all) call next and read its answers, as the Fetch standard has it: a
// preflight of theirs is answered here, and cookies are never invited. Without
// origins it is next itself, and no page of another origin reads anything.
func CORS(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	all := slices.Contains(origins, "*")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		from := r.Header.Get("Origin")
		welcome := from != "" && (all || slices.ContainsFunc(origins, func(o string) bool { return sameOrigin(o, from) }))
		if !welcome {
			next.ServeHTTP(w, r)
			return
		}
		if all {
			from = "*"
		}
		h.Set("Access-Control-Allow-Origin", from)
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			h.Set("Access-Control-Expose-Headers", "Location, Retry-After, ETag, Link, WWW-Authenticate, Mcp-Session-Id, Mcp-Protocol-Version")
			next.ServeHTTP(w, r)
			return
		}
		h.Add("Vary", "Access-Control-Request-Headers")
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
		if names := r.Header.Values("Access-Control-Request-Headers"); len(names) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(names, ", "))
		}
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}

// sameOrigin compares scheme and host, which a browser sends in lower case.
func sameOrigin(configured, sent string) bool {
	return strings.EqualFold(strings.TrimSuffix(configured, "/"), sent)
}
