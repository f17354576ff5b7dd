package tools_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/mcp/mcptest"
	"github.com/capstan-run/capstan/serve/tools"
)

// post sends one JSON-RPC request of the 2026-07-28 era.
func post(t *testing.T, url, key, body string) string {
	t.Helper()
	var m struct {
		Method string         `json:"method"`
		Params map[string]any `json:"params"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Authorization": "Bearer " + key,
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": m.Method,
	} {
		r.Header.Set(name, value)
	}
	for _, name := range []string{"name", "uri"} {
		if v, ok := m.Params[name].(string); ok {
			r.Header.Set("Mcp-Name", v)
		}
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
	return string(data)
}

// rpc is post with the result decoded.
func rpc(t *testing.T, url, method string, params map[string]any) map[string]any {
	t.Helper()
	all := map[string]any{"_meta": map[string]any{"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": map[string]any{}}}
	for k, v := range params {
		all[k] = v
	}
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": all})
	var answer map[string]any
	if text := post(t, url, "", string(body)); json.Unmarshal([]byte(text), &answer) != nil {
		t.Fatalf("%s: %s", method, text)
	}
	if answer["result"] == nil {
		return map[string]any{"error": answer["error"]}
	}
	return answer["result"].(map[string]any)
}

func TestACapabilityTellsWhatItIs(t *testing.T) {
	s := serve(t, tools.Options{})
	all := mcptest.Connect(t, s.url, mcptest.Options{}).Tools()
	tool := all[onboarding]
	if tool["title"] != "B2B Enterprise Onboarding" {
		t.Errorf("titled %v", tool["title"])
	}
	about, _ := tool["description"].(string)
	for _, want := range []string{"Use it when asked for", "create-organization (writes)", "send-portal-link (somebody else)", "verify-directory (polls)", "finish_step"} {
		if !strings.Contains(about, want) {
			t.Errorf("described as %q, without %q", about, want)
		}
	}
	hints, _ := tool["annotations"].(map[string]any)
	if hints["readOnlyHint"] == true || hints["destructiveHint"] != false || hints["openWorldHint"] != true || hints["idempotentHint"] == true {
		t.Errorf("hints are %v", hints)
	}
	required, _ := at(tool, "inputSchema", "required").([]any)
	if diff := cmp.Diff([]any{"organization_name", "domains", "admin_email"}, required); diff != "" {
		t.Errorf("inputs: -want +got\n%s", diff)
	}
	link := at(tool, "outputSchema", "properties", "outputs", "properties", "admin_portal_link", "anyOf")
	if link == nil {
		t.Errorf("the schema of a sensitive output does not allow [redacted]: %v", tool["outputSchema"])
	}
	for _, name := range []string{"get_run", "list_runs", "finish_step", "retry_run", "cancel_run"} {
		if all[name]["description"] == "" || all[name]["outputSchema"] == nil {
			t.Errorf("%s is %v", name, all[name])
		}
	}
}

// What a client finds with skills/list it can read, and it is what was announced.
func TestSkillsAreServed(t *testing.T) {
	s := serve(t, tools.Options{})
	found := rpc(t, s.url, "server/discover", nil)
	if at(found, "capabilities", "extensions", "io.modelcontextprotocol/skills") == nil || at(found, "capabilities", "resources") == nil {
		t.Errorf("announced %v", found["capabilities"])
	}
	listed := rpc(t, s.url, "skills/list", nil)
	skills, _ := listed["skills"].([]any)
	if len(skills) != 1 || listed["ttlMs"] != 0.0 || listed["cacheScope"] != "private" || listed["resultType"] != "complete" {
		t.Fatalf("got %v", listed)
	}
	entry := skills[0].(map[string]any)
	if entry["uri"] != "skill://"+onboarding+"/SKILL.md" || at(entry, "frontmatter", "name") != onboarding || at(entry, "frontmatter", "metadata", "generator") != "capstan" {
		t.Errorf("entry %v", entry)
	}
	if diff := cmp.Diff(entry, rpc(t, s.url, "skills/get", map[string]any{"uri": entry["uri"]})["skill"]); diff != "" {
		t.Errorf("-list +get\n%s", diff)
	}
	if none := rpc(t, s.url, "skills/get", nil); at(none, "error", "code") != -32602.0 || at(none, "error", "message") != "the parameter uri is missing: the address of a skill, as skills/list gives it" {
		t.Errorf("no address answers %v", none)
	}
	if none := rpc(t, s.url, "skills/get", map[string]any{"uri": "skill://none/SKILL.md"}); at(none, "error", "code") != -32602.0 {
		t.Errorf("no such skill: %v", none)
	}
	files := entry["resources"].([]any)
	if len(files) < 3 {
		t.Errorf("the skill has %d files", len(files))
	}
	for _, f := range files {
		f := f.(map[string]any)
		read := rpc(t, s.url, "resources/read", map[string]any{"uri": f["uri"]})
		contents, _ := read["contents"].([]any)
		if len(contents) != 1 {
			t.Fatalf("%v: %v", f["uri"], read)
		}
		text, _ := contents[0].(map[string]any)["text"].(string)
		sum := sha256.Sum256([]byte(text))
		if f["digest"] != "sha256:"+hex.EncodeToString(sum[:]) || f["size"] != float64(len(text)) {
			t.Errorf("%v is not what was announced", f["uri"])
		}
	}
}
