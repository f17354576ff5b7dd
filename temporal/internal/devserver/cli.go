package devserver

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// version is the newest version of the command that the go command can build: later ones
// replace modules by folders.
const version = "v1.5.1"

// CLI returns the path of the temporal command: that of the variable CAPSTAN_TEMPORAL_CLI,
// else the one in PATH, else one that is built from source into the user's cache, which
// takes some minutes the first time and is written to progress.
func CLI(ctx context.Context, progress io.Writer) (string, error) {
	if path := os.Getenv("CAPSTAN_TEMPORAL_CLI"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("CAPSTAN_TEMPORAL_CLI: %w", err)
		}
		return path, nil
	}
	if path, err := exec.LookPath("temporal"); err == nil {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the temporal command: %w; set CAPSTAN_TEMPORAL_CLI to its path", err)
	}
	return built(ctx, filepath.Join(cache, "capstan", "temporal-"+version), progress)
}

// built returns the command in a folder, built if it is not there. Two processes may build
// it at once: the go command puts it there whole.
func built(ctx context.Context, dir string, progress io.Writer) (string, error) {
	path := filepath.Join(dir, "temporal")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	const source = "github.com/temporalio/cli/cmd/temporal@" + version
	fmt.Fprintf(progress, "building %s into %s, once\n", source, dir)
	cmd := exec.CommandContext(ctx, "go", "install", source)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-trimpath", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w; install the temporal command, or set CAPSTAN_TEMPORAL_CLI to its path\n%s", source, err, out)
	}
	return path, nil
}
