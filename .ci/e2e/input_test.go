//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// Everything wrong with the inputs is said at once, before anything is sent.
func TestBadInputs(t *testing.T) {
	tests := map[string]struct {
		args []string
		says []string
	}{
		"none":     {nil, []string{"organization_name", "domains", "admin_email"}},
		"misspelt": {[]string{"-i", "organisation_name=Acme", "-i", "domains=acme.com"}, []string{"organisation_name", `"organization_name"`, "admin_email"}},
		"type":     {append(inputs("Acme"), "-i", "organization_name:=7"), []string{"organization_name"}},
		"object":   {append(inputs("Acme"), "-i", `domains:={"a": 1}`), []string{"domains"}},
		"json":     {append(inputs("Acme"), "-i", `domains:=["a"`), []string{"domains"}},
		"file":     {append(inputs("Acme"), "-i", "admin_email=@no-such-file"), []string{"admin_email", "no-such-file"}},
		"item":     {append(inputs("Acme")[:2], "-i", `domains:=["acme.com", 7]`), []string{"domains", "admin_email"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			out := s.capstan(t, append([]string{"run", file, "--base-url", e.URL, done}, test.args...)...)
			out.wantCode(t, 4)
			out.wantStderr(t, test.says...)
			if log := e.log(t); len(log) != 0 {
				t.Errorf("%d requests were sent", len(log))
			}
		})
	}
}

func TestMissingCredential(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	s.env = s.env[:2]
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 4)
	out.wantStderr(t, "WORKOS_API_KEY")
	if log := e.log(t); len(log) != 0 {
		t.Errorf("%d requests were sent", len(log))
	}
}

// WorkOS's own skill calls the key WORKOS_TOKEN.
func TestCredentialAlias(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	s.env = append(s.env[:2], "WORKOS_TOKEN="+apiKey)
	s.capstan(t, onboard(e, done)...).wantCode(t, 0)
}

// Names of any script and size arrive as they were given.
func TestUnusualInputs(t *testing.T) {
	big := "Acme " + strings.Repeat("日本", 160_000)
	for name, want := range map[string]string{"unicode": "Łódź & Söhne „Ünïcødé“ 🚢 <b>", "1 MB": big} {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			path := filepath.Join(s.dir, "name.txt")
			write(t, path, want)
			args := append([]string{"run", file, "--base-url", e.URL, "-o", "json", done}, inputs("replaced")[2:]...)
			out := s.capstan(t, append(append(args, fast()...), "-i", "organization_name=@"+path)...)
			out.wantCode(t, 0)
			checkOnboarded(t, e, out, want)
		})
	}
}

func TestJSONInputs(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	out := s.capstan(t, append([]string{"run", file, "--base-url", e.URL, "-o", "json", done,
		"-i", `organization_name:="Acme"`, "-i", `domains:=["acme.com"]`, "-i", "admin_email=it@acme.com"}, fast()...)...)
	out.wantCode(t, 0)
	checkOnboarded(t, e, out, "Acme")
}
