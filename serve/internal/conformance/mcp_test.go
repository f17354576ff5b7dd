package conformance

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	legacyVersion = "2025-06-18"
	modernVersion = "2026-07-28"
)

// client speaks MCP with one exposure, as the protocol's messages are written, so that a
// case may send any of them.
type client struct {
	modern  bool
	version string
	send    func(message doc, headers map[string]string) (status int, header http.Header, answer string, err error)
	session string
	ready   bool
	id      int
}

// request sends a request; in the older era after a handshake.
func (c *client) request(method string, params doc, extra map[string]string) (doc, int, http.Header, error) {
	headers := map[string]string{"MCP-Protocol-Version": c.version}
	switch {
	case c.modern:
		params = withMeta(params)
		headers["Mcp-Method"] = method
		if name := text(params[map[bool]string{true: "uri", false: "name"}[method == "resources/read"]]); name != "" {
			headers["Mcp-Name"] = plainHeader(name)
		}
	case method == "initialize" && c.ready:
		params, headers = handshake(c.version), map[string]string{}
	case !c.ready:
		answer, status, header, err := c.exchange("initialize", handshake(c.version), extra)
		version, agreed := mapping(answer["result"])["protocolVersion"].(string)
		if err != nil || !agreed {
			return nil, 0, nil, fmt.Errorf("initialize answered %s, %v", show(answer), err)
		}
		c.ready, c.version, c.session = true, version, header.Get("Mcp-Session-Id")
		headers["MCP-Protocol-Version"] = version
		if _, _, _, err := c.send(doc{"jsonrpc": "2.0", "method": "notifications/initialized"}, c.headers(headers)); err != nil {
			return nil, 0, nil, err
		}
		if method == "initialize" {
			return answer, status, header, nil
		}
	}
	for name, v := range extra {
		headers[name] = v
	}
	return c.exchange(method, params, headers)
}

func (c *client) headers(extra map[string]string) map[string]string {
	out := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
	if c.session != "" {
		out["Mcp-Session-Id"] = c.session
	}
	for name, v := range extra {
		out[name] = v
	}
	return out
}

func (c *client) exchange(method string, params doc, headers map[string]string) (doc, int, http.Header, error) {
	c.id++
	message := doc{"jsonrpc": "2.0", "id": c.id, "method": method}
	if params != nil {
		message["params"] = params
	}
	status, header, body, err := c.send(message, c.headers(headers))
	if err != nil {
		return nil, 0, nil, err
	}
	v, err := decoded(body)
	answer := mapping(v)
	_, failed := answer["error"]
	if _, succeeded := answer["result"]; err == nil && (answer["jsonrpc"] != "2.0" || text(answer["id"]) != fmt.Sprint(c.id) || failed == succeeded) {
		err = fmt.Errorf("%s is answered %d %s", method, status, show(body))
	}
	return answer, status, header, err
}

func handshake(version string) doc {
	return doc{"protocolVersion": version, "capabilities": doc{}, "clientInfo": doc{"name": "conformance", "version": "1"}}
}

func withMeta(params doc) doc {
	const name = "io.modelcontextprotocol/"
	meta := doc{name + "protocolVersion": modernVersion, name + "clientInfo": doc{"name": "conformance", "version": "1"}, name + "clientCapabilities": doc{}}
	out := doc{"_meta": meta}
	for k, v := range params {
		if k != "_meta" {
			out[k] = v
		}
	}
	for k, v := range mapping(params["_meta"]) {
		meta[k] = v
	}
	return out
}

func plainHeader(s string) string {
	if strings.Trim(s, " ") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}

// overHTTP posts messages to an address.
func overHTTP(t *testing.T, address string) func(doc, map[string]string) (int, http.Header, string, error) {
	return func(message doc, headers map[string]string) (int, http.Header, string, error) {
		body, err := json.Marshal(message)
		if err != nil {
			return 0, nil, "", err
		}
		res, err := ask(t, "POST", address, headers, string(body))
		if err != nil {
			return 0, nil, "", err
		}
		defer func() { _ = res.Body.Close() }()
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
			answer, err := event(res.Body, message["id"])
			return res.StatusCode, res.Header, answer, err
		}
		answer, err := io.ReadAll(res.Body)
		return res.StatusCode, res.Header, string(answer), err
	}
}

// event reads the answer to a request of an event stream.
func event(in io.Reader, id any) (string, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if v, err := decoded(data); ok && err == nil && text(mapping(v)["id"]) == fmt.Sprint(id) {
			return data, nil
		}
	}
	return "", fmt.Errorf("the stream ended without an answer to %v", id)
}

// overPipe writes a message a line, and reads the answer.
func overPipe(in io.Writer, out *bufio.Reader) func(doc, map[string]string) (int, http.Header, string, error) {
	return func(message doc, _ map[string]string) (int, http.Header, string, error) {
		body, err := json.Marshal(message)
		if err == nil {
			_, err = in.Write(append(body, '\n'))
		}
		for err == nil && message["id"] != nil {
			line, failed := out.ReadString('\n')
			if v, wrong := decoded(line); failed != nil || wrong != nil {
				return 0, nil, "", fmt.Errorf("no answer: %v, %q", failed, line)
			} else if text(mapping(v)["id"]) == fmt.Sprint(message["id"]) {
				return http.StatusOK, http.Header{}, line, nil
			}
		}
		return http.StatusOK, http.Header{}, "", err
	}
}
