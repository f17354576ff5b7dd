package engine_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

const bound = `ikanos: 1.0.0-beta5
info: {display: Port, description: A port}
binds:
- {namespace: own, BIND, keys: {TOKEN: PORT_KEY, PLACE: PORT_PLACE}}
capability:
  exposes:
  - type: mcp
    transport: http
    port: 3000
    namespace: desk
    tools:
      t: {description: T, call: port.get, with: {at: "{{PLACE}}"}}
  consumes:
  - type: http
    namespace: port
    baseUri: "@UP/v1"
    authentication: {type: bearer, token: "{{own.TOKEN}}"}
    resources:
      r: {path: /r, operations: {get: {method: GET, inputParameters: {at: {in: query}}}}}
`

// Binds are read from the environment, or from a file beside the capability,
// whatever its form.
func TestBindsFromFilesAndTheEnvironment(t *testing.T) {
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	for name, c := range map[string][]string{
		"environment": {""},
		"yaml":        {"location: ./own.yaml,", "own.yaml", "PORT_KEY: key-of-file\nPORT_PLACE: north\nOTHER: 1\n"},
		"json":        {"location: file:///./own.json,", "own.json", `{"PORT_KEY": "key-of-file", "PORT_PLACE": "north"}`},
		"env":         {"location: own.env,", "own.env", "# keys\nexport PORT_KEY='key-of-file'\nPORT_PLACE=\"north\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			want := "key-of-file"
			if name == "environment" {
				want = "key-of-environment"
				t.Setenv("PORT_KEY", want)
				t.Setenv("PORT_PLACE", "north")
			}
			p.take()
			s := opened(t, p.file(t, strings.Replace(bound, "BIND,", c[0], 1), c[1:]...), nil)
			if err := s.Ready(t.Context()); err != nil {
				t.Errorf("ready: %v", err)
			}
			called(t, unit(t, s, "t"), nil)
			got := p.take()[0]
			if got.line != "GET /v1/r?at=north" || got.header.Get("Authorization") != "Bearer "+want {
				t.Errorf("sent %s %v", got.line, got.header)
			}
		})
	}
}

func TestBindsThatHaveNoValue(t *testing.T) {
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	t.Run("a key that the file lacks", func(t *testing.T) {
		file := p.file(t, strings.Replace(bound, "BIND,", "location: own.yaml,", 1), "own.yaml", "PORT_KEY: k\nPORT_PLASE: x\n")
		_, err := open(t.Context(), file, &options{Project: "none"})
		var load *engine.LoadError
		if !errors.As(err, &load) || len(load.Report.Diagnostics) != 1 || load.Report.Diagnostics[0].Code != "missing-bind-key" || load.Report.Diagnostics[0].Pos.Line != 4 {
			t.Errorf("loaded with %v", err)
		}
	})
	t.Run("a file that is not there", func(t *testing.T) {
		s := opened(t, p.file(t, strings.Replace(bound, "BIND,", "location: own.yaml,", 1)), nil)
		lacks(t, s, "own.yaml does not exist")
	})
	t.Run("a file that is no mapping", func(t *testing.T) {
		s := opened(t, p.file(t, strings.Replace(bound, "BIND,", "location: own.yaml,", 1), "own.yaml", "- top-secret-list\n"), nil)
		lacks(t, s, "not a mapping")
	})
	t.Run("a variable that is not set", func(t *testing.T) {
		lacks(t, opened(t, p.file(t, strings.Replace(bound, "BIND,", "", 1)), nil), "PORT_KEY")
	})
	if got := p.lines(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	t.Run("a mock needs none", func(t *testing.T) {
		called(t, unit(t, opened(t, p.file(t, strings.Replace(bound, "BIND,", "", 1)), &options{Mock: true}), "t"), nil)
	})
}

// lacks expects that nothing can be called, and why.
func lacks(t *testing.T, s *service, why string) {
	t.Helper()
	var missing *engine.CredentialError
	if err := s.Ready(t.Context()); !errors.As(err, &missing) || !strings.Contains(err.Error(), why) {
		t.Errorf("ready: %v", err)
	}
	p := unit(t, s, "t")
	if _, err := p.Call(t.Context(), nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), why) {
		t.Errorf("call: %v", err)
	}
	if _, err := p.RunWith(t.Context(), nil, nil); !errors.As(err, &missing) || strings.Contains(err.Error(), "top-secret") {
		t.Errorf("run: %v", err)
	}
}

// Imports stay in the project's folder, also when a link leads out of it.
func TestImportsDoNotLeaveTheFolder(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(outside, []byte("consumes: [{type: http, namespace: api, baseUri: https://a.example}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPort(t, nil)
	for _, from := range []string{outside, "../outside.yaml", "./link.yaml", "file://" + outside} {
		file := p.file(t, "ikanos: 1.0.0-beta5\ninfo: {display: P, description: P}\ncapability:\n  consumes:\n  - {from: \""+from+"\", import: api}\n  exposes: []\n")
		if err := os.Symlink(outside, filepath.Join(filepath.Dir(file), "link.yaml")); err != nil {
			t.Skip(err)
		}
		if _, err := open(t.Context(), file, &options{Project: "none"}); err == nil || !strings.Contains(err.Error(), "outside the project") {
			t.Errorf("an import from %s: %v", from, err)
		}
	}
}

// A problem with a whole text is shown below all of it, its quotes included.
func TestUnreadableBindsAreShownWhole(t *testing.T) {
	p := newPort(t, nil)
	file := p.file(t, strings.Replace(bound, "BIND,", `location: "none.yaml",`, 1))
	report := validated(t.Context(), file, &options{Project: "none"})
	line := `- {namespace: own, location: `
	for _, d := range report.Diagnostics {
		if d.Code == "unreadable-bind" {
			if from, to := len(line)+1, len(line)+1+len(`"none.yaml"`); d.Pos.Column != from || d.EndColumn != to {
				t.Errorf("shown at %d to %d, want %d to %d", d.Pos.Column, d.EndColumn, from, to)
			}
			return
		}
	}
	t.Errorf("nothing is said of the file: %v", report.Diagnostics)
}

// A failure names the address that was called, not the template of it.
func TestFailuresNameTheServerThatBindsLeadTo(t *testing.T) {
	p := newPort(t, map[string]http.HandlerFunc{"*": fails(404, "text/plain", "gone")})
	t.Setenv("PORT_KEY", "key")
	t.Setenv("PORT_PLACE", p.url)
	text := strings.Replace(strings.Replace(bound, "BIND, ", "", 1), "@UP", "{{PLACE}}", 1)
	s := opened(t, p.file(t, strings.Replace(text, `, with: {at: "{{PLACE}}"}`, "", 1)), nil)
	_, err := unit(t, s, "t").Run(t.Context(), nil)
	var failed *engine.RunError
	if !errors.As(err, &failed) || !strings.Contains(failed.Backtrace(), "GET "+p.url+"/v1/r") {
		t.Errorf("got %v\n%s", err, failed.Backtrace())
	}
}

// Binds that cannot be imported are one problem, of those alone that name a variable.
func TestBindsThatCannotBeImported(t *testing.T) {
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	text := strings.Replace(bound, "{namespace: own, BIND, keys: {TOKEN: PORT_KEY, PLACE: PORT_PLACE}}", "{import: own, from: gone.yaml}", 1)
	text = strings.NewReplacer("      t: {", "      free: {description: F, call: open.get}\n      t: {",
		"  consumes:\n", "  consumes:\n  - {type: http, namespace: open, baseUri: '@UP/v1', resources: {r: {path: /r, operations: {get: {method: GET}}}}}\n").Replace(text)
	o := &options{Project: "none"}
	f, err := engine.Open(t.Context(), p.file(t, text), o.load())
	if err != nil {
		t.Fatal(err)
	}
	s := &service{f, o.runner()}
	var got []string
	for _, d := range s.Report().Diagnostics {
		got = append(got, d.Code)
	}
	if strings.Join(got, " ") != "import" {
		t.Errorf("problems %v", s.Report().Diagnostics)
	}
	called(t, unit(t, s, "free"), nil)
	u, err := f.Unit("t")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ErrOf(u); err == nil || !strings.Contains(err.Error(), "gone.yaml cannot be imported") {
		t.Errorf("the tool with a variable: %v", err)
	}
}
