package paging

import (
	"net/http"
	"strings"
)

// nextLink finds the target of rel="next" in the Link headers (RFC 8288).
func nextLink(h http.Header) (string, bool) {
	for _, header := range h.Values("Link") {
		for header != "" {
			_, rest, found := strings.Cut(header, "<")
			if !found {
				break
			}
			target, params, closed := strings.Cut(rest, ">")
			if !closed {
				break
			}
			// The parameters end where the next link begins.
			mine, _, _ := strings.Cut(params, "<")
			if isNext(mine) {
				return target, true
			}
			header = params
		}
	}
	return "", false
}

// isNext reports whether link parameters hold the relation "next", which may
// stand among others and in any case.
func isNext(params string) bool {
	for _, param := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		value = strings.Trim(strings.TrimRight(strings.TrimSpace(value), ", "), `"`)
		for _, rel := range strings.Fields(value) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}
