package serve_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Only what lies below a folder is served from it, under whatever name the rest
// is asked for.
func TestFilesOutsideTheirFolderAreNotServed(t *testing.T) {
	file, ports := everyFaceIn(t, "http://127.0.0.1:1")
	running(t, file, nil)
	c := client(t)
	read := func(uri string) string {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":%q,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, uri)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/", ports[1]), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]string{
			"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
			"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "resources/read", "Mcp-Name": uri,
		} {
			r.Header.Set(name, v)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	if got := read("docs://files/sub/more.txt"); !strings.Contains(got, `more\n`) {
		t.Errorf("a file below the folder: %s", got)
	}
	for _, name := range []string{
		"../secret.txt", "sub/../../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", `..\secret.txt`, "link.txt", ".hidden", "sub/../.hidden", "/secret.txt", "/etc/passwd", "", ".", "sub", "./guide.md", "sub//more.txt",
	} {
		got := read("docs://files/" + name)
		if strings.Contains(got, outside) || strings.Contains(got, "root:") || !strings.Contains(got, `"error"`) {
			t.Errorf("%q as a resource: %s", name, got)
		}
	}
	for _, name := range []string{"../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e/secret.txt", "sub/%2e%2e/%2e%2e/secret.txt", "link.txt", ".hidden", "%00", `..%5csecret.txt`} {
		status, body, err := get(c, fmt.Sprintf("http://127.0.0.1:%d/skills/ships/contents/%s", ports[2], name))
		if err != nil || status < 400 || status >= 500 || strings.Contains(body, outside) {
			t.Errorf("%q of a skill: %d %s %v", name, status, body, err)
		}
	}
}

// A value that a request brings stays one segment, one query value and one
// header of the request that is sent, over every face.
func TestValuesStayValuesOverEveryFace(t *testing.T) {
	var mu sync.Mutex
	var paths, langs []string
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths, langs = append(paths, r.URL.EscapedPath()), append(langs, r.URL.RawQuery)
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(up.Close)
	file, ports := everyFaceIn(t, up.URL)
	running(t, file, nil)
	c := client(t)
	for _, value := range []string{
		"plain", "a/b", "../../admin", "..", "%2e%2e", "a?x=1&y", "#f", "a\r\nX-Injected: 1", "{{imo}}", "{{env.HOME}}", "${HOME}", "$.imo", "//evil.example", "@evil.example", "a\\b", "\u2028", "a b+c", "\xff", strings.Repeat("x", 4000),
	} {
		mu.Lock()
		paths, langs = nil, nil
		mu.Unlock()
		status, body, err := get(c, fmt.Sprintf("http://127.0.0.1:%d/ships/%s?lang=%s", ports[0], url.PathEscape(value), url.QueryEscape(value)))
		if err != nil || status >= 500 {
			t.Errorf("%.50q over rest: %d %s %v", value, status, body, err)
		}
		args, err := json.Marshal(map[string]string{"imo": value})
		if err != nil {
			t.Fatal(err)
		}
		tool := strings.NewReader(strings.Replace(shipTool, `{"imo":"9321483","lang":"en"}`, string(args), 1))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/", ports[1]), tool)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range toolHeaders() {
			r.Header.Set(name, v)
		}
		resp, err := c.Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%.50q over mcp: %v %v", value, resp, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil { // the answer begins before the call is done
			t.Fatal(err)
		}
		resp.Body.Close()
		for i, path := range paths {
			parts := strings.Split(path, "/")
			plain, err := url.PathUnescape(parts[len(parts)-1])
			if err != nil || len(parts) != 3 || parts[1] != "ships" || plain != strings.ToValidUTF8(value, "\ufffd") && plain != value {
				t.Errorf("%.50q became the path %s", value, path)
			}
			query, err := url.ParseQuery(langs[i])
			if lang := query.Get("lang"); err != nil || len(query) > 1 || lang != "" && lang != value {
				t.Errorf("%.50q became the query %s", value, langs[i])
			}
		}
		if want := value != ".."; want != (len(paths) == 2) {
			t.Errorf("%.50q: %d requests were sent", value, len(paths))
		}
	}
}
