package command

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/internal/stalltest"
)

const stalledDocument = `openapi: 3.0.3
info: {title: Berths, version: '1'}
servers: [{url: 'http://127.0.0.1'}]
paths:
  /berths:
    get:
      operationId: listBerths
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
    post:
      operationId: bookBerth
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
`

const stalledCapability = `name: Berths
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: berths
steps: [{id: list, capability: berths, operation: listBerths, retry: 1}]
`

// atStall calls test with each phase that a server can stall in, and the flags
// that reach it.
func atStall(t *testing.T, test func(t *testing.T, server *stalltest.Server, capability string, flags []string)) {
	dir := t.TempDir()
	for name, text := range map[string]string{"berths.openapi.yaml": stalledDocument, "berths.yaml": stalledCapability} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, phase := range stalltest.Phases() {
		if phase == stalltest.Connect { // loopback always connects
			continue
		}
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			server, err := phase.Listen()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			test(t, server, filepath.Join(dir, "berths.yaml"), []string{
				"--openapi", "berths=" + filepath.Join(dir, "berths.openapi.yaml"), "--base-url", phase.URL(server.Host), "--config", "none", "--state", "none",
			})
		})
	}
}

// A command ends by --request-timeout and by --timeout in whatever phase the API
// stalls. That it ends at all is the test: what hangs reaches the time-out of
// the test binary.
func TestCommandsEndInEveryPhase(t *testing.T) {
	atStall(t, func(t *testing.T, _ *stalltest.Server, capability string, flags []string) {
		const bound = "100ms"
		for _, args := range [][]string{
			{"run", capability, "--request-timeout", bound},
			{"run", capability, "--timeout", bound},
			{"call", "berths", "bookBerth", "--request-timeout", bound},
			{"call", "berths", "listBerths", "--timeout", bound},
		} {
			a, _, stderr := newTestApp("")
			code := run(t.Context(), append(args, flags...), a.io)
			if code != exitFailed && code != exitTimedOut && code != exitWaiting {
				t.Errorf("%v: exit %d\n%s", args, code, stderr)
			}
		}
	})
}

// A signal ends a command in whatever phase the API stalls.
func TestCommandsEndWhenInterruptedInEveryPhase(t *testing.T) {
	for _, command := range [][]string{{"run", "CAPABILITY"}, {"call", "berths", "listBerths"}} {
		atStall(t, func(t *testing.T, server *stalltest.Server, capability string, flags []string) {
			args := slices.Concat(command, flags)
			if args[1] == "CAPABILITY" {
				args[1] = capability
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-server.Reached
				cancel()
			}()
			a, _, stderr := newTestApp("")
			if code := run(ctx, args, a.io); code != exitInterrupted && code != exitFailed { // 101 may have failed it before
				t.Errorf("%v: exit %d\n%s", args, code, stderr)
			}
		})
	}
}
