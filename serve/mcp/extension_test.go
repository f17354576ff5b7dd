package mcp_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing"

	"github.com/capstan-run/capstan/serve/mcp"
)

func TestExtensionsAreServedInBothEras(t *testing.T) {
	skills := mcp.Extension{
		Name: "io.modelcontextprotocol/skills",
		Methods: map[string]func(context.Context, map[string]any) (map[string]any, error){
			"skills/list": func(context.Context, map[string]any) (map[string]any, error) {
				return map[string]any{"skills": []any{map[string]any{"name": "onboard"}}}, nil
			},
			"skills/get": func(_ context.Context, params map[string]any) (map[string]any, error) {
				if params["name"] != "onboard" {
					return nil, fmt.Errorf("skill %q: %w", params["name"], fs.ErrNotExist)
				}
				return params, nil
			},
		},
	}
	url := listen(t, newServer(t, only("plain"), &mcp.Options{Extensions: []mcp.Extension{skills}}))
	old := open(t, url, "2025-11-25")
	offered := dict{"capabilities": dict{"extensions": dict{skills.Name: dict{}}}}
	has(t, "initialize", offered, old.hello)
	has(t, "discover", offered, ask(t, url, "server/discover", nil).result())
	has(t, "old list", dict{"skills": list{dict{"name": "onboard"}}, "resultType": absent}, old.send("skills/list", nil).result())
	has(t, "list", dict{"skills": list{dict{"name": "onboard"}}, "resultType": "complete", "_meta": dict{"io.modelcontextprotocol/serverInfo": present}}, ask(t, url, "skills/list", nil).result())
	has(t, "get", dict{"name": "onboard"}, ask(t, url, "skills/get", dict{"name": "onboard"}).result())
	none := ask(t, url, "skills/get", dict{"name": "none"})
	has(t, "none", dict{"code": -32602.0}, none.fault())
	if none.status != 400 {
		t.Errorf("none: status %d", none.status)
	}
}

func TestAnExtensionCannotTakeOverTheProtocol(t *testing.T) {
	theft := mcp.Extension{Name: "x", Methods: map[string]func(context.Context, map[string]any) (map[string]any, error){"tools/list": nil}}
	if _, err := mcp.New(only("plain"), &mcp.Options{Extensions: []mcp.Extension{theft}}); err == nil {
		t.Error("an extension answers tools/list")
	}
}
