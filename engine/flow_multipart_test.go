package engine_test

import (
	"net/http"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// A step's request is the same bytes however often it is made: a resumed run
// holds it to what it recorded.
func TestMultipartRequestIsTheSameEveryTime(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	s := opened(t, p.file(t, capability(bodyOps, bodyTools())), nil)
	var bodies []string
	for range 2 {
		called(t, unit(t, s, "parts"), engine.Inputs{"a": "x", "b": 7})
		bodies = append(bodies, p.take()[0].body)
	}
	if bodies[0] != bodies[1] {
		t.Errorf("sent\n%s\nthen\n%s", bodies[0], bodies[1])
	}
}
