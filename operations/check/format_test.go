package check

import (
	"testing"

	"github.com/capstan-run/capstan/operations"
)

// Formats are held for what is sent, and allow what an API can mean by them.
func TestFormats(t *testing.T) {
	for _, test := range []struct {
		format      string
		good, wrong []string
	}{
		{"email", []string{"ada@example.com", "a.@docomo.ne.jp", "ada+x@localhost", "李@例え.jp", `"a b"@example.com`, "a@[192.0.2.1]"}, []string{"", "ada", "ada@", "@example.com", "a b@example.com", "Ada <ada@example.com>", "ada@https://example.com"}},
		{"uuid", []string{"5f6d3c1e-2b7a-4c8d-9e0f-1a2b3c4d5e6f", "5F6D3C1E-2B7A-4C8D-9E0F-1A2B3C4D5E6F"}, []string{"5f6d3c1e", "5f6d3c1e-2b7a-4c8d-9e0f-1a2b3c4d5e6g"}},
		{"date", []string{"2026-02-28"}, []string{"2026-02-30", "28.2.2026", "2026-2-28"}},
		{"date-time", []string{"2026-02-28T10:00:00Z", "2026-02-28t10:00:00.123+01:00", "2016-12-31T23:59:60Z"}, []string{"2026-02-28", "tomorrow", "2026-02-28T10:00:00"}},
		{"hostname", []string{"example.com", "example.com.", "_dmarc.example.com", "例え.jp"}, []string{"https://example.com", "example.com/a", "a b", "a..b", "."}},
		{"ipv4", []string{"192.0.2.1"}, []string{"192.0.2.256", "::1"}},
		{"ipv6", []string{"2001:db8::1"}, []string{"192.0.2.1"}},
		{"uri", []string{"https://example.com/a b", "urn:x:y", "mailto:a@b.c"}, []string{"/a", "example.com", "ht tp://x"}},
		{"password", []string{"", "anything"}, nil},
	} {
		s := &operations.Schema{Types: []string{"string", "null"}, Format: test.format}
		for _, v := range test.good {
			if found := Value(s, v); found != nil {
				t.Errorf("%s %q: %v", test.format, v, found)
			}
		}
		for _, v := range test.wrong {
			found := Value(s, v)
			if len(found) != 1 || found[0].String() != show(v)+" is not of the format "+test.format {
				t.Errorf("%s %q: %v", test.format, v, found)
			}
			if found := Answer(s, v); found != nil {
				t.Errorf("%s %q in an answer: %v", test.format, v, found)
			}
		}
		if found := Value(s, nil); found != nil {
			t.Errorf("%s null: %v", test.format, found)
		}
	}
}
