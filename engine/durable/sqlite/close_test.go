package sqlite

import "testing"

// The watch for the writes of other processes may look once more while the store
// is closed.
func TestALookAtAClosedStoreFails(t *testing.T) {
	s, err := open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Changed(t.Context()); err == nil {
		t.Error("a closed store was looked at")
	}
}
