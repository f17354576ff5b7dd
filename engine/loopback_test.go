package engine_test

import (
	"strings"
	"testing"
)

// A name below localhost is this machine: it is valid as a base URL, and a
// credential goes there, whatever the resolver knows of it.
func TestANameOfThisMachineIsCalledWithACredential(t *testing.T) {
	for _, host := range []string{"api.localhost", "API.Localhost.", "localhost"} {
		w := newWorkOS(t)
		w.activeAfter = 1
		o := quick(w)
		o.BaseURL = strings.Replace(w.url, "127.0.0.1", host, 1)
		if _, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
