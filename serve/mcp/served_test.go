package mcp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/serve/mcp"
)

// Clients refuse names with other characters than letters, digits, "_" and "-", and
// long ones: they are served others, under which the tool gets its own.
func TestNamesThatClientsRefuseAreServedUnderOthers(t *testing.T) {
	long := strings.Repeat("long-", 20)
	got := map[string]any{}
	call := func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
		got = c.Arguments
		if c.Answer == nil && c.Arguments["ask"] == true {
			return &mcp.ToolResult{Ask: &mcp.Ask{Message: "Sure?", State: "s"}}, nil
		}
		return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(fmt.Sprint(len(c.Arguments), c.State))}}, nil
	}
	schema := dict{"type": "object", "required": []any{"filter[kind]", "id"}, "properties": map[string]any{
		"filter[kind]": map[string]any{"type": "string"}, "filter_kind": map[string]any{"type": "string"}, "page.size": map[string]any{"title": "Size"}, "id": map[string]any{}, "ask": map[string]any{},
	}}
	offer := &mcp.Offer{Name: "yard", Tools: []mcp.Tool{
		{Name: "hulls.list", InputSchema: schema, Call: call}, {Name: "hulls_list", Call: call}, {Name: long, Call: call},
	}}
	url := listen(t, newServer(t, offer, nil))
	has(t, "tools", dict{"tools": list{
		dict{"name": "hulls_list_2", "inputSchema": dict{"required": list{"filter_kind_2", "id"}, "properties": dict{
			"filter_kind_2": dict{"type": "string", "title": "filter[kind]"}, "filter_kind": dict{"type": "string", "title": absent}, "page_size": dict{"title": "Size"}, "id": dict{}, "ask": dict{}, "filter[kind]": absent,
		}}},
		dict{"name": "hulls_list"},
		dict{"name": strings.TrimSuffix(long[:64], "-")},
	}}, ask(t, url, "tools/list", nil).result())

	for _, version := range eras {
		asked := []string{}
		s := connect(t, url, version, person(&asked, "accept", ""))
		res, err := s.CallTool(t.Context(), toolCall("hulls_list_2", map[string]any{"filter_kind_2": "a", "filter_kind": "b", "page_size": 3, "ask": true}))
		if text := said(t, res, err); text != "4s" || len(asked) != 1 {
			t.Errorf("%s: got %s, asked %d times", version, text, len(asked))
		}
		if got["filter[kind]"] != "a" || got["filter_kind"] != "b" || got["page.size"] != 3 {
			t.Errorf("%s: the tool got %v", version, got)
		}
		if res, err = s.CallTool(t.Context(), toolCall("hulls.list", map[string]any{"filter[kind]": "c"})); said(t, res, err) != "1" || got["filter[kind]"] != "c" {
			t.Errorf("%s: under the written names the tool got %v", version, got)
		}
		if res, err = s.CallTool(t.Context(), toolCall("hulls_list_2", map[string]any{"filter[kind]": "c", "filter_kind_2": "d"})); err == nil || !strings.Contains(err.Error(), `have "filter[kind]" under two names`) {
			t.Errorf("%s: got %v, %v", version, res, err)
		}
	}
}

func toolCall(name string, arguments map[string]any) *sdk.CallToolParams {
	return &sdk.CallToolParams{Name: name, Arguments: arguments}
}
