package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const modern = "2026-07-28"

// get asks for the server's own address, and reads the answer to its end.
func (c *client) get(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", c.server, nil)
	if err != nil {
		return "", err
	}
	_, text, err := c.read(req)
	return text, err
}

// tool calls the tool of an MCP server: in the current version of the protocol, or
// within a session, as every client did before.
func (c *client) tool(ctx context.Context, version string) (string, error) {
	const call = `{"jsonrpc": "2.0", "id": %d, "method": "tools/call", "params": {"name": "users", "arguments": {"directory": "directory_01JQ7Z3M5T9W2K4X6B8N0PRVCE"}%s}}`
	header := http.Header{"Mcp-Protocol-Version": {version}}
	meta := ""
	if version == modern {
		header.Set("Mcp-Method", "tools/call")
		header.Set("Mcp-Name", "users")
		meta = `, "_meta": {"io.modelcontextprotocol/protocolVersion": "` + modern + `", "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"}, "io.modelcontextprotocol/clientCapabilities": {}}`
	} else {
		var err error
		c.hello.Do(func() { c.id, err = c.open(ctx, version) })
		if err != nil {
			return "", err
		}
		header.Set("Mcp-Session-Id", c.id)
	}
	_, text, err := c.post(ctx, header, fmt.Sprintf(call, c.asked.Add(1), meta))
	if err == nil && !strings.Contains(text, "ada@harbour.example") {
		err = fmt.Errorf("not what the tool gives: %s", text)
	}
	return text, err
}

// open begins a session.
func (c *client) open(ctx context.Context, version string) (id string, err error) {
	header, _, err := c.post(ctx, http.Header{}, `{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "`+version+`", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}}`)
	if err != nil {
		return "", err
	}
	id = header.Get("Mcp-Session-Id")
	_, _, err = c.post(ctx, http.Header{"Mcp-Session-Id": {id}, "Mcp-Protocol-Version": {version}}, `{"jsonrpc": "2.0", "method": "notifications/initialized"}`)
	return id, err
}

func (c *client) post(ctx context.Context, header http.Header, body string) (http.Header, string, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", c.server, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	return c.read(req)
}

func (c *client) read(req *http.Request) (http.Header, string, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := io.Copy(&text, resp.Body); err != nil {
		return nil, "", err
	}
	if resp.StatusCode/100 != 2 {
		return nil, "", fmt.Errorf("%s: %s", resp.Status, &text)
	}
	return resp.Header, text.String(), nil
}
