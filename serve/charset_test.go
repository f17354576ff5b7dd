package serve_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A body that is not UTF-8 is read as its Content-Type says, or refused: no text
// reaches an API with U+FFFD where something else was sent.
func TestBodiesInOtherCharsets(t *testing.T) {
	var sent string
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = r.URL.RequestURI() + " " + string(body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"7"}`)
	}))
	t.Cleanup(up.Close)
	file, ports := everyFaceIn(t, up.URL)
	running(t, file, nil)
	c := client(t)
	const (
		plain = "application/json"
		form  = "application/x-www-form-urlencoded"
		call  = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get-ship","arguments":{"imo":"Caf` + "\xe9" + `"},` +
			`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
	)
	for _, tt := range []struct {
		name, path, contentType, body string
		status                        int
		want                          string // what the API gets
	}{
		{"ISO-8859-1", "/ships/1", plain + "; charset=iso-8859-1", "{\"name\":\"Caf\xe9\"}", 200, `"Café"`},
		{"UTF-16", "/ships/1", plain + "; charset=utf-16le", "{\x00\"\x00n\x00a\x00m\x00e\x00\"\x00:\x00\"\x00\xe9\x00\"\x00}\x00", 200, `"é"`},
		{"a byte order mark", "/ships/1", plain, "\xef\xbb\xbf{\"name\":\"Café\"}", 200, `"Café"`},
		{"undeclared", "/ships/1", plain, "{\"name\":\"Caf\xe9\"}", 400, ""},
		{"unknown", "/ships/1", plain + "; charset=ebcdic-us", "{}", 415, ""},
		{"a form", "/ships/1", form, "name=Caf%E9", 400, ""},
		{"in the path", "/ships/Caf%E9", plain, "{}", 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sent = ""
			status, body := posted(t, c, fmt.Sprintf("http://127.0.0.1:%d%s", ports[0], tt.path), tt.contentType, tt.body)
			if status != tt.status || !strings.Contains(sent, tt.want) || strings.Contains(sent+body, "\ufffd") || tt.want == "" && sent != "" {
				t.Errorf("%d %s; the API got %q", status, body, sent)
			}
		})
	}
	for contentType, want := range map[string]int{plain + "; charset=iso-8859-1": 200, plain: 400, plain + "; charset=ebcdic-us": 415} {
		sent = ""
		status, body := posted(t, c, fmt.Sprintf("http://127.0.0.1:%d/", ports[1]), contentType, call)
		if status != want || strings.Contains(sent+body, "\ufffd") || (want == 200) != strings.Contains(sent, "/ships/Caf%C3%A9") {
			t.Errorf("MCP, %s: %d %s; the API got %q", contentType, status, body, sent)
		}
	}
}

func posted(t *testing.T, c *http.Client, url, contentType, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": contentType, "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "get-ship",
	} {
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}
