package exec

import (
	"net/http"
	"slices"
	"strings"
)

// headers returns the headers of an answer that the plan reads, each as one text
// (RFC 9110, section 5.3).
func (c *call) headers(h http.Header) map[string]any {
	read := c.a.Headers
	if len(read) == 0 {
		return nil
	}
	out := map[string]any{}
	for name, values := range h {
		name = strings.ToLower(name)
		if read[0] == "" || slices.Contains(read, name) {
			out[name] = strings.Join(values, ", ")
		}
	}
	c.hideHeaders(out)
	return out
}

// hideHeaders lets the run's redactor know the sensitive headers of an answer: those
// that the step names, and cookies, which are credentials.
func (t *turn) hideHeaders(headers map[string]any) {
	for name, text := range headers {
		if text, _ := text.(string); name == "set-cookie" && text != "" {
			t.env.Redactor.Add(text)
		}
	}
	if len(headers) > 0 {
		t.hide(map[string]any{"headers": headers})
	}
}
