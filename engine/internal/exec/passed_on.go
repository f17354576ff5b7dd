package exec

import "net/http"

// PassedOn picks the headers of an API's answer that concern whoever gets the
// answer in the end: for how long to wait (RFC 9110, section 10.2.3), and the name of
// a file (RFC 6266). It is nil when there are none.
func PassedOn(h http.Header) http.Header {
	var out http.Header
	for _, name := range []string{"Retry-After", "Content-Disposition"} {
		if v := h.Get(name); v != "" {
			if out == nil {
				out = http.Header{}
			}
			out.Set(name, v)
		}
	}
	return out
}
