package layout_test

import "testing"

// FuzzFormat looks for texts that are not the same when they are laid out twice. A file
// that cannot be laid out without another meaning is found out, and left alone.
func FuzzFormat(f *testing.F) {
	for _, test := range layouts {
		f.Add(test.src)
	}
	for _, src := range []string{ // that were not, or lost their meaning
		"?\n  0 0000:", "\rd: 1i\n\r\nname:", "last:  x\nnote: 1\nname: x\nnote:", "with:\n (  id: |2\n      ", "-\r-\r\r-\r\r\r\r\r\r-", "\rd: 1i\r\n\nname:",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		once, err := format(src)
		if err != nil {
			return
		}
		if again, err := format(once); again != once || err != nil {
			t.Fatalf("a second time gives, error %v:\n%q\nnot\n%q", err, again, once)
		}
	})
}
