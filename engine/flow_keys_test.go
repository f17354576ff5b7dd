package engine_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// keyed is a file of an API with this authentication and these resources, all of
// whose operations are tools.
func keyed(auth, resources string, tools ...string) string {
	var offered []string
	for _, name := range tools {
		offered = append(offered, "- {name: "+name+", description: D, call: lib."+name+", inputParameters: []}")
	}
	exposes := "- type: mcp\n  namespace: desk\n  port: 9001\n  tools:\n" + indent(2, strings.Join(offered, "\n"))
	return strings.Replace(library("    authentication: "+auth, resources, exposes), "LIBRARY_KEY: LIBRARY_KEY", "LIBRARY_KEY: LIBRARY_KEY, SHELF_KEY: SHELF_KEY", 1)
}

// A key reaches the API in the place and under the name that the file means,
// however it spells them, and the caller is not asked for it.
func TestSpellingsOfAPIKeys(t *testing.T) {
	t.Setenv("LIBRARY_KEY", "library key/1")
	t.Setenv("SHELF_KEY", "shelf-key-2")
	const get, post = "- {name: all, path: /all, operations: [{name: all, method: GET}]}", "- {name: all, path: /all, operations: [{name: all, method: POST"
	const inHeader, inBody = "GET /v1/all X-Parts-Key=library key/1", "POST /v1/all "
	for name, tt := range map[string]struct{ auth, resources, want string }{
		"published":             {`{type: apikey, key: X-Parts-Key, value: "{{LIBRARY_KEY}}", placement: header}`, get, inHeader},
		"header and value":      {`{type: apiKey, header: X-Parts-Key, value: "{{LIBRARY_KEY}}"}`, get, inHeader},
		"header and token":      {`{type: apiKey, header: X-Parts-Key, token: "{{LIBRARY_KEY}}"}`, get, inHeader},
		"header and key":        {`{type: apiKey, header: X-Parts-Key, key: "{{LIBRARY_KEY}}"}`, get, inHeader},
		"header and its name":   {`{type: apiKey, header: X-Parts-Key, key: x-parts-key, value: "{{LIBRARY_KEY}}"}`, get, inHeader},
		"key and token":         {`{type: apikey, key: X-Parts-Key, token: "{{LIBRARY_KEY}}"}`, get, inHeader},
		"name and key":          {`{type: apikey, name: X-Parts-Key, key: "{{LIBRARY_KEY}}", in: header}`, get, inHeader},
		"a name with variables": {`{type: apikey, key: "X-{{env.SHELF_KEY}}", value: "{{LIBRARY_KEY}}"}`, get, "GET /v1/all X-Shelf-Key-2=library key/1"},
		"query":                 {`{type: apikey, query: k, value: "{{LIBRARY_KEY}}"}`, get, "GET /v1/all?k=library%20key%2F1"},
		"cookie":                {`{type: apikey, cookie: session, value: "{{SHELF_KEY}}"}`, get, "GET /v1/all Cookie=session=shelf-key-2"},
		"path":                  {`{type: apikey, key: key, value: "{{LIBRARY_KEY}}", placement: path}`, "- {name: all, path: '/bot{{key}}/all', operations: [{name: all, method: GET}]}", "GET /v1/botlibrary%20key%2F1/all"},
		"body, alone":           {`{type: apikey, key: api_key, value: "{{LIBRARY_KEY}}", placement: body}`, post + "}]}", inBody + `{"api_key":"library key/1"}`},
		"body, written":         {`{type: apikey, key: api_key, value: "{{LIBRARY_KEY}}", placement: body}`, post + `, body: {type: json, data: {a: 1}}}]}`, inBody + `{"a":1,"api_key":"library key/1"}`},
		"body, declared":        {`{type: apikey, key: api_key, value: "{{LIBRARY_KEY}}", placement: body}`, post + `, inputParameters: [{name: api_key, in: body, required: true}, {name: a, in: body, value: x}]}]}`, inBody + `{"a":"x","api_key":"library key/1"}`},
		"body, a form":          {`{type: apikey, key: api_key, value: "{{LIBRARY_KEY}}", placement: body}`, post + `, body: {type: formUrlEncoded, data: {a: 1}}}]}`, inBody + `a=1&api_key=library+key%2F1`},
		"a list":                {`[{type: apikey, key: X-Parts-Key, value: "{{LIBRARY_KEY}}"}, {type: apikey, key: k, value: "{{SHELF_KEY}}", placement: query}]`, get, "GET /v1/all?k=shelf-key-2 X-Parts-Key=library key/1"},
		"a list of two types":   {`[{type: bearer, token: "{{SHELF_KEY}}"}, {type: apikey, key: X-Parts-Key, value: "{{LIBRARY_KEY}}"}]`, get, "GET /v1/all Authorization=Bearer shelf-key-2 X-Parts-Key=library key/1"},
		"a list of keys":        {`{type: apikey, keys: [{key: X-Parts-Key, value: "{{LIBRARY_KEY}}"}, {key: k, value: "{{SHELF_KEY}}", placement: query}]}`, get, "GET /v1/all?k=shelf-key-2 X-Parts-Key=library key/1"},
		"keys in one place":     {`{type: apikey, placement: query, keys: [{name: k, value: "{{SHELF_KEY}}"}, {name: l, value: "{{SHELF_KEY}}"}]}`, get, "GET /v1/all?k=shelf-key-2&l=shelf-key-2"},
		"keys by their names":   {`{type: apikey, keys: {X-Parts-Key: "{{LIBRARY_KEY}}", X-Shelf-Key-2: "{{SHELF_KEY}}"}}`, get, inHeader + " X-Shelf-Key-2=shelf-key-2"},
		"keys of two types":     {`{type: apikey, keys: [{type: bearer, token: "{{SHELF_KEY}}"}, {key: X-Parts-Key, value: "{{LIBRARY_KEY}}"}]}`, get, "GET /v1/all Authorization=Bearer shelf-key-2 X-Parts-Key=library key/1"},
		"a list of one":         {`[{type: apikey, header: X-Parts-Key, value: "{{LIBRARY_KEY}}"}]`, get, inHeader},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
			u := unit(t, opened(t, p.file(t, keyed(tt.auth, tt.resources, "all")), nil), "all")
			if asks := u.Plan().Inputs; len(asks) > 0 {
				t.Errorf("the caller is asked for %+v", asks)
			}
			called(t, u, nil)
			if got := sentWith(p.last()); got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A key in the path of the base URI is sent there, escaped, and is hidden like any
// other key, whether it stands under authentication or not.
func TestKeyInThePathOfTheBaseURI(t *testing.T) {
	t.Setenv("LIBRARY_KEY", "library key/1")
	const auth = `{type: apikey, key: key, value: "{{LIBRARY_KEY}}", placement: path}`
	for base, tt := range map[string]struct{ auth, want string }{
		"/v1/{{key}}/x":       {auth, "GET /v1/library%20key%2F1/x/all"},
		"/v1/{key}":           {auth, "GET /v1/library%20key%2F1/all"},
		"/bot{{ key }}/x":     {auth, "GET /botlibrary%20key%2F1/x/all"},
		"/{{LIBRARY_KEY}}/v1": {"none", "GET /library%20key/1/v1/all"},
	} {
		p := newPort(t, map[string]http.HandlerFunc{"*": fails(422, "text/plain", "no library key/1")})
		u := unit(t, opened(t, p.file(t, strings.Replace(keyed(tt.auth, oneGet, "all"), "@UP/v1", "@UP"+base, 1)), nil), "all")
		res, err := u.RunWith(t.Context(), engine.Inputs{}, nil)
		if err == nil || strings.Contains(err.Error(), "library") || strings.Contains(fmt.Sprintf("%+v", *res.Error), "library") {
			t.Errorf("%s: %v", base, err)
		}
		if got := sentWith(p.last()); got != tt.want || len(u.Plan().Inputs) > 0 {
			t.Errorf("%s: sent %s, want %s; asks for %v", base, got, tt.want, u.Plan().Inputs)
		}
	}
}

// sentWith is a request with the headers that carry credentials, and its body.
func sentWith(a asked) string {
	out := a.line
	for _, name := range []string{"Authorization", "X-Parts-Key", "X-Shelf-Key-2", "Cookie"} {
		if v := a.header.Get(name); v != "" {
			out += " " + name + "=" + v
		}
	}
	if a.body != "" {
		out += " " + a.body
	}
	return out
}

// A key without a place in a request is an error of its operation, and so are two
// in one place, of which the later would replace the other.
func TestKeysWithoutAPlace(t *testing.T) {
	t.Setenv("LIBRARY_KEY", "library-key-1")
	const auth = `{type: apikey, key: key, value: "{{LIBRARY_KEY}}", placement: `
	for name, tt := range map[string]struct{ auth, resources, want string }{
		"path": {auth + "path}", "- {name: b, path: /b, operations: [{name: b, method: GET}]}",
			`12:23: error: the API key "key" of lib travels in the path, and /b has no place for it [bad-value]; write {{key}} where it belongs in the path`},
		"body of a GET": {auth + "body}", "- {name: a, path: /a, operations: [{name: b, method: GET}]}",
			`12:47: error: the API key "key" of lib travels in the body, and a GET request has none`},
		"body of text": {auth + "body}", "- {name: a, path: /a, operations: [{name: b, method: PUT, body: {type: text, data: x}}]}",
			`12:47: error: the API key "key" of lib travels in the body, and that of b is text`},
		"two in one place": {`[{type: apikey, key: X-Key, value: "{{LIBRARY_KEY}}"}, {type: apikey, key: x-key, value: "{{LIBRARY_KEY}}"}]`,
			"- {name: b, path: /b, operations: [{name: b, method: GET}]}", `10:96: error: two credentials of lib go into the header x-key, which has room for one`},
	} {
		p := newPort(t, nil)
		s, err := open(t.Context(), p.file(t, keyed(tt.auth, tt.resources, "b")), &options{Project: "none"})
		if err == nil {
			_, err = s.Unit("b")
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Count(err.Error(), ": error:") != 1 {
			t.Errorf("%s: got %v\nwant %s", name, err, tt.want)
		}
	}
}

// Keys are hidden wherever they travel: in errors, in runs and in recordings.
func TestKeysInPathAndBodyAreHidden(t *testing.T) {
	const secret = "library-key/1"
	t.Setenv("LIBRARY_KEY", secret)
	for place, resources := range map[string]string{
		"path": "- {name: all, path: '/bot{{key}}/all', operations: [{name: all, method: POST}]}",
		"body": "- {name: all, path: /all, operations: [{name: all, method: POST}]}",
	} {
		p := newPort(t, map[string]http.HandlerFunc{"*": fails(422, "text/plain", "no "+secret)})
		dir := t.TempDir()
		file := p.file(t, keyed(`{type: apikey, key: key, value: "{{LIBRARY_KEY}}", placement: `+place+`}`, resources, "all"))
		u := unit(t, opened(t, file, &options{RecordDir: dir}), "all")
		res, err := u.RunWith(t.Context(), engine.Inputs{}, nil)
		if err == nil {
			t.Fatal("it did not fail")
		}
		for what, text := range map[string]string{"error": err.Error(), "run": fmt.Sprintf("%+v %+v", *res, *res.Error), "recording": textIn(t, dir)} {
			if strings.Contains(text, "library-key") {
				t.Errorf("%s: the %s holds the key: %s", place, what, text)
			}
		}
	}
}

// textIn is all that the files of a folder hold.
func textIn(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out.Write(text)
		return err
	})
	if err != nil || out.Len() == 0 {
		t.Fatalf("%d bytes recorded: %v", out.Len(), err)
	}
	return out.String()
}
