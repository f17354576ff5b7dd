package mcp_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/mcp"
)

func TestReplaceServesNewRequestsAndLetsOldOnesFinish(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	old := &mcp.Offer{Name: "old", Tools: []mcp.Tool{{Name: "slow", Call: func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
		close(began)
		<-finish
		return &mcp.ToolResult{Content: []mcp.Content{mcp.Text("old")}}, nil
	}}}}
	server := newServer(t, old, nil)
	url := listen(t, server)
	s := open(t, url, "2025-11-25")
	slow := make(chan *answer)
	go func() { slow <- ask(t, url, "tools/call", dict{"name": "slow"}) }()
	<-began
	next := everything()
	next.Name, next.Tools = "new", next.Tools[:1]
	if err := server.Replace(next); err != nil {
		t.Fatal(err)
	}
	has(t, "discover", dict{"capabilities": dict{"prompts": present}, "_meta": dict{"io.modelcontextprotocol/serverInfo": dict{"name": "new"}}}, ask(t, url, "server/discover", nil).result())
	has(t, "old session", dict{"tools": list{dict{"name": "seek"}}}, s.send("tools/list", nil).result())
	has(t, "old tool", dict{"code": -32602.0}, s.send("tools/call", dict{"name": "slow"}).fault())
	close(finish)
	has(t, "call in flight", dict{"content": list{dict{"text": "old"}}}, (<-slow).result())
}

func TestListenersHearOfAReplacement(t *testing.T) {
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			server := newServer(t, &mcp.Offer{Name: "empty"}, nil)
			url := listen(t, server)
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			first := ": ok"
			if era == modern {
				req, _ = http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Mcp-Protocol-Version", modern)
				req.Header.Set("Mcp-Method", "subscriptions/listen")
				first = "notifications/subscriptions/acknowledged"
			} else {
				req.Header.Set("Mcp-Session-Id", open(t, url, era).id)
			}
			req.Header.Set("Accept", "application/json, text/event-stream")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			lines := bufio.NewScanner(res.Body)
			hear := func(what string) {
				for lines.Scan() {
					if strings.Contains(lines.Text(), what) {
						return
					}
				}
				t.Fatalf("the stream ended without %s", what)
			}
			hear(first)
			for _, change := range []struct {
				what  string
				offer *mcp.Offer
			}{
				{"tools", only("plain")},
				{"prompts", &mcp.Offer{Name: "x", Tools: only("plain").Tools, Prompts: prompts()}},
				{"resources", &mcp.Offer{Name: "x", Tools: only("plain").Tools, Prompts: prompts(), Resources: []mcp.Resource{docs()}}},
			} {
				if err := server.Replace(change.offer); err != nil {
					t.Fatal(err)
				}
				hear("notifications/" + change.what + "/list_changed")
			}
		})
	}
}

func TestAWrongOfferIsRefusedAsAWhole(t *testing.T) {
	no := func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) { return nil, nil }
	server := newServer(t, only("plain"), nil)
	err := server.Replace(&mcp.Offer{
		CacheScope: "shared", TTL: -1,
		Tools: []mcp.Tool{
			{Name: "twice", Call: no}, {Name: "twice", Call: no}, {Name: "empty"}, {Call: no},
			{Name: "list", Call: no, InputSchema: map[string]any{"type": "array"}},
		},
		Resources: []mcp.Resource{{URI: "no-scheme", Read: holds("")}, {URI: "data:x"}},
		Templates: []mcp.Template{{URITemplate: "data://x"}, {URITemplate: "data://{+x}"}},
		Prompts:   []mcp.Prompt{{Name: "silent"}},
	})
	if err == nil {
		t.Fatal("a wrong offer is served")
	}
	want := `an mcp server needs a name
a list cannot be kept for -1ns
cache scope "shared" is neither public nor private
tool "twice" is there twice
tool "empty" has nothing to call
a tool has no name
tool "list": the input schema has type array; the protocol wants object
resource "no-scheme": the address has no scheme; write something like data://no-scheme
resource "data:x" has nothing to read
resource template "data://x" has nothing to read
resource template "data://x": a template without variables is a plain resource
resource template "data://{+x}" has nothing to read
resource template "data://{+x}": {+x}: only plain variables such as {id} are supported
prompt "silent" has no text`
	has(t, "error", want, err.Error())
	has(t, "still served", dict{"tools": list{dict{"name": "plain"}}}, ask(t, listen(t, server), "tools/list", nil).result())
}

func TestAToolThatTheProtocolCannotCarryIsRefused(t *testing.T) {
	offer := only("plain")
	offer.Tools[0].InputSchema = map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"type": "object", "x-mcp-header": "A"}}}
	if _, err := mcp.New(offer, nil); err == nil {
		t.Error("a tool with a header of type object is served")
	}
}

func TestLongListsComeInPages(t *testing.T) {
	offer := &mcp.Offer{Name: "long"}
	for i := range 1201 {
		offer.Tools = append(offer.Tools, mcp.Tool{Name: fmt.Sprintf("t%d", 2000-i), Call: answers()})
	}
	url := listen(t, newServer(t, offer, nil))
	var got []string
	params := dict{}
	for pages := 0; ; pages++ {
		res := ask(t, url, "tools/list", params).result()
		for _, tool := range res["tools"].([]any) {
			got = append(got, tool.(dict)["name"].(string))
		}
		next, more := res["nextCursor"].(string)
		if !more {
			break
		}
		params["cursor"] = next
	}
	if len(got) != 1201 || got[0] != "t2000" || got[1200] != "t800" {
		t.Errorf("got %d tools", len(got))
	}
	has(t, "cursor", dict{"code": -32602.0}, ask(t, url, "tools/list", dict{"cursor": "!"}).fault())
	has(t, "cursor", dict{"code": -32602.0}, ask(t, url, "tools/list", dict{"cursor": "bm9uZQ"}).fault())
}
