package mcp_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/mcp"
)

const modern = "2026-07-28"

// answer is what came back over HTTP: the status, the headers and the one
// JSON-RPC message with the request's id.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

func (a *answer) result() map[string]any { r, _ := a.body["result"].(map[string]any); return r }
func (a *answer) fault() map[string]any  { r, _ := a.body["error"].(map[string]any); return r }

// post sends one body with headers, and reads JSON and event streams alike.
func post(t testing.TB, url, body string, headers map[string]string) *answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		data = lastEvent(data)
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &a.body); err != nil {
			t.Fatalf("status %d: the answer is not JSON: %s", a.status, data)
		}
	}
	return a
}

func lastEvent(stream []byte) (data []byte) {
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if event, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:")); ok {
			data = bytes.Clone(event)
		}
	}
	return data
}

// ask makes a request of the 2026-07-28 era as a good client does.
func ask(t testing.TB, url, method string, params map[string]any) *answer {
	t.Helper()
	all := map[string]any{"_meta": map[string]any{
		"io.modelcontextprotocol/protocolVersion":    modern,
		"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "test", "version": "1"},
		"io.modelcontextprotocol/clientCapabilities": map[string]any{},
	}}
	for k, v := range params {
		all[k] = v
	}
	headers := map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": method}
	for _, key := range []string{"name", "uri"} {
		if name, ok := params[key].(string); ok {
			headers["Mcp-Name"] = name
		}
	}
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": all})
	return post(t, url, string(body), headers)
}

// session is a client of the era up to 2025-11-25.
type session struct {
	t       testing.TB
	url, id string
	version string
	hello   map[string]any
}

func open(t testing.TB, url, version string) *session {
	t.Helper()
	s := &session{t: t, url: url, version: version}
	a := s.send("initialize", map[string]any{"protocolVersion": version, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "test", "version": "1"}})
	if a.result() == nil {
		t.Fatalf("initialize answered %d %v", a.status, a.body)
	}
	s.id, s.hello = a.header.Get("Mcp-Session-Id"), a.result()
	if done := post(t, url, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, s.headers()); done.status != http.StatusAccepted {
		t.Fatalf("notifications/initialized answered %d %v", done.status, done.body)
	}
	return s
}

func (s *session) headers() map[string]string {
	h := map[string]string{}
	if s.id != "" {
		h["Mcp-Session-Id"], h["Mcp-Protocol-Version"] = s.id, s.version
	}
	return h
}

func (s *session) send(method string, params map[string]any) *answer {
	s.t.Helper()
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
	return post(s.t, s.url, string(body), s.headers())
}

// has fails unless got has what want has; mappings may have more keys. The
// value absent wants the key not to be there, present any value.
func has(t testing.TB, where string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: got %v, want a mapping", where, got)
			return
		}
		for k, v := range want {
			have, there := m[k]
			switch {
			case v == absent && there:
				t.Errorf("%s.%s: is %v, want it absent", where, k, have)
			case v == absent:
			case v == present && !there:
				t.Errorf("%s.%s: is absent", where, k)
			case v == present:
			default:
				has(t, where+"."+k, v, have)
			}
		}
	case []any:
		l, _ := got.([]any)
		if len(l) != len(want) {
			t.Errorf("%s: got %v, want %d entries", where, got, len(want))
			return
		}
		for i := range want {
			has(t, where, want[i], l[i])
		}
	default:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", where, diff)
		}
	}
}

type presence string

const (
	absent  presence = "absent"
	present presence = "present"
)

type dict = map[string]any
type list = []any

// only offers some of everything.
func only(tools ...string) *mcp.Offer {
	all := everything()
	offer := &mcp.Offer{Name: all.Name, Version: all.Version, Instructions: all.Instructions}
	for _, name := range tools {
		for _, tool := range all.Tools {
			if tool.Name == name {
				offer.Tools = append(offer.Tools, tool)
			}
		}
	}
	return offer
}
