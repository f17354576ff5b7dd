package mcp_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/serve/mcp"
)

// connect is the SDK's own client, of the era that version says.
func connect(t *testing.T, url, version string, opts *sdk.ClientOptions) *sdk.ClientSession {
	t.Helper()
	if opts == nil {
		opts = &sdk.ClientOptions{}
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, opts)
	s, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: url, MaxRetries: -1}, &sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if got := s.InitializeResult().ProtocolVersion; got != version {
		t.Fatalf("the client speaks %s, want %s", got, version)
	}
	return s
}

// person answers questions with the text given, and notes them.
func person(asked *[]string, action, text string) *sdk.ClientOptions {
	return &sdk.ClientOptions{ElicitationHandler: func(_ context.Context, req *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
		*asked = append(*asked, req.Params.Message)
		return &sdk.ElicitResult{Action: action, Content: map[string]any{"text": text}}, nil
	}}
}

func said(t *testing.T, res *sdk.CallToolResult, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Content) != 1 {
		t.Fatalf("got %d pieces of content", len(res.Content))
	}
	return res.Content[0].(*sdk.TextContent).Text
}

// eras are the newest version of each.
var eras = []string{"2025-11-25", modern}

// twice asks two questions, each knowing what came before.
func twice() *mcp.Offer {
	return &mcp.Offer{Name: "asks", Tools: []mcp.Tool{{
		Name: "twice",
		Call: func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
			question := map[string]any{"text": text("Answer")}
			switch {
			case !c.CanAsk():
				return &mcp.ToolResult{Content: []mcp.Content{mcp.Text("waiting, run X")}}, nil
			case c.Answer == nil:
				return &mcp.ToolResult{Ask: &mcp.Ask{Message: "one?", Schema: object(question), State: "run-1"}}, nil
			case c.Answer.Action != "accept":
				return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(c.Answer.Action + " in " + c.State)}}, nil
			case !strings.Contains(c.State, "|"):
				return &mcp.ToolResult{Ask: &mcp.Ask{Message: "two?", Schema: object(question), State: c.State + "|" + c.Answer.Values["text"].(string)}}, nil
			}
			return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(c.State + "|" + c.Answer.Values["text"].(string))}}, nil
		},
	}}}
}

func TestAToolAsksAPersonTwice(t *testing.T) {
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			var asked []string
			s := connect(t, listen(t, newServer(t, twice(), nil)), era, person(&asked, "accept", "yes"))
			res, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: "twice"})
			if got := said(t, res, err); got != "run-1|yes|yes" || strings.Join(asked, " ") != "one? two?" {
				t.Errorf("the tool says %q after asking %q", got, asked)
			}
		})
	}
}

func TestAPersonDeclines(t *testing.T) {
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			var asked []string
			s := connect(t, listen(t, newServer(t, twice(), nil)), era, person(&asked, "decline", ""))
			res, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: "twice"})
			if got := said(t, res, err); got != "decline in run-1" {
				t.Errorf("the tool says %q", got)
			}
		})
	}
}

func TestAClientThatCannotAskIsToldOtherwise(t *testing.T) {
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			s := connect(t, listen(t, newServer(t, twice(), nil)), era, nil)
			res, err := s.CallTool(t.Context(), &sdk.CallToolParams{Name: "twice"})
			if got := said(t, res, err); got != "waiting, run X" {
				t.Errorf("the tool says %q", got)
			}
		})
	}
}

func TestAskingAClientThatCannotIsAFailedCall(t *testing.T) {
	offer := &mcp.Offer{Name: "asks", Tools: []mcp.Tool{asking("stubborn", "who?", nil)}}
	got := ask(t, listen(t, newServer(t, offer, nil)), "tools/call", dict{"name": "stubborn"})
	has(t, "result", dict{"isError": true, "content": list{dict{"text": "stubborn needs an answer that this client cannot ask for: who?"}}}, got.result())
}

// A modern client carries the state; what it made up is refused.
func TestStateComesBackAsItWasGiven(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	before := listen(t, newServer(t, twice(), &mcp.Options{StateKey: key}))
	after := listen(t, newServer(t, twice(), &mcp.Options{StateKey: key}))
	stranger := listen(t, newServer(t, twice(), nil))
	capable := dict{
		"io.modelcontextprotocol/protocolVersion":    modern,
		"io.modelcontextprotocol/clientCapabilities": dict{"elicitation": dict{}},
	}
	first := ask(t, before, "tools/call", dict{"name": "twice", "_meta": capable}).result()
	has(t, "question", dict{
		"resultType": "input_required", "content": absent, "requestState": present,
		"inputRequests": dict{"answer": dict{"method": "elicitation/create", "params": dict{"mode": "form", "message": "one?", "requestedSchema": present}}},
	}, first)

	again := dict{
		"name": "twice", "_meta": capable, "requestState": first["requestState"],
		"inputResponses": dict{"answer": dict{"action": "decline"}},
	}
	has(t, "another process with the key", dict{"content": list{dict{"text": "decline in run-1"}}}, ask(t, after, "tools/call", again).result())
	has(t, "one without it", dict{"code": -32602.0}, ask(t, stranger, "tools/call", again).fault())
	again["requestState"] = "cnVuLTI." + strings.Repeat("A", 43)
	has(t, "forged state", dict{"code": -32602.0}, ask(t, before, "tools/call", again).fault())
}

func TestProgressReachesWhoAsksForIt(t *testing.T) {
	offer := &mcp.Offer{Name: "slow"}
	for _, tool := range conformanceTools() {
		if tool.Name == "test_tool_with_progress" {
			offer.Tools = append(offer.Tools, tool)
		}
	}
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			reports := make(chan string, 10)
			s := connect(t, listen(t, newServer(t, offer, nil)), era, &sdk.ClientOptions{
				ProgressNotificationHandler: func(_ context.Context, req *sdk.ProgressNotificationClientRequest) {
					data, _ := json.Marshal(req.Params)
					reports <- string(data)
				},
			})
			params := &sdk.CallToolParams{Name: "test_tool_with_progress"}
			params.SetProgressToken("tok")
			res, err := s.CallTool(t.Context(), params)
			said(t, res, err)
			for _, want := range []string{"step 0", "step 50", "step 100"} {
				if got := <-reports; !strings.Contains(got, want) || !strings.Contains(got, `"tok"`) {
					t.Errorf("report %s, want %s", got, want)
				}
			}
		})
	}
}
