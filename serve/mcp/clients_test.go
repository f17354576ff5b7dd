//go:build e2e

package mcp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The protocol's own clients (npm, see .ci/mcp) against one of everything.
func TestTheProtocolsOwnClientsAreContent(t *testing.T) {
	dir := filepath.Join("..", "..", ".ci", "mcp")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skip("run npm ci in .ci/mcp first")
	}
	url := listen(t, newServer(t, everything(), nil))
	out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "run.sh"), url+"/mcp", "--inspect", "add", "a=1", "b=2").CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	t.Logf("%s", out)
}
