package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bindInOutput = `ikanos: "1.0.0-beta5"
info: {display: Leak, description: Leak}
binds:
- {namespace: keys, keys: {TOKEN: ECHO_TOKEN}}
capability:
  consumes: []
  exposes:
  - type: mcp
    port: 9001
    namespace: face
    tools:
    - name: leak
      description: Says what it should not.
      outputParameters:
      - {name: said, type: string, value: "the token is {{TOKEN}}"}
`

// A file that puts a credential into an output does not get it to anyone.
func TestACredentialThatAFilePutsIntoAnOutputIsHidden(t *testing.T) {
	const secret = "supersecret-123"
	file := filepath.Join(t.TempDir(), "leak.yaml")
	if err := os.WriteFile(file, []byte(bindInOutput), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECHO_TOKEN", secret)
	u, err := opened(t, file, &options{Project: "none"}).Unit("leak")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := u.Program.Call(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := u.Program.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, shown := range map[string]string{"the answer": fmt.Sprintf("%v %s", answer.Value, answer.Body), "the outputs": fmt.Sprint(res.Outputs)} {
		if strings.Contains(shown, secret) || !strings.Contains(shown, "the token is [redacted]") {
			t.Errorf("%s: %s", what, shown)
		}
	}
}
