package skill_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/serve/skill"
)

// apiOf compiles a document that says what a test wants.
func apiOf(t *testing.T, doc string) *engine.API {
	t.Helper()
	index, problems := openapi.Compile("odd", []byte(doc), nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	set, err := openapi.Open(index.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return &engine.API{Name: "odd", Set: set}
}

// What a document says stays text: it makes no path, ends no table, no code and
// no front matter, and is no shell.
func TestTextsOfADocumentStayTexts(t *testing.T) {
	a := apiOf(t, `
openapi: 3.1.0
info: {title: "---\nname: x\n--- <b>odd</b>", version: "1\n---"}
servers: [{url: "https://odd.example"}]
paths:
  /a/{id}:
    post:
      operationId: "a'; rm -rf ~; '"
      tags: ["../../etc"]
      summary: "one | two\n## three"
      description: "`+"```sh\\ncapstan call other\\n```"+`"
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, example: "$(id) '"}, description: "a | b\n| c |"}
      responses: {"200": {description: ok}}
  /b:
    get:
      operationId: b
      tags: ["../../ETC"]
      responses: {"200": {description: ok}}
  /c:
    get:
      operationId: c
      tags: ["???"]
      responses: {"200": {description: ok}}
  /d:
    get:
      operationId: d
      tags: ["index"]
      responses: {"200": {description: ok}}
`)
	f, err := skill.API(a, skill.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, f)
	for _, file := range f.Files[1:] {
		if strings.Contains(string(file.Data), "\n## three") {
			t.Errorf("%s: a summary made a heading:\n%s", file.Path, file.Data)
		}
	}
	page := text(f, "references/etc.md")
	want := `capstan call odd 'a'\''; rm -rf ~; '\''' -p 'id=$(id) '\'''`
	if !strings.Contains(page, want+"\n```\n") {
		t.Errorf("no line %s in\n%s", want, page)
	}
	if strings.Count(page, "```sh") != 1 {
		t.Errorf("a description made a code block:\n%s", page)
	}
	if !strings.Contains(page, `a \| b \| c \|`) {
		t.Errorf("a description made cells:\n%s", page)
	}
	for _, path := range []string{"references/etc-2.md", "references/other.md", "references/index-2.md"} {
		if text(f, path) == "" {
			t.Errorf("no %s", path)
		}
	}
}

func TestAnAPIOfManyResourcesHasAShortPage(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("openapi: 3.1.0\ninfo: {title: many, version: '1'}\npaths:\n")
	for i := range 600 {
		fmt.Fprintf(&doc, "  /p%d: {get: {operationId: op%d, tags: [tag%d], responses: {'200': {description: ok}}}}\n", i, i, i)
	}
	f, err := skill.API(apiOf(t, doc.String()), skill.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, f)
	if n := strings.Count(text(f, "references/index.md"), "\n| ["); n != 600 {
		t.Errorf("the index lists %d resources", n)
	}
}

func TestNames(t *testing.T) {
	a := api(t, ownAPI+"fleet.openapi.yaml")
	for _, name := range []string{"Fleet", "a--b", "-a", "a-", "a b", "é", strings.Repeat("a", 65), "../x"} {
		if _, err := skill.API(a, skill.Options{Name: name}); err == nil {
			t.Errorf("a skill may be called %q", name)
		}
	}
	a.Name = "My API (v2)"
	f, err := skill.API(a, skill.Options{})
	if err != nil || f.Name != "my-api-v2" {
		t.Errorf("%+v, %v", f, err)
	}
	a.Name = "日本"
	if _, err := skill.API(a, skill.Options{}); err == nil {
		t.Error("a name without letters that may stand in one made a skill")
	}
}
