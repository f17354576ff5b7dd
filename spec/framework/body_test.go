package framework

import (
	"strings"
	"testing"
)

// The media type of a body is kept where it is not that of the body's type.
func TestMediaTypesOfBodies(t *testing.T) {
	for written, want := range map[string]string{
		"json": "json", "Form": "formUrlEncoded", "application/json": "json", "application/xml": "xml", "text/plain": "text",
		"application/json; charset=utf-8": "json application/json; charset=utf-8", "application/merge-patch+json": "json application/merge-patch+json",
		"image/svg+xml": "xml image/svg+xml", "text/xml": "xml text/xml", "text/csv": "text text/csv", "multipart/form-data; boundary=x": "multipartForm",
		"yaml": "", "a/b/c": "", "": "",
	} {
		meant, other := bodyType(written)
		if got := strings.TrimSpace(meant + " " + other); got != want {
			t.Errorf("%s is %q, want %q", written, got, want)
		}
	}
}
