package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// emulatorDir has the official WorkOS emulator, which npm ci installs there.
const emulatorDir = "../../../.ci/e2e"

// emulator is a running emulator with the control routes of emulator.mjs.
type emulator struct{ URL string }

// startEmulator starts an emulator that ends with the test. A test that needs one is skipped
// where it is not installed.
func startEmulator(t *testing.T) *emulator {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(emulatorDir, "node_modules", "workos"))
	}
	if err != nil {
		t.Skipf("the WorkOS emulator is not installed: %v; it needs node 20 and npm ci in .ci/e2e", err)
	}
	cmd := exec.Command(node, "emulator.mjs")
	cmd.Dir, cmd.Stderr = emulatorDir, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	e := &emulator{}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, e)
	}
	if err != nil {
		t.Fatal("the emulator does not start:", err)
	}
	return e
}

// slow delays requests of one kind, before they take effect and again before the answer.
func (e *emulator) slow(on string, by time.Duration) error {
	body, err := json.Marshal(map[string]any{"on": on, "kind": "slow", "times": 1 << 30, "ms": by.Milliseconds()})
	if err != nil {
		return err
	}
	resp, err := http.Post(e.URL+"/_e2e/fault", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the emulator answers %s", resp.Status)
	}
	return nil
}

// world is what the emulator holds.
type world struct{ Organizations, Connections, Directories []entity }

type entity struct {
	ID             string
	Name           string
	State          string
	ExternalID     string `json:"external_id"`
	OrganizationID string `json:"organization_id"`
}

func (e *emulator) world() (w world, err error) { return w, e.get("world", &w) }

// sent is a request that reached the emulator.
type sent struct{ Method, Path, Body string }

// log returns the requests that reached the emulator, in their order.
func (e *emulator) log() (out []sent, err error) { return out, e.get("log", &out) }

func (e *emulator) get(route string, into any) error {
	resp, err := http.Get(e.URL + "/_e2e/" + route)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}

// of returns the things of an organization in a state.
func of(list []entity, organization, state string) (out []entity) {
	for _, x := range list {
		if x.OrganizationID == organization && x.State == state {
			out = append(out, x)
		}
	}
	return out
}
