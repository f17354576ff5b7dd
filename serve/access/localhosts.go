package access

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/serve/internal/answer"
)

// LocalHosts keeps web pages from calling next behind their reader's back
// (DNS rebinding, cross-site requests), as the MCP specification asks of HTTP
// servers. On a connection to a loopback address the Host must be localhost or
// a loopback address, with any port. On every connection the Origin, where a
// browser sends one, must be the Host itself, or one that is local too when the
// connection is. All else gets 403.
//
// allowed adds to both: hosts ("capstan.example.com", with or without a port)
// and origins ("https://app.example.com"), such as those given to CORS.
func LocalHosts(allowed []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if detail := stranger(r, allowed); detail != "" {
			answer.Fault(w, r, answer.Problem{Status: http.StatusForbidden, Detail: detail})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// stranger returns the reason why r is foreign, "" if it is not.
func stranger(r *http.Request, allowed []string) string {
	local := overLoopback(r)
	if local && !loopback.Address(r.Host) && !admits(allowed, r.Host, "") {
		return "the Host header names another machine; call this server as localhost or 127.0.0.1"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		// A browser marks even the requests that carry no Origin. Following a
		// link here is fine; being loaded into another site's page is not.
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return "a web page of another site may not call this server"
		}
		return ""
	}
	from, err := url.Parse(origin)
	if err == nil && from.Host != "" {
		if strings.EqualFold(from.Host, r.Host) || local && loopback.Address(from.Host) || admits(allowed, from.Host, origin) {
			return ""
		}
	}
	return "a web page of another site may not call this server; its Origin is not one that is allowed here"
}

// overLoopback reports whether the connection came to a loopback address. A
// connection without a known address is taken for one: that is the stricter side.
func overLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	if _, unix := addr.(*net.UnixAddr); unix {
		return false // no browser gets there
	}
	_, err := netip.ParseAddrPort(addr.String())
	return err != nil || loopback.Address(addr.String())
}

// admits reports whether a host, or the origin it stands in, is allowed. An
// entry without a port is good for every port; an entry with a scheme speaks of
// that origin only.
func admits(allowed []string, host, origin string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		if strings.Contains(a, "://") {
			return origin != "" && sameOrigin(a, origin)
		}
		return strings.EqualFold(a, host) || strings.EqualFold(a, loopback.Hostname(host))
	})
}
