//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// TestMain builds the binary and the emulator once; tests run one after the
// other and reset the emulator.
func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "capstan-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv(workDir, dir)
	code := m.Run()
	if e, err := startedEmulator(); err == nil {
		e.stop()
	}
	return code
}

// workDir is the environment variable that hands the folder of the built
// binary from TestMain to the tests.
const workDir = "CAPSTAN_E2E_DIR"

// binary builds capstan once and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	name := filepath.Join(os.Getenv(workDir), "capstan")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", name, "./cmd/capstan")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})
