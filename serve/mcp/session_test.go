package mcp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/mcp"
)

// Behaviour case mcp-legacy-session, over every version of its era.
func TestSessionEra(t *testing.T) {
	offer := only("add", "plain")
	offer.TTL = time.Minute
	url := listen(t, newServer(t, offer, nil))
	for _, version := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		t.Run(version, func(t *testing.T) {
			s := open(t, url, version)
			if s.id == "" {
				t.Error("there is no session id")
			}
			has(t, "initialize", dict{
				"protocolVersion": version, "serverInfo": dict{"name": "calc", "version": "3.2.1"}, "instructions": "A tiny calculator.",
				"capabilities": dict{"tools": present, "prompts": absent, "resources": absent, "logging": absent}, "resultType": absent,
			}, s.hello)
			has(t, "tools/list", dict{"ttlMs": absent, "cacheScope": absent, "resultType": absent, "_meta": absent, "tools": list{
				dict{
					"name": "add", "title": "Add up", "description": "Adds",
					"inputSchema": dict{"type": "object", "required": list{"a"}, "properties": dict{"a": dict{"type": "number", "description": "First"}, "b": dict{"type": "integer", "description": "Second"}}},
					"annotations": dict{"title": "Add up", "readOnlyHint": true, "openWorldHint": false, "destructiveHint": absent},
				},
				dict{"name": "plain", "inputSchema": dict{"type": "object"}, "annotations": absent},
			}}, s.send("tools/list", nil).result())
			has(t, "tools/call", dict{"content": list{dict{"text": `{"sum":"1+2"}`}}, "structuredContent": dict{"sum": "1+2"}, "resultType": absent},
				s.send("tools/call", dict{"name": "add", "arguments": dict{"a": 1, "b": 2}}).result())
			if pong := s.send("ping", nil); len(pong.result()) != 0 || pong.fault() != nil {
				t.Errorf("ping answered %v", pong.body)
			}
			has(t, "no/such", dict{"code": -32601.0}, s.send("no/such", nil).fault())
			has(t, "nope", dict{"code": -32602.0, "message": `there is no tool "nope"`}, s.send("tools/call", dict{"name": "nope"}).fault())
			has(t, "discover", dict{"code": -32601.0}, s.send("server/discover", nil).fault())
		})
	}
}

func TestOldClientsAreNotToldOfNewSchemas(t *testing.T) {
	offer := only("plain")
	offer.Tools[0].OutputSchema = map[string]any{"type": "array"}
	offer.Tools[0].Call = answersWith([]int{1})
	url := listen(t, newServer(t, offer, nil))
	s := open(t, url, "2025-06-18")
	has(t, "old list", list{dict{"outputSchema": absent}}, s.send("tools/list", nil).result()["tools"])
	has(t, "old call", dict{"structuredContent": absent, "content": list{dict{"text": "[1]"}}}, s.send("tools/call", dict{"name": "plain"}).result())
	has(t, "new list", list{dict{"outputSchema": dict{"type": "array"}}}, ask(t, url, "tools/list", nil).result()["tools"])
	has(t, "new call", dict{"structuredContent": list{1.0}}, ask(t, url, "tools/call", dict{"name": "plain"}).result())
}

func TestUnknownVersionsGetTheNewestOfTheEra(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	has(t, "initialize", dict{"protocolVersion": "2025-11-25"}, open(t, url, "2025-11-25").hello)
	s := &session{t: t, url: url}
	a := s.send("initialize", dict{"protocolVersion": "2031-01-01", "capabilities": dict{}, "clientInfo": dict{"name": "x", "version": "1"}})
	has(t, "initialize", dict{"protocolVersion": "2025-11-25"}, a.result())
}

func TestSessionsEndByDelete(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	s := open(t, url, "2025-06-18")
	req, _ := http.NewRequest(http.MethodDelete, url, nil)
	req.Header.Set("Mcp-Session-Id", s.id)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatalf("delete: %v %v", res, err)
	}
	res.Body.Close()
	if gone := s.send("tools/list", nil); gone.status != http.StatusNotFound || gone.fault() == nil {
		t.Errorf("after its end the session answers %d %v", gone.status, gone.body)
	}
}

func TestTheQuietestSessionMakesRoom(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), &mcp.Options{MaxSessions: 2}))
	first, second := open(t, url, "2025-06-18"), open(t, url, "2025-06-18")
	first.send("ping", nil) // now second is the quietest
	open(t, url, "2025-06-18")
	if a := first.send("ping", nil); a.status != 200 {
		t.Errorf("the busier session answers %d %v", a.status, a.body)
	}
	if a := second.send("ping", nil); a.status != http.StatusNotFound {
		t.Errorf("the quietest session answers %d %v", a.status, a.body)
	}
}

func TestRequestsHaveALimit(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), &mcp.Options{MaxBody: 100}))
	got := post(t, url, `"`+strings.Repeat("x", 100)+`"`, nil)
	if got.status != http.StatusRequestEntityTooLarge || got.fault() == nil {
		t.Errorf("a request over the limit got %d %v", got.status, got.body)
	}
}

func TestGetWantsASession(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	for version, want := range map[string]int{modern: http.StatusMethodNotAllowed, "2025-06-18": http.StatusBadRequest} {
		req, _ := http.NewRequest(http.MethodGet, url, nil)
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Mcp-Protocol-Version", version)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %d %s, want %d as JSON", version, res.StatusCode, res.Header.Get("Content-Type"), want)
		}
	}
}

func TestBatchesOfTheEarlyVersions(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	s := open(t, url, "2025-03-26")
	req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(`[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/list"}]`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for k, v := range s.headers() {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("a batch got %d", res.StatusCode)
	}
}

// Who learns the id of somebody else's session has nothing of it.
func TestSessionsBelongToWhoOpenedThem(t *testing.T) {
	s := newServer(t, only("plain"), nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Handler().ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), r.Header.Get("Name"))))
	}))
	t.Cleanup(server.Close)
	hello := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	id := post(t, server.URL, hello, map[string]string{"Name": "anna"}).header.Get("Mcp-Session-Id")
	as := func(who string) map[string]string {
		return map[string]string{"Name": who, "Mcp-Session-Id": id, "Mcp-Protocol-Version": "2025-11-25"}
	}
	const list = `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`
	for _, method := range []string{"POST", "GET", "DELETE"} {
		req := httptest.NewRequest(method, server.URL, strings.NewReader(list))
		req.RequestURI = ""
		req.Header.Set("Accept", "application/json, text/event-stream")
		req.Header.Set("Content-Type", "application/json")
		for k, v := range as("bent") {
			req.Header.Set(k, v)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s in somebody else's session answered %d, want 404", method, resp.StatusCode)
		}
	}
	if a := post(t, server.URL, list, as("anna")); a.status != http.StatusOK {
		t.Errorf("its owner got %d %v", a.status, a.body)
	}
}

// asks serves one server to two callers: each at an address of its own.
func asks(t *testing.T, callers ...string) []string {
	s := newServer(t, only("plain"), &mcp.Options{MaxSessions: 3})
	var urls []string
	for _, caller := range callers {
		urls = append(urls, listenHandler(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.Handler().ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), caller)))
		})))
	}
	return urls
}

func TestWhoOpensTooManySessionsLosesItsOwn(t *testing.T) {
	urls := asks(t, "ada", "bob")
	ada := open(t, urls[0], "2025-06-18") // the quietest of all
	var bobs []*session
	for range 10 {
		bobs = append(bobs, open(t, urls[1], "2025-06-18"))
	}
	if a := ada.send("ping", nil); a.status != http.StatusOK {
		t.Errorf("the other caller's session answers %d %v", a.status, a.body)
	}
	for i, want := range map[int]int{0: http.StatusNotFound, 7: http.StatusNotFound, 8: http.StatusOK, 9: http.StatusOK} {
		if a := bobs[i].send("ping", nil); a.status != want {
			t.Errorf("session %d of who opens too many answers %d, want %d", i, a.status, want)
		}
	}
}

func TestWhoHasMostSessionsMakesRoomForTheFirstOfAnother(t *testing.T) {
	urls := asks(t, "ada", "bob", "eve")
	ada := open(t, urls[0], "2025-06-18")
	first, second := open(t, urls[1], "2025-06-18"), open(t, urls[1], "2025-06-18")
	eve := open(t, urls[2], "2025-06-18")
	for who, s := range map[string]*session{"who has one": ada, "the newcomer": eve, "the busier of two": second} {
		if a := s.send("ping", nil); a.status != http.StatusOK {
			t.Errorf("the session of %s answers %d %v", who, a.status, a.body)
		}
	}
	if a := first.send("ping", nil); a.status != http.StatusNotFound {
		t.Errorf("the quieter session of who has two answers %d %v", a.status, a.body)
	}
}
