package serve

import "testing"

func TestTheAddressAskedForIsTheOneToldOf(t *testing.T) {
	for _, tt := range []struct{ asked, got, want string }{
		{"0.0.0.0:0", "[::]:4711", "0.0.0.0:4711"},
		{"localhost:80", "127.0.0.1:80", "localhost:80"},
		{"[::1]:0", "[::1]:9", "[::1]:9"},
		{":8080", "[::]:8080", "[::]:8080"},
	} {
		if got := asAsked(tt.asked, tt.got); got != tt.want {
			t.Errorf("asked for %s, listening at %s: told of %s, want %s", tt.asked, tt.got, got, tt.want)
		}
	}
}
