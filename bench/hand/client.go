package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

type client struct {
	server string
	http   *http.Client
	asked  atomic.Int64 // jobs and tools, each under a number of its own
	hello  sync.Once
	id     string // of the MCP session that all calls share
}

func newClient(server string) *client {
	return &client{server: server, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
}

// call sends a request and decodes its answer. A nil body is a GET.
func (c *client) call(ctx context.Context, path string, query url.Values, body, into any) error {
	method, content := "GET", io.Reader(nil)
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		method, content = "POST", bytes.NewReader(text)
	}
	address := c.server + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer sk_test_bench")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return json.Unmarshal(text, into)
}
