package mcp_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/serve/mcp"
)

// parked offers a tool that says when it starts and waits for its context.
func parked() (offer *mcp.Offer, began, ended chan struct{}) {
	began, ended = make(chan struct{}), make(chan struct{})
	return &mcp.Offer{Name: "parked", Tools: []mcp.Tool{{
		Name: "wait",
		Call: func(ctx context.Context, _ *mcp.ToolCall) (*mcp.ToolResult, error) {
			began <- struct{}{}
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		},
	}}}, began, ended
}

func TestCancellingARequestCancelsTheCall(t *testing.T) {
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			offer, began, ended := parked()
			s := connect(t, listen(t, newServer(t, offer, nil)), era, nil)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-began; cancel() }()
			if _, err := s.CallTool(ctx, &sdk.CallToolParams{Name: "wait"}); err == nil {
				t.Error("the cancelled call has a result")
			}
			<-ended
		})
	}
}

// No client is left to receive the answer, in either era, nor comes back for it.
func TestAClientThatVanishesCancelsItsCall(t *testing.T) {
	for _, era := range eras {
		t.Run(era, func(t *testing.T) {
			offer, began, ended := parked()
			url := listen(t, newServer(t, offer, &mcp.Options{Linger: time.Millisecond}))
			headers := map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": "wait"}
			body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`
			if era != modern {
				headers = open(t, url, era).headers()
				body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}`
			}
			ctx, leave := context.WithCancel(t.Context())
			go func() { <-began; leave() }()
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json, text/event-stream")
			for k, v := range headers {
				req.Header.Set(k, v)
			}
			if res, err := http.DefaultClient.Do(req); err == nil {
				res.Body.Close()
			}
			<-ended
		})
	}
}

func TestEndingASessionCancelsItsCalls(t *testing.T) {
	offer, began, ended := parked()
	url := listen(t, newServer(t, offer, nil))
	s := open(t, url, "2025-11-25")
	go func() {
		<-began
		req, _ := http.NewRequest(http.MethodDelete, url, nil)
		req.Header.Set("Mcp-Session-Id", s.id)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	go func() { // its answer may be lost with the session
		req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}`))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		req.Header.Set("Mcp-Session-Id", s.id)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	<-ended
}

type whoKey struct{}

// A session outlives the request that opened it; each call is made in the name
// of who asks for it.
func TestCallsHaveTheValuesOfTheirOwnRequest(t *testing.T) {
	offer := &mcp.Offer{Name: "who", Tools: []mcp.Tool{{
		Name: "who",
		Call: func(ctx context.Context, _ *mcp.ToolCall) (*mcp.ToolResult, error) {
			who, _ := ctx.Value(whoKey{}).(string)
			return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(who)}}, nil
		},
	}}}
	server := newServer(t, offer, nil)
	url := listenHandler(t, server, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, r.Header.Get("Who"))))
	}))
	s := open(t, url, "2025-11-25")
	call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"who"}}`
	for _, who := range []string{"ada", "bo"} {
		headers := s.headers()
		headers["Who"] = who
		has(t, who, dict{"content": list{dict{"text": who}}}, post(t, url, call, headers).result())
	}
}
