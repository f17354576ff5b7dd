//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const apiKey = "sk_test_default"

// emulator is the running WorkOS emulator and its control routes; see
// emulator.mjs.
type emulator struct {
	URL   string
	stdin io.Closer
	cmd   *exec.Cmd
}

// logged is one request that reached the emulator.
type logged struct {
	Method, Path, Query, Body string
	Headers                   struct {
		Authorized     bool
		IdempotencyKey string
		ContentType    string
	}
}

// entity is any of the emulator's things.
type entity struct {
	ID             string
	Name           string
	State          string
	Domain         string
	OrganizationID string `json:"organization_id"`
	DirectoryID    string `json:"directory_id"`
}

type world struct{ Organizations, Domains, Connections, Directories, DirectoryUsers []entity }

var startedEmulator = sync.OnceValues(func() (*emulator, error) {
	cmd := exec.Command("node", "emulator.mjs")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the emulator did not start: %w", err)
	}
	e := &emulator{stdin: stdin, cmd: cmd}
	return e, json.Unmarshal([]byte(line), e)
})

// newEmulator returns the emulator, empty and without faults.
func newEmulator(t *testing.T) *emulator {
	t.Helper()
	e, err := startedEmulator()
	if err != nil {
		t.Fatal(err)
	}
	e.post(t, "reset", nil)
	return e
}

func (e *emulator) stop() {
	e.stdin.Close()
	e.cmd.Wait()
}

func (e *emulator) post(t *testing.T, route string, body any) map[string]any {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	e.do(t, "POST", "/_e2e/"+route, text, &out)
	return out
}

// fault makes `times` requests of a kind go wrong, after the first `after`.
func (e *emulator) fault(t *testing.T, on, kind string, more ...map[string]any) {
	t.Helper()
	body := map[string]any{"on": on, "kind": kind}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	e.post(t, "fault", body)
}

// story changes what happens to organizations created from now on.
func (e *emulator) story(t *testing.T, changes map[string]any) { e.post(t, "story", changes) }

// foreign adds another tenant whose things are newer than anybody's, and
// returns everything of theirs.
func (e *emulator) foreign(t *testing.T) string {
	t.Helper()
	return e.post(t, "foreign", nil)["organization_id"].(string)
}

func (e *emulator) log(t *testing.T) (out []logged) {
	t.Helper()
	e.do(t, "GET", "/_e2e/log", nil, &out)
	return out
}

func (e *emulator) world(t *testing.T) (out world) {
	t.Helper()
	e.do(t, "GET", "/_e2e/world", nil, &out)
	return out
}

func (e *emulator) do(t *testing.T, method, path string, body []byte, out any) {
	t.Helper()
	req, err := http.NewRequest(method, e.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %v\n%s", method, path, resp.StatusCode, err, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
}

// sent returns the logged requests of one kind, "POST /organizations".
func sent(log []logged, key string) (out []logged) {
	for _, r := range log {
		if r.Method+" "+r.Path == key {
			out = append(out, r)
		}
	}
	return out
}

func (r logged) param(t *testing.T, name string) string {
	t.Helper()
	q, err := url.ParseQuery(r.Query)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(q[name], ",")
}

func (w world) organization(t *testing.T, name string) entity {
	t.Helper()
	for _, o := range w.Organizations {
		if o.Name == name {
			return o
		}
	}
	t.Fatalf("the emulator holds no organization %q", name)
	return entity{}
}

// of returns the things of one organization in a state ("" for any).
func of(list []entity, organization, state string) (out []entity) {
	for _, x := range list {
		if x.OrganizationID == organization && (state == "" || x.State == state) {
			out = append(out, x)
		}
	}
	return out
}
