package serve_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// Only what lies below a folder is served from it, under whatever name the rest
// is asked for.
func TestFilesOutsideTheirFolderAreNotServed(t *testing.T) {
	file, ports := everyFaceIn(t, "http://127.0.0.1:1")
	running(t, file, nil)
	c := client(t)
	read := func(uri string) string { return readResource(t, c, ports[1], uri) }
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

// readResource asks an MCP server for a resource and returns its whole answer.
func readResource(t *testing.T, c *http.Client, port int, uri string) string {
	t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":%q,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, uri)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/", port), strings.NewReader(body))
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

// A folder that is replaced by a link out of the project while it is served is
// served no more.
func TestAFolderThatBecomesALinkIsNotServed(t *testing.T) {
	file, ports := everyFaceIn(t, "http://127.0.0.1:1")
	running(t, file, nil)
	c := client(t)
	guide := func() string {
		_, body, err := get(c, fmt.Sprintf("http://127.0.0.1:%d/skills/ships/contents/guide.md", ports[2]))
		if err != nil {
			t.Fatal(err)
		}
		return body + readResource(t, c, ports[1], "docs://files/guide.md")
	}
	if got := guide(); strings.Count(got, "# Guide") != 2 {
		t.Fatalf("the folder is not served: %s", got)
	}
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "guide.md"), []byte(outside), 0o600); err != nil {
		t.Fatal(err)
	}
	docs := filepath.Join(filepath.Dir(file), "docs")
	if err := os.RemoveAll(docs); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, docs); err != nil {
		t.Skip(err)
	}
	if got := guide(); strings.Contains(got, outside) {
		t.Errorf("what the link leads to is served: %s", got)
	}
}

// What an exposure serves lies in the project, or where the user allows it.
func TestOnlyTheProjectIsServed(t *testing.T) {
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "guide.md"), []byte("GUIDE"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, exposure := range map[string]string{
		"resource": `{type: mcp, port: @1, namespace: x, tools: [], resources: [{name: docs, uri: "docs://files", description: All, location: "LOCATION"}]}`,
		"prompt":   `{type: mcp, port: @1, namespace: x, tools: [], prompts: [{name: ask, description: Ask, location: "LOCATION/guide.md"}]}`,
		"skill":    `{type: skill, port: @1, namespace: x, description: Skills, skills: [{name: s, description: S, location: "LOCATION", tools: [{name: t, description: T, instruction: guide.md}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			text := "ikanos: 1.0.0-beta5\ninfo: {display: H, description: H}\ncapability:\n  consumes: []\n  exposes:\n  - " + strings.ReplaceAll(exposure, "LOCATION", "file://"+elsewhere) + "\n"
			file := write(t, "", servetest.FreePorts(t, 1), "x.yaml", text)
			try := func(o *engine.LoadOptions) (*engine.Report, error) {
				s, err := engine.Open(t.Context(), file, o)
				if err != nil {
					t.Fatal(err)
				}
				var log bytes.Buffer
				_, err = serve.Exposures(t.Context(), engine.NewRunner(nil), s, &serve.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
				if err == nil && log.Len() > 0 {
					err = errors.New(log.String())
				}
				for _, r := range s.Unserved() {
					err = errors.Join(err, errors.New(r.Reason.Message))
				}
				return s.Report(), err
			}
			report, err := try(nil)
			if err == nil || !strings.Contains(err.Error(), "outside the project") {
				t.Errorf("it is served: %v", err)
			}
			if text := report.Diagnostics.Error(); !strings.Contains(text, "outside-project") {
				t.Errorf("the report has %s", text)
			}
			if report, err := try(&engine.LoadOptions{AllowRead: []string{elsewhere}}); err != nil || len(report.Diagnostics) > 0 {
				t.Errorf("allowed, it is not served: %v %v", err, report.Diagnostics)
			}
		})
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
		switch {
		case !utf8.ValidString(value): // REST refuses it; json.Marshal wrote another value for MCP
			if status != http.StatusBadRequest || len(paths) != 1 {
				t.Errorf("%.50q: answered %d, %d requests were sent", value, status, len(paths))
			}
		case (value != "..") != (len(paths) == 2):
			t.Errorf("%.50q: %d requests were sent", value, len(paths))
		}
	}
}
