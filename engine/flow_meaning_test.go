package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

// library is a file with one operation of an API that takes a credential, and the
// exposures of exposes.
func library(auth, operations, exposes string) string {
	return `naftiko: 1.0.0-alpha2
info: {label: Library, description: Books on shelves}
binds:
- {namespace: env, keys: {LIBRARY_KEY: LIBRARY_KEY}}
capability:
  consumes:
  - type: http
    namespace: lib
    baseUri: "@UP/v1"
` + auth + `
    resources:
` + indent(4, operations) + `
  exposes:
` + indent(2, exposes) + "\n"
}

const (
	byBearer = `    authentication: {type: bearer, token: "{{env.LIBRARY_KEY}}"}`
	byQuery  = `    authentication: {type: apikey, key: appid, value: "{{env.LIBRARY_KEY}}", placement: query}`
	byHeader = `    authentication: {type: apikey, key: X-Library-Key, value: "{{env.LIBRARY_KEY}}", placement: header}`
)

// A parameter that the credential fills is not asked of the caller, however the file
// declares and passes it; it is sent once, and the plan names its source.
func TestCredentialFillsAParameter(t *testing.T) {
	t.Setenv("LIBRARY_KEY", "library-key-1")
	const keys = `appid X-Library-Key authorization`
	for name, tt := range map[string]struct{ auth, param, tool, line, header string }{
		"bearer, with":        {byBearer, "{name: Authorization, in: header, type: string, required: true}", "with: {lat: tools.lat, Authorization: tools.Authorization}", "GET /v1/now?lat=4", "Authorization: Bearer library-key-1"},
		"bearer, lower case":  {byBearer, "{name: authorization, in: header, required: true}", "with: {lat: tools.lat, authorization: '{{authorization}}'}", "GET /v1/now?lat=4", "Authorization: Bearer library-key-1"},
		"bearer, declared":    {byBearer, "{name: Authorization, in: header, required: true}", "inputParameters: [{name: lat, type: number}, {name: Authorization, type: string, required: true}]", "GET /v1/now?lat=4", "Authorization: Bearer library-key-1"},
		"bearer, nothing":     {byBearer, "{name: Authorization, in: header, required: true}", "outputParameters: [{type: object, mapping: $.}]", "GET /v1/now?lat=4", "Authorization: Bearer library-key-1"},
		"basic":               {`    authentication: {type: basic, username: ada, password: "{{env.LIBRARY_KEY}}"}`, "{name: Authorization, in: header, required: true}", "with: {lat: tools.lat, Authorization: tools.Authorization}", "GET /v1/now?lat=4", "Authorization: Basic YWRhOmxpYnJhcnkta2V5LTE="},
		"key in the query":    {byQuery, "{name: appid, in: query, required: true}", "with: {lat: tools.lat, appid: tools.appid}", "GET /v1/now?lat=4&appid=library-key-1", ""},
		"key in a header":     {byHeader, "{name: x-library-key, in: header, required: true}", "with: {lat: tools.lat, x-library-key: tools.key}", "GET /v1/now?lat=4", "X-Library-Key: library-key-1"},
		"query, other case":   {byQuery, "{name: APPID, in: query}", "with: {lat: tools.lat, APPID: mine}", "GET /v1/now?lat=4&APPID=mine&appid=library-key-1", ""},
		"a value of its own":  {byBearer, "{name: Authorization, in: header, value: Bearer other}", "with: {lat: tools.lat}", "GET /v1/now?lat=4", "Authorization: Bearer library-key-1"},
		"of the whole API":    {byQuery + "\n    inputParameters: [{name: appid, in: query, required: true}]", "{name: lang, in: query}", "with: {lat: tools.lat}", "GET /v1/now?lat=4&appid=library-key-1", ""},
		"of the API, in path": {byBearer + "\n    inputParameters: [{name: Authorization, in: header, required: true}]", "{name: lang, in: query}", "steps: [{name: s, type: call, call: lib.now, with: {lat: tools.lat}}]", "GET /v1/now?lat=4", "Authorization: Bearer library-key-1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
			call := "call: lib.now, "
			if strings.HasPrefix(tt.tool, "steps") {
				call = ""
			}
			file := library(tt.auth, `- {name: now, path: /now, operations: [{name: now, method: GET, inputParameters: [{name: lat, in: query, type: number, required: true}, `+tt.param+`]}]}`,
				`- {type: mcp, namespace: m, port: 9090, tools: [{name: now, description: now, `+call+tt.tool+`}]}`)
			prog := unit(t, opened(t, p.file(t, file), nil), "now")
			var asked []string
			for _, in := range prog.Inputs() {
				asked = append(asked, in.Name)
			}
			if diff := cmp.Diff([]string{"lat"}, asked); diff != "" {
				t.Errorf("asked for %s", diff)
			}
			called(t, prog, engine.Inputs{"lat": 4})
			got := p.last()
			if got.line != tt.line {
				t.Errorf("sent %s, want %s", got.line, tt.line)
			}
			if header, value, ok := strings.Cut(tt.header, ": "); ok && strings.Join(got.header[header], "|") != value {
				t.Errorf("%s is %q, want %q", header, got.header[header], value)
			}
			for _, b := range prog.Plan().Steps[0].Binds {
				filled := b.Rule == "credential" && strings.Contains(b.From, "credential")
				if strings.Contains(strings.ToLower(keys), strings.ToLower(b.Param)) != filled && b.Param != "APPID" {
					t.Errorf("%s comes from %q by %q", b.Param, b.From, b.Rule)
				}
			}
		})
	}
}

// A value of the file that the credential replaces is said not to be sent.
func TestValueThatTheCredentialReplaces(t *testing.T) {
	p := newPort(t, nil)
	for _, tt := range []struct{ param, with string }{
		{"{name: Authorization, in: header, value: Bearer other}", ""},
		{"{name: Authorization, in: header}", ", with: {Authorization: Bearer other}"},
	} {
		file := library(byBearer, `- {name: now, path: /now, operations: [{name: now, method: GET, inputParameters: [`+tt.param+`]}]}`,
			`- {type: mcp, namespace: m, port: 9090, tools: [{name: now, description: now, call: lib.now`+tt.with+`}]}`)
		s := opened(t, p.file(t, file), nil)
		want := `"Authorization" of lib.now is filled by the bearer credential: this value is not sent`
		if text := s.Report().Diagnostics.Error(); !strings.Contains(text, want) {
			t.Errorf("got %s\nwant %s", text, want)
		}
	}
}

// Accept and Content-Type are what the request is. A value that the file gives them
// stands.
func TestHeadersThatTheRequestHasOfItself(t *testing.T) {
	for name, tt := range map[string]struct{ params, tool, accept, media string }{
		"asked":             {"{name: Accept, in: header, required: true}, {name: Content-Type, in: header, required: true}", "with: {title: tools.title, Accept: tools.Accept, Content-Type: tools.Content-Type}", "application/json", "application/json"},
		"declared":          {"{name: accept, in: header, required: true}, {name: content-type, in: header}", "inputParameters: [{name: title, type: string}, {name: accept, type: string}]", "application/json", "application/json"},
		"constants":         {"{name: Accept, in: header, value: application/vnd.books+json}, {name: Content-Type, in: header, value: application/vnd.book+json}", "with: {title: tools.title}", "application/vnd.books+json", "application/vnd.book+json"},
		"literals":          {"{name: Accept, in: header}, {name: Content-Type, in: header}", "with: {title: tools.title, Accept: text/csv, Content-Type: application/vnd.book+json}", "text/csv", "application/vnd.book+json"},
		"input's default":   {"{name: Accept, in: header}", "inputParameters: [{name: title, type: string}, {name: Accept, type: string, default: text/plain}]", "text/plain", "application/json"},
		"default of theirs": {"{name: Accept, in: header, default: text/html}", "with: {title: tools.title}", "text/html", "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LIBRARY_KEY", "library-key-1")
			p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
			file := library("", `- {name: books, path: /books, operations: [{name: add, method: POST, inputParameters: [{name: title, in: body, type: string, required: true}, {name: pages, in: body, type: integer}, `+tt.params+`]}]}`,
				`- {type: mcp, namespace: m, port: 9090, tools: [{name: add, description: add, call: lib.add, `+tt.tool+`}]}`)
			prog := unit(t, opened(t, p.file(t, file), nil), "add")
			for _, in := range prog.Inputs() {
				if in.Name != "title" && in.Name != "pages" && !strings.HasPrefix(name, "input") {
					t.Errorf("asks for %s", in.Name)
				}
			}
			called(t, prog, engine.Inputs{"title": "A"})
			got := p.last()
			if got.header.Get("Accept") != tt.accept || got.header.Get("Content-Type") != tt.media || got.body != `{"title":"A"}` {
				t.Errorf("sent %s as %s, accepting %s", got.body, got.header.Get("Content-Type"), got.header.Get("Accept"))
			}
		})
	}
}

// An input without which a required parameter would be absent is required.
func TestInputThatFeedsARequiredParameterIsRequired(t *testing.T) {
	const params = `inputParameters: [{name: book_id, in: path, type: string}, {name: owner, in: query, required: true}, {name: lang, in: query}]`
	for name, tt := range map[string]struct{ tool, required string }{
		"reference":          {"call: lib.get, with: {book_id: tools.a, owner: tools.b, lang: tools.c}", "a b"},
		"whole text":         {`call: lib.get, with: {book_id: "{{a}}", owner: "{{b}}", lang: "{{c}}"}`, "a b"},
		"inside a text":      {`call: lib.get, with: {book_id: "{{a}}-{{b}}", owner: me, lang: "x{{c}}"}`, "a b"},
		"declared otherwise": {`inputParameters: [{name: a, type: string, required: false}, {name: c, type: string, required: false}], call: lib.get, with: {book_id: "{{a}}", owner: "u{{a}}", lang: "{{c}}"}`, "a"},
		"by default":         {`inputParameters: [{name: a, type: string, default: B7}, {name: owner, type: string, required: false}], call: lib.get, with: {book_id: "{{a}}"}`, "owner"},
		"in a step":          {`steps: [{name: s, type: call, call: lib.get, with: {book_id: "{{a}}", owner: "$this.m.b"}}]`, "a b"},
		"own text":           {`inputParameters: [{name: text, type: string, required: false}, {name: note, type: string, required: false}], call: lib.add`, "text"},
		"own text, with":     {`call: lib.add, with: {text: "{{a}}", note: "{{b}}"}`, "a"},
		"own text, asked":    {`call: lib.add`, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, nil)
			file := library("", `
- {name: book, path: "/books/{{book_id}}", operations: [{name: get, method: GET, `+params+`}]}
- {name: notes, path: /notes, operations: [{name: add, method: POST, inputParameters: [{name: text, in: body, type: string, required: true}, {name: note, in: body}], body: {type: json, data: {text: "{{text}}", note: "{{note}}"}}}]}`,
				`- {type: mcp, namespace: m, port: 9090, tools: [{name: t, description: t, `+tt.tool+`}]}`)
			prog := unit(t, opened(t, p.file(t, file), nil), "t")
			var required []string
			for _, in := range prog.Inputs() {
				if in.Required {
					required = append(required, in.Name)
				}
			}
			if got := strings.Join(required, " "); got != tt.required {
				t.Errorf("required are %q, want %q", got, tt.required)
			}
			var schema []string
			for _, name := range prog.InputSchema()["required"].([]any) {
				schema = append(schema, name.(string))
			}
			if diff := cmp.Diff(required, schema); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The texts of an operation see the values that the operation itself gives its
// parameters.
func TestTextsOfAnOperationSeeItsOwnValues(t *testing.T) {
	for name, tt := range map[string]struct{ params, body, want string }{
		"a constant in a body":  {"{name: kind, in: body, value: book}, {name: title, in: body}", `body: {type: json, data: {kind: "{{kind}}", title: "{{title}}"}}`, `{"kind":"book","title":"A"}`},
		"a default in a body":   {"{name: kind, in: body, default: book}, {name: title, in: body}", `body: {type: json, data: {kind: "{{kind}}", title: "{{title}}"}}`, `{"kind":"book","title":"A"}`},
		"a constant in a form":  {"{name: kind, in: form, value: book}, {name: title, in: form}", "", "kind=book&title=A"},
		"a default in a form":   {"{name: kind, in: form, default: book}, {name: title, in: form}", "", "kind=book&title=A"},
		"nothing for a field":   {"{name: note, in: form}, {name: title, in: form}", "", "title=A"},
		"a constant of a query": {"{name: kind, in: query, const: book}, {name: title, in: body}", `body: {type: text, data: "{{kind}} {{title}}"}`, "book A"},
		"made of each other":    {`{name: kind, in: body, value: "{{title}}s"}, {name: title, in: body}`, `body: {type: text, data: "{{kind}}"}`, "As"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
			body := ""
			if tt.body != "" {
				body = ", " + tt.body
			}
			file := library("", `- {name: books, path: /books, operations: [{name: add, method: POST, inputParameters: [`+tt.params+`]`+body+`}]}`,
				`- {type: mcp, namespace: m, port: 9090, tools: [{name: add, description: add, inputParameters: [{name: title, type: string}], call: lib.add}]}`)
			called(t, unit(t, opened(t, p.file(t, file), nil), "add"), engine.Inputs{"title": "A"})
			if got := p.last().body; got != tt.want {
				t.Errorf("sent %s, want %s", got, tt.want)
			}
		})
	}
}

// A name that differs from the one that it can mean by case, "-" or "_" only means it,
// with a note; two that it can mean are an error.
func TestOtherSpellings(t *testing.T) {
	const one = `- {name: book, path: "/books/{{book_id}}", operations: [{name: get, method: GET, inputParameters: [{name: book_id, in: path, type: string}, {name: lang, in: query}]}]}`
	rest := func(path, operation string) string {
		return `- {type: rest, namespace: r, port: 8080, resources: [{name: x, path: "` + path + `", operations: [{name: u, method: GET, ` + operation + `}]}]}`
	}
	tool := func(text string) string {
		return `- {type: mcp, namespace: r, port: 8080, tools: [{name: u, description: u, ` + text + `}]}`
	}
	for name, tt := range map[string]struct {
		operations, exposes string
		input, line, note   string
	}{
		"route, kebab, with":       {one, rest("/x/{book-id}", "call: lib.get, with: {book_id: rest.book_id}"), "book-id", "GET /v1/books/B7", `{book-id} is read as "book_id"; write book_id`},
		"route, this":              {one, rest("/x/{book-id}", "call: lib.get, with: {book_id: $this.r.book_id}"), "book-id", "GET /v1/books/B7", `{book-id} is read as "book_id"; write book_id`},
		"route, text":              {one, rest("/x/{book-id}", `call: lib.get, with: {book_id: "{{bookId}}"}`), "book-id", "GET /v1/books/B7", `{book-id} is read as "bookId"; write bookId`},
		"route, case":              {one, rest("/x/{BookID}", "call: lib.get"), "BookID", "GET /v1/books/B7", `{BookID} feeds the parameter "book_id" of lib.get; write book_id`},
		"route, declared":          {one, rest("/x/{bookid}", "inputParameters: [{name: book_id, in: path, type: string}], call: lib.get"), "bookid", "GET /v1/books/B7", `{bookid} is the input "book_id"; write {book_id}`},
		"route, steps":             {one, rest("/x/{bookid}", "steps: [{name: s, type: call, call: lib.get, with: {book_id: rest.book_id}}]"), "bookid", "GET /v1/books/B7", `{bookid} is read as "book_id"; write book_id`},
		"tool's input":             {one, tool("inputParameters: [{name: bookId, type: string}], call: lib.get"), "bookId", "GET /v1/books/B7", `the input "bookId" feeds the parameter "book_id" of lib.get; write book_id`},
		"tool's with":              {one, tool("call: lib.get, with: {bookId: tools.number}"), "number", "GET /v1/books/B7", `"bookId" feeds the parameter "book_id" of lib.get; write book_id`},
		"tool's reference":         {one, tool("inputParameters: [{name: bookId, type: string}], call: lib.get, with: {book_id: tools.book-id}"), "bookId", "GET /v1/books/B7", `the input "bookId" is read as "book-id"; write book-id`},
		"consumed path":            {strings.Replace(one, "{{book_id}}", "{bookId}", 1), tool("call: lib.get, with: {book_id: tools.number}"), "number", "GET /v1/books/B7", `{bookId} is the parameter "book_id" of get; write {book_id}`},
		"consumed path, twice":     {strings.Replace(one, "{{book_id}}", "{bookId}/{bookId}", 1), tool("call: lib.get"), "book_id", "GET /v1/books/B7/B7", `{bookId} is the parameter "book_id" of get; write {book_id}`},
		"consumed path, not there": {`- {name: book, path: "/books/{bookId}", operations: [{name: get, method: GET}]}`, tool("inputParameters: [{name: book_id, type: string}], call: lib.get"), "book_id", "GET /v1/books/B7", `the input "book_id" feeds the parameter "bookId" of lib.get; write bookId`},
		"resource": {one, `- {type: mcp, namespace: r, port: 8080, tools: [{name: v, description: v, call: lib.get}], resources: [{name: u, uri: "data://books/{book-id}", description: one, call: lib.get, with: {book_id: "{{book_id}}"}}]}`,
			"book-id", "GET /v1/books/B7", `{book-id} is read as "book_id"; write book_id`},
		"resource, as its address": {one, `- {type: mcp, namespace: r, port: 8080, tools: [{name: v, description: v, call: lib.get}], resources: [{name: u, uri: "data://books/{id}", description: one, call: lib.get, with: {book_id: "{id}"}}]}`,
			"id", "GET /v1/books/B7", `"{id}" is read as {{id}}; write {{id}}`},
		"route, the flow's": {one, strings.Replace(rest("/x/{book-id}", "ref: shelf.one"), "- {type", "- {type", 1) + "\naggregates:\n- {label: S, namespace: shelf, flows: [{name: one, description: one, inputParameters: [{name: book_id, type: string, description: b}], call: lib.get}]}",
			"book-id", "GET /v1/books/B7", `{book-id} is the input "book_id"; write {book_id}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
			file := library("", tt.operations, tt.exposes)
			s := opened(t, p.file(t, file), nil)
			prog := unit(t, s, "r.u")
			for _, in := range prog.Inputs() {
				if (in.Name == tt.input) != in.Required {
					t.Errorf("asks for %s, required %v", in.Name, in.Required)
				}
			}
			called(t, prog, engine.Inputs{tt.input: "B7"})
			if got := p.last().line; got != tt.line {
				t.Errorf("sent %s, want %s", got, tt.line)
			}
			var notes []string
			for _, d := range s.Report().Diagnostics {
				if d.Code == "other-spelling" {
					notes = append(notes, d.Message+"; "+d.Hint)
				}
			}
			if diff := cmp.Diff([]string{tt.note}, notes); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, tt := range map[string]struct{ operations, exposes, want string }{
		"two parameters":        {`- {name: b, path: "/b/{book_id}", operations: [{name: get, method: GET, inputParameters: [{name: bookId, in: query}]}]}`, rest("/x/{bookid}", "call: lib.get"), `{bookid} could be "bookId" or "book_id" of lib.get`},
		"two variables":         {one, rest("/x/{bookId}/{book-id}", "call: lib.get"), `"book_id" of lib.get could be "book-id" or "bookId"`},
		"two variables, read":   {one, rest("/x/{bookId}/{book-id}", "call: lib.get, with: {book_id: rest.book_id}"), `"book_id" could be "book-id" or "bookId"`},
		"two declared inputs":   {one, rest("/x/{bookid}", "inputParameters: [{name: book-id, in: path}, {name: bookId, in: path}], call: lib.get"), `{bookid} could be "book-id" or "bookId"`},
		"two consumed":          {`- {name: b, path: "/b/{bookid}", operations: [{name: get, method: GET, inputParameters: [{name: bookId, in: path}, {name: book-id, in: path}]}]}`, tool("call: lib.get"), `{bookid} could be "bookId" or "book-id"`},
		"an argument":           {`- {name: b, path: "/b/{book_id}", operations: [{name: get, method: GET, inputParameters: [{name: bookId, in: query}]}]}`, tool(`call: lib.get, with: {bookid: "7"}`), `"bookid" could be "bookId" or "book_id" of lib.get`},
		"no place in the route": {one, rest("/x", "inputParameters: [{name: book_id, in: path}], call: lib.get"), `"book_id" is an input in the path, and /x has no place for it`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, nil)
			_, err := open(t.Context(), p.file(t, library("", tt.operations, tt.exposes)), &options{Project: "none"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// An input that nothing reads is lost: a method that acts on what its URL names is
// refused without it, others warn.
func TestInputThatNothingReads(t *testing.T) {
	for name, tt := range map[string]struct{ exposes, want string }{
		"route":          {`- {type: rest, namespace: r, port: 8080, resources: [{name: x, path: "/x/{isbn}", operations: [{name: u, method: DELETE, call: lib.METHOD}]}]}`, "{isbn} is read by nothing: lib.METHOD is sent without it"},
		"declared route": {`- {type: rest, namespace: r, port: 8080, resources: [{name: x, path: "/x/{isbn}", operations: [{name: u, method: DELETE, inputParameters: [{name: isbn, in: path, type: string}], call: lib.METHOD}]}]}`, `the input "isbn" is read by nothing: lib.METHOD is sent without it`},
		"tool":           {`- {type: mcp, namespace: r, port: 8080, tools: [{name: u, description: u, inputParameters: [{name: isbn, type: string}], call: lib.METHOD}]}`, `the input "isbn" is read by nothing: lib.METHOD is sent without it`},
		"resource":       {`- {type: mcp, namespace: r, port: 8080, tools: [{name: v, description: v, call: lib.get}], resources: [{name: u, uri: "data://x/{isbn}", description: u, call: lib.METHOD}]}`, "{isbn} is read by nothing: lib.METHOD is sent without it"},
		"the write's":    {`- {type: mcp, namespace: r, port: 8080, tools: [{name: u, description: u, inputParameters: [{name: isbn, type: string}], steps: [{name: a, type: call, call: lib.get}, {name: b, type: call, call: lib.METHOD}]}]}`, `the input "isbn" is read by nothing`},
	} {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			p := newPort(t, nil)
			operations := "- {name: all, path: /books, operations: ["
			for _, m := range []string{"get", "post", "put", "patch", "delete"} {
				operations += "{name: " + m + ", method: " + strings.ToUpper(m) + "}, "
			}
			file := library("", operations+"]}", strings.ReplaceAll(tt.exposes, "METHOD", method))
			s, err := open(t.Context(), p.file(t, file), &options{Project: "none"})
			want := strings.ReplaceAll(tt.want, "METHOD", method)
			if refused := method != "get" && method != "post"; refused != (err != nil) {
				t.Errorf("%s of %s: got %v", name, method, err)
			} else if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: got %v\nwant %s", name, method, err, want)
			} else if err == nil && !strings.Contains(s.Report().Diagnostics.Error(), want) {
				t.Errorf("%s of %s: got %v\nwant %s", name, method, s.Report().Diagnostics, want)
			}
		}
	}
}
