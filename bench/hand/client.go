package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
)

type client struct {
	server string
	http   *http.Client
	jobs   atomic.Int64 // that were polled
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

// get asks for the server's own address, and reads what it answers.
func (c *client) get(ctx context.Context, body string) error {
	method, content := "GET", io.Reader(nil)
	if body != "" {
		method, content = "POST", bytes.NewReader([]byte(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, c.server, content)
	if err != nil {
		return err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"isError":true`))) {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}
