package operations

import (
	"mime"
	"strings"
)

// IsJSON reports whether a media type is JSON: application/json, text/json or
// a "+json" suffix (RFC 6839).
func IsJSON(mediaType string) bool {
	t, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return false
	}
	return t == "application/json" || t == "text/json" || strings.HasSuffix(t, "+json")
}

func firstJSON(ms []Media) *Media {
	for i := range ms {
		if IsJSON(ms[i].Type) {
			return &ms[i]
		}
	}
	return nil
}
