package mock

import (
	"strings"
	"time"

	"github.com/capstan-run/capstan/internal/matching"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// sampleText makes a string from its format, pattern or, failing these, its
// property's name. Addresses are in the domains that RFC 2606 keeps free.
func sampleText(s *operations.Schema, name string, now time.Time) string {
	if s.Pattern != "" {
		if v, ok := matching.Text(s.Pattern, "aA0m"); ok && fits(s, v) {
			return v
		}
	}
	v := formatted(s.Format, name, now)
	if s.MinLength != nil {
		for len(v) < *s.MinLength && len(v) < 10_000 {
			v += "x"
		}
	}
	if s.MaxLength != nil && len(v) > *s.MaxLength {
		v = v[:*s.MaxLength]
	}
	return v
}

// samples are values of formats.
var samples = map[string]string{
	"email": "someone@example.com", "idn-email": "someone@example.com", "hostname": "host.example.com", "idn-hostname": "host.example.com",
	"uuid": "5f6d3c1e-2b7a-4c8d-9e0f-1a2b3c4d5e6f", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "byte": "ZXhhbXBsZQ==",
}

func formatted(format, name string, now time.Time) string {
	switch format {
	case "date-time":
		return timestamp(now)
	case "date":
		return now.UTC().Format(time.DateOnly)
	case "time":
		return now.UTC().Format("15:04:05Z")
	case "uri", "url", "uri-reference", "iri":
		return "https://example.com/" + strings.ReplaceAll(words.Snake(name), "_", "-")
	}
	if sample := samples[format]; sample != "" {
		return sample
	}
	switch n := words.Snake(name); {
	case n == "email", strings.HasSuffix(n, "_email"):
		return "someone@example.com"
	case n == "url", strings.HasSuffix(n, "_url"), n == "link", n == "href":
		return "https://example.com/" + strings.ReplaceAll(n, "_", "-")
	case n == "domain":
		return "example.com"
	case n == "":
		return "example"
	}
	return "example " + strings.ReplaceAll(words.Snake(name), "_", " ")
}
