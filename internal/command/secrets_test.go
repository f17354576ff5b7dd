package command

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// secretKey is a credential that no two ways of writing spell alike.
const secretKey = `sk_live/"Q7+x&y"\9Zt<é>kW3mB`

// secretLink is a sensitive value of an answer.
const secretLink = `https://portal.example/go?token=pt_R5"tu+8v&for=a%2Fb`

var lowerDigits = regexp.MustCompile(`%[0-9A-F]{2}`)

// echoes are the ways in which the stub repeats a secret.
func echoes(secret string) map[string]any {
	quoted, _ := json.Marshal(secret)
	again, _ := json.Marshal(string(quoted))
	return map[string]any{
		"plain": "for " + secret + " only", "json": string(quoted), "twice": string(again),
		"url": "https://x.example/?k=" + url.QueryEscape(secret), "again": url.QueryEscape(url.QueryEscape(secret)),
		"lower": lowerDigits.ReplaceAllStringFunc(url.PathEscape(secret), strings.ToLower), "hex": hex.EncodeToString([]byte(secret)),
		"base64": base64.StdEncoding.EncodeToString([]byte("user:" + secret)), "web": base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
}

// traces are what no sink may hold of a secret, however it is written.
func traces(secret string) []string {
	out := map[string][]string{secretKey: {"Q7", "9Zt", "kW3mB"}, secretLink: {"pt_R5", "tu+8v"}}[secret]
	out = append(out, hex.EncodeToString([]byte(secret))[8:24])
	for _, before := range []string{"", "u", "us"} {
		coded := base64.RawURLEncoding.EncodeToString([]byte(before + secret))
		out = append(out, coded[8:24])
	}
	return out
}

func wantNone(t *testing.T, secret, sink, text string) {
	t.Helper()
	for _, part := range traces(secret) {
		if i := strings.Index(text, part); i >= 0 {
			t.Errorf("%s holds %q of the secret: ...%s...", sink, part, text[max(0, i-120):min(len(text), i+120)])
			return
		}
	}
}

// shop is an API that repeats the credential of its caller in every answer, and
// the link that it gave in every error.
func shop(t *testing.T) *httptest.Server {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("X-Key")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "req "+url.QueryEscape(key))
		w.Header().Set("X-Echo", base64.StdEncoding.EncodeToString([]byte(key)))
		body := map[string]any{"id": "thing_1", "echo": echoes(key)}
		switch r.URL.Path {
		case "/link":
			body["link"] = secretLink
		case "/refused":
			body["echo"], body["link_echo"] = echoes(key), echoes(secretLink)
			body["message"] = "no " + key + " and " + strings.Repeat("x ", 180) + secretLink + secretLink
			w.WriteHeader(http.StatusBadRequest)
		}
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(srv.Close)
	return srv
}

const shopDocument = `openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: '@API@'}]
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    thing:
      type: object
      properties: {id: {type: string}, link: {type: string, maxLength: 9}, echo: {type: object, additionalProperties: {type: string}}}
paths:
  /thing: {get: {operationId: getThing, responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/thing'}}}}}}}
  /link: {get: {operationId: getLink, responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/thing'}}}}}}}
  /refused: {get: {operationId: getRefused, responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/thing'}}}}}}}
`

const shopCapability = `name: Shop
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: shop
steps:
  - {id: thing, capability: shop, operation: getThing}
  - {id: link, capability: shop, operation: getLink, sensitive: link}
@MORE@
outputs:
  - {name: id, source: thing.id}
  - {name: echo, source: thing.echo}
  - {name: link, source: link.link}
`

// shopFiles writes the capability, which fails when refused is true.
func shopFiles(t *testing.T, api string, refused bool) (dir, capability string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("SHOP_API_KEY", secretKey)
	more := ""
	if refused {
		more = "  - {id: refused, capability: shop, operation: getRefused, retry: 1}"
	}
	for name, text := range map[string]string{
		"shop.openapi.yaml": strings.ReplaceAll(shopDocument, "@API@", api),
		"shop.yaml":         strings.ReplaceAll(shopCapability, "@MORE@", more),
		".capstan.yaml":     "apis: {shop: {openapi: shop.openapi.yaml}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir, filepath.Join(dir, "shop.yaml")
}

// command runs capstan and returns what it wrote.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	a, out, errs := newTestApp("")
	code = run(t.Context(), args, a.io)
	return out.String(), errs.String(), code
}

// What an API says in answer to a call is printed through one door, which lets no
// credential through: not of a refusal, not of a success, in no format and no log.
func TestCallHidesACredentialThatTheAPIRepeats(t *testing.T) {
	shopFiles(t, shop(t).URL, false)
	for operation, exit := range map[string]int{"getThing": exitDone, "getRefused": exitFailed} {
		for _, flags := range [][]string{nil, {"-o", "json"}, {"-o", "yaml"}, {"-v"}, {"-v", "--log-format", "json"}, {"--strict-responses", "--log-format", "json"}} {
			stdout, stderr, code := command(t, append([]string{"call", "shop", operation}, flags...)...)
			if code != exit || !strings.Contains(stdout, "[redacted]") || !strings.Contains(stdout, "thing_1") {
				t.Errorf("call %s %v: exit %d, stdout %s, stderr %s", operation, flags, code, stdout, stderr)
			}
			for sink, text := range map[string]string{"stdout": stdout, "stderr": stderr} {
				wantNone(t, secretKey, fmt.Sprintf("%s of call %s %v", sink, operation, flags), text)
			}
		}
	}
}

// A run, what is kept of it and what is recorded hold neither the credential that
// the API repeats nor, where it is not kept as a value, the sensitive link.
func TestRunsHideSecretsInEverySink(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprintf("refused %v", refused), func(t *testing.T) {
			dir, file := shopFiles(t, shop(t).URL, refused)
			state, records := filepath.Join(dir, "state"), filepath.Join(dir, "records")
			texts := map[string]string{}
			for _, flags := range [][]string{nil, {"-v"}, {"-v", "--log-format", "json"}, {"--record", records}, {"-o", "json"}, {"-o", "yaml"}} {
				stdout, stderr, code := command(t, append([]string{"run", file, "--state", state}, flags...)...)
				if (code == exitDone) == refused {
					t.Fatalf("run %v: exit %d: %s%s", flags, code, stdout, stderr)
				}
				document := len(flags) > 0 && flags[0] == "-o"
				texts[fmt.Sprintf("stderr of run %v", flags)] = stderr
				if wantNone(t, secretKey, fmt.Sprintf("stdout of run %v", flags), stdout); !document {
					wantNone(t, secretLink, fmt.Sprintf("stdout of run %v", flags), stdout)
				}
			}
			listed, _, _ := command(t, "runs", "list", "--state", state, "-o", "json")
			var runs []struct{ Run string }
			if err := json.Unmarshal([]byte(listed), &runs); err != nil || len(runs) == 0 {
				t.Fatalf("runs list: %s, %v", listed, err)
			}
			for _, r := range runs {
				stdout, stderr, _ := command(t, "runs", "show", r.Run, "--state", state)
				texts["runs show"] += stdout + stderr
				document, _, _ := command(t, "runs", "show", r.Run, "--state", state, "-o", "json")
				wantNone(t, secretKey, "runs show -o json", document)
			}
			texts["a recording"] = contents(t, records)
			for sink, text := range texts {
				if text == "" {
					t.Errorf("there is no %s", sink)
				}
				wantNone(t, secretKey, sink, text)
				wantNone(t, secretLink, sink, text)
			}
			journal := contents(t, state)
			if !strings.Contains(journal, "getThing") {
				t.Error("the journal does not hold the run")
			}
			wantNone(t, secretKey, "the journal", journal)
		})
	}
}

// contents returns the bytes of every file below dir.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(&all, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// locked is a writer that a test reads while others write.
type locked struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// served starts capstan serve and returns the base URLs by type, what it logs,
// and what ends it.
func served(t *testing.T, args ...string) (urls map[string]string, log *locked, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a, _, _ := newTestApp("")
	log = &locked{}
	read, write := io.Pipe()
	a.io.Out, a.io.Err = write, log
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "-o", "json", "-v"}, args...), a.io)
		_ = write.Close()
	}()
	var doc servedDocument
	if err := json.NewDecoder(read).Decode(&doc); err != nil {
		t.Fatalf("serve: %v: %s", err, log)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	urls = map[string]string{}
	for _, e := range doc.Endpoints {
		urls[e.Type] = strings.TrimSuffix(e.URL, "/")
	}
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return urls, log, stop
}

func asked(t *testing.T, method, url, body string, header ...string) (text string, h http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(res.Status, res.Header, "\n", string(data)), res.Header
}

// Whoever is served, over REST, events, the page, metrics or MCP, sees neither the
// credential that the API repeats nor a sensitive value that he did not ask for.
func TestServedRunsHideSecretsInEverySink(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprintf("refused %v", refused), func(t *testing.T) {
			dir, file := shopFiles(t, shop(t).URL, refused)
			state := filepath.Join(dir, "state")
			urls, log, stop := served(t, file, "--rest", "127.0.0.1:0", "--mcp", "127.0.0.1:0", "--state", state, "--log-format", "json")
			rest := urls["rest"]
			started, _ := asked(t, "POST", rest+"/capabilities/shop/runs", `{"inputs": {}}`, "Content-Type", "application/json", "Prefer", "wait=60")
			found := answeredRun.FindStringSubmatch(started)
			if found == nil {
				t.Fatalf("the run was not started: %s", started)
			}
			address := rest + "/runs/" + found[1]
			texts := map[string]string{"the answer of the start": started}
			for sink, path := range map[string]string{
				"the run document": address, "the events": address + "/events", "the list of runs": rest + "/runs",
				"the metrics": rest + "/metrics", "the API's document": rest + "/openapi.json",
			} {
				texts[sink], _ = asked(t, "GET", path, "")
			}
			texts["the page"], _ = asked(t, "GET", address, "", "Accept", "text/html")
			call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"shop","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
			texts["the MCP result"], _ = asked(t, "POST", urls["mcp"], call, "Content-Type", "application/json",
				"Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "shop")
			shown, _ := asked(t, "GET", address+"?show-sensitive=true", "")
			if wantNone(t, secretKey, "the run document with sensitive values", shown); strings.Contains(shown, "pt_R5") == refused {
				t.Errorf("what was asked for is not shown: %s", shown)
			}
			stop()
			texts["the log"] = log.String()
			for sink, text := range texts {
				if strings.TrimSpace(text) == "" {
					t.Errorf("there is no %s", sink)
				}
				wantNone(t, secretKey, sink, text)
				wantNone(t, secretLink, sink, text)
			}
			for _, sink := range []string{"the run document", "the MCP result"} {
				if !strings.Contains(texts[sink], "[redacted]") {
					t.Errorf("%s does not hold the answer: %s", sink, texts[sink])
				}
			}
			wantNone(t, secretKey, "the journal", contents(t, state))
		})
	}
}

// panicking is a stdout that panics with what it is given.
type panicking struct{}

func (panicking) Write(p []byte) (int, error) { panic("cannot write " + secretKey + string(p)) }

// A crash is reported with where it happened, and without the value.
func TestACrashShowsNoSecret(t *testing.T) {
	_, file := shopFiles(t, shop(t).URL, false)
	a, _, stderr := newTestApp("")
	a.io.Out = panicking{}
	code := run(t.Context(), []string{"run", file, "-o", "json", "--state", "none"}, a.io)
	if code != exitFailed || !strings.Contains(stderr.String(), "panicking") || !strings.Contains(stderr.String(), "a value of type string") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	wantNone(t, secretKey, "a crash", stderr.String())
	wantNone(t, secretLink, "a crash", stderr.String())
}
