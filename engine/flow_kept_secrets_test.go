package engine_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine/durable/memory"
)

// An API that repeats a credential in its answer and its headers must not get it
// into what is kept: the history, the run document, recordings. The credential
// comes from a file, which no environment variable tells of.
func TestNothingKeptHoldsACredentialThatAnAPIRepeats(t *testing.T) {
	const secret = "supersecret-from-a-file"
	p := newPort(t, map[string]http.HandlerFunc{"GET /r": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "for "+r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message": "boom `+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+`"}`)
	}})
	dir := t.TempDir()
	file, records := filepath.Join(dir, "echo.yaml"), filepath.Join(dir, "rec")
	text := strings.Replace(strings.ReplaceAll(echo, "@API@", p.url), "namespace: keys, keys: {TOKEN: ECHO_TOKEN}", `namespace: keys, location: "file:///./keys.yaml", keys: {TOKEN: t}`, 1)
	for name, content := range map[string]string{file: text, filepath.Join(dir, "keys.yaml"): "t: " + secret + "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	prog, err := load(t.Context(), file, &options{Project: "none", Unit: "r", Runtime: rt, RecordDir: records})
	if err != nil {
		t.Fatal(err)
	}
	res, err := prog.RunWith(t.Context(), nil, nil)
	if res == nil || err == nil {
		t.Fatalf("result %v, error %v; want a run that failed", res, err)
	}
	kept, err := inspect(t.Context(), rt, res.Run)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rt.History(t.Context(), res.Run, 0)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for what, v := range map[string]any{"the run document": res, "the kept run": kept, "the journal": raw} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts[what] = string(data)
	}
	for _, e := range raw {
		texts["the journal"] += fmt.Sprintf("%s%s%+v", e.Detail.Input, e.Detail.Result, e)
	}
	err = filepath.WalkDir(records, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		texts["a recording"] += string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"the run document", "the kept run", "the journal", "a recording"} {
		if !strings.Contains(texts[what], "boom") {
			t.Errorf("%s does not hold the answer: %s", what, texts[what])
		}
		if strings.Contains(texts[what], secret) {
			t.Errorf("%s holds the credential: %s", what, texts[what])
		}
	}
}
