package charset

import (
	"errors"
	"testing"
)

func TestUTF8(t *testing.T) {
	for _, test := range []struct{ text, label, want string }{
		{"Zürich", "", "Zürich"},
		{"\xef\xbb\xbfZürich", "iso-8859-1", "Zürich"}, // the mark wins
		{"Z\xfcrich", "ISO-8859-1", "Zürich"},
		{"\xff\xfeZ\x00\xfc\x00", "", "Zü"},
		{"\xfe\xff\x00Z\x00\xfc", "utf-16", "Zü"},
		{"\x00Z\x00\xfc", "utf-16", "Zü"},
		{"Z\x00\xfc\x00", "UTF-16LE", "Zü"},
		{"\x3d\xd8\xa2\xde", "utf-16le", "🚢"},
		{"\xff\xfe\xff\xfeZ\x00", "utf-16", "Z"}, // marked twice
		{"\ufeff\ufeffZ", "", "Z"},
		{"", "utf-16", ""},
		{"\ufffd", "", "\ufffd"}, // written so
	} {
		if got, err := UTF8([]byte(test.text), test.label); err != nil || string(got) != test.want {
			t.Errorf("%q as %q: got %q, %v", test.text, test.label, got, err)
		}
	}
}

func TestTextThatIsNotWhatItSaysIsRefused(t *testing.T) {
	for _, test := range []struct{ text, label, want string }{
		{"Z\xfcrich", "", "it is not UTF-8 from byte 1 on"},
		{"Z\xfcrich", "us-ascii", "it is not UTF-8 from byte 1 on"},
		{"abc", "utf-16", "it is not UTF-16: half a code unit is left at its end"},
		{"a\x00\x3d\xd8", "utf-16le", "it is not UTF-16 from byte 2 on"},
		{"a\x00\xa2\xdea\x00", "utf-16le", "it is not UTF-16 from byte 2 on"},
		{"abc", "ebcdic-us", `it is written in "ebcdic-us", a charset that is not read here; use UTF-8`},
	} {
		if _, err := UTF8([]byte(test.text), test.label); err == nil || err.Error() != test.want {
			t.Errorf("%q as %q: got %v", test.text, test.label, err)
		}
	}
	if _, err := UTF8([]byte("a"), "ebcdic-us"); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestOf(t *testing.T) {
	for contentType, want := range map[string]string{
		"application/json; charset=ISO-8859-1": "ISO-8859-1", "application/json": "", "": "", ";;": "",
	} {
		if got := Of(contentType); got != want {
			t.Errorf("%q names %q", contentType, got)
		}
	}
}
