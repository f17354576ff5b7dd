package secrets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func find(t *testing.T, text string) List {
	t.Helper()
	f, root, problems := node.Parse("x.yaml", []byte(text))
	if root == nil {
		t.Fatal(problems)
	}
	return Find(&node.Tree{Main: f, Root: root})
}

// joined keeps scanners of this repository from taking the fixtures for secrets.
func joined(parts ...string) string { return strings.Join(parts, "") }

var (
	stripe = joined("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc")
	github = joined("gh", "p_16C7e42F292c6912E7710c838347Ae178B4a")
	aws    = joined("AK", "IAQ3EGUD4KAWY7HQ2B")
	slack  = joined("xo", "xb-9182736450-Qm3rTy8uWe")
	jwt    = joined("ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiI5OTg4Nzc2NiJ9.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P")
	pem    = joined("-----BEGIN RSA PRIV", "ATE KEY-----")
)

func TestSecrets(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		// known forms, wherever they stand
		{"x: " + stripe, stripe},
		{"description: use " + github + " to call", github},
		{"list: [a, " + aws + "]", aws},
		{"x: '" + slack + "'", slack},
		{"a: {b: {c: \"Bearer " + jwt + "\"}}", jwt},
		{"keys: {TOKEN: " + stripe + "}", stripe},
		// where a credential belongs
		{"authentication: {type: basic, username: scott, password: tiger}", "tiger"},
		{"authentication: {type: bearer, token: 8f14e45f}", "8f14e45f"},
		{"authentication: {type: apikey, key: X-Key, value: c9f0f895}", "c9f0f895"},
		{"authentication: [{type: apikey, key: X-Key, value: c9f0f895}]", "c9f0f895"},
		{"authentication: {type: oauth2, clientId: me, clientSecret: 'q7 '}", ""},
		{"authentication: {type: oauth2, clientId: me, clientSecret: q7Zp0}", "q7Zp0"},
		{"authentication: {type: basic, username: me, password: 45c48cce2e}", "45c48cce2e"},
		{"inputParameters: [{name: Authorization, in: header, value: 'Bearer 45c48cce2e2d7fbd'}]", "45c48cce2e2d7fbd"},
		{"inputParameters: {X-API-Key: {in: header, const: 45c48cce2e2d7fbd}}", "45c48cce2e2d7fbd"},
		{"headers: {Authorization: Basic c2NvdHQ6dGlnZXI9}", "c2NvdHQ6dGlnZXI9"},
		{"with: {api_key: 45c48cce2e2d7fbd}", "45c48cce2e2d7fbd"},
		{"inputs: [{name: password, type: string, default: hunter2!}]", "hunter2!"},
		// URIs
		{"baseUri: https://scott:tiger@db.test/v1", "tiger"},
		{"path: /ships?state=dry&api_key=c9f0f895fb", "c9f0f895fb"},

		// variables, names of variables, placeholders, references and words
		{"authentication: {type: bearer, token: '{{TOKEN}}'}", ""},
		{"authentication: {type: bearer, token: REGISTRY_TOKEN}", ""},
		{"authentication: {type: bearer, token: $TOKEN}", ""},
		{"authentication: {type: bearer, token: '${TOKEN}'}", ""},
		{"authentication: {type: bearer, token: <token>}", ""},
		{"authentication: {type: apikey, key: X-Key, value: YOUR_KEY}", ""},
		{"authentication: {type: apikey, key: X-Key, value: your-key-1}", ""},
		{"authentication: {type: basic, username: a, password: changeme}", ""},
		{"authentication: {type: basic, username: a, password: xxxxxx}", ""},
		{"authentication: {type: basic, username: a, password: '********'}", ""},
		{"authentication: {type: apikey, key: x, value: env.FLEET_1, valueFrom: env}", ""},
		{"authentication: {type: apikey, key: x, envVar: FLEET_1}", ""},
		{"with: {token: login.access_token, password: '{{ inputs.password }}'}", ""},
		{"with: {token: $.data.token1234567, secret: steps.make.secret2}", ""},
		{"properties: {token: {type: string, description: The token 12345678abcdefgh}}", ""},
		{"binds: [{namespace: env, keys: {TOKEN: fleet-token-1a2b3c4d5e}}]", ""},
		{"outputParameters: {token: {type: string, value: 45c48cce2e2d7fbd}}", ""},
		{"authentication: {type: digest, username: scott4711, realm: r4711abcdef}", ""},
		{"x: " + joined("sk_", "live_xxxxxxxxxxxxxxxxxxxx"), ""},
		{"x: " + joined("AK", "IAIOSFODNN7EXAMPLE"), ""},
		{"baseUri: https://user:password@db.test", ""},
		{"baseUri: 'https://{{USER}}:{{PASS}}@db.test'", ""},
		{"path: '/ships?api_key={{KEY}}&token={token}'", ""},
		{"path: /ships?key=name", ""},
		{"operation: tokens-42-and-more-of-it", ""},
	} {
		got := ""
		for _, s := range find(t, tt.text) {
			got += s.Value
		}
		if got != tt.want {
			t.Errorf("%s: found %q, not %q", tt.text, got, tt.want)
		}
	}
}

// A secret is covered where it stands and wherever else, in its columns, and is in no
// text of its own problem.
func TestHide(t *testing.T) {
	text := "note: " + stripe + " # " + stripe + "\nauthentication: {type: basic, username: a, password: \"t\\u0069g\"}\nkey: |\n  " + pem + "\n  MIIEpAIBAAKCAQEAyM4tJ\n  OTcYzGq0kQIDAQABAoIBAQ==\n"
	l := find(t, text)
	if len(l) != 3 {
		t.Fatalf("%d secrets: %+v", len(l), l)
	}
	shown := string(l.Hide("x.yaml", []byte(text)))
	for _, part := range []string{stripe, "t\\u0069g", "MIIEpAIBAAKCAQEAyM4tJ", "OTcYzGq0kQIDAQABAoIBAQ=="} {
		if strings.Contains(shown, part) {
			t.Errorf("%q is shown:\n%s", part, shown)
		}
	}
	if len([]rune(shown)) != len([]rune(text)) || strings.Count(shown, "\n") != strings.Count(text, "\n") || !strings.Contains(shown, "username: a,") {
		t.Errorf("the text has another form:\n%s", shown)
	}
	if other := l.Hide("y.yaml", []byte(text)); string(other) != text {
		t.Errorf("a text of another file is changed:\n%s", other)
	}
	for _, d := range l.Problems() {
		if strings.Contains(d.String(), stripe) || strings.Contains(d.String(), "MIIE") {
			t.Error(d)
		}
	}
}

// Lines end, and columns count, as for positions.
func TestHideInLines(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\rauthentication: {type: basic, password: tig}\r":         "a: 1\rauthentication: {type: basic, password: ***}\r",
		"a: 1\r\nauthentication: {type: basic, password: tig}\r\n":     "a: 1\r\nauthentication: {type: basic, password: ***}\r\n",
		"\ufeffauthentication: {type: basic, password: tig}":           "\ufeffauthentication: {type: basic, password: ***}",
		"'ü': 1\nauthentication: {'é': 1, password: tig, name: 'tig'}": "'ü': 1\nauthentication: {'é': 1, password: ***, name: 'tig'}",
		"authentication: {password: 'it''s'} # it's":                   "authentication: {password: '*****'} # it's",
	} {
		if got := string(find(t, text).Hide("x.yaml", []byte(text))); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	l := find(t, "x: "+stripe)
	got := l.Redact(diag.List{
		{Message: "not " + stripe, Hint: "write " + stripe, Notes: []string{stripe}, Related: []diag.Related{{Message: stripe}}, Fix: &diag.Fix{Edits: []diag.Edit{{Old: stripe}}}},
		{Message: "fine", Fix: &diag.Fix{Edits: []diag.Edit{{Old: "a", New: "b"}}}},
	})
	want := diag.List{
		{Message: "not [redacted]", Hint: "write [redacted]", Notes: []string{"[redacted]"}, Related: []diag.Related{{Message: "[redacted]"}}},
		{Message: "fine", Fix: &diag.Fix{Edits: []diag.Edit{{Old: "a", New: "b"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
