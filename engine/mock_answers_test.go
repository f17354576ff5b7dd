package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

// A framework file says nowhere what its APIs answer with; the mock has what
// its flows read.
func TestMockHasWhatFlowsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crew.yaml")
	text := `ikanos: 1.0.0-beta5
info: {display: Crew, description: Crew lists}
capability:
  consumes:
    - type: http
      namespace: crew
      baseUri: https://crew.test
      resources:
        boat: {path: "/boats/{{boat}}", inputParameters: {boat: {in: path}}, operations: {boat: {method: GET}}}
        person: {path: "/people/{{id}}", inputParameters: {id: {in: path}}, operations: {person: {method: GET}}}
        people: {path: /people, operations: {people: {method: GET}}}
  exposes:
    - type: mcp
      port: 8080
      namespace: tools
      tools:
        skipper:
          description: The skipper of a boat
          inputParameters: {boat: {type: string, description: Boat}}
          steps:
            b: {type: call, call: crew.boat, with: {boat: tools.boat}}
            p: {type: call, call: crew.person, with: {id: "{{b.crew[0].person}}"}}
            all: {type: call, call: crew.people}
            entry: {type: lookup, index: all, match: code, lookupValue: $.b.title, outputParameters: [name]}
          mappings:
            - {target: title, value: $.b.title}
            - {target: name, value: $.p.name.full}
            - {target: nothing, value: $.entry}
        boat:
          description: A boat
          inputParameters: {boat: {type: string, description: Boat}}
          call: crew.boat
          with: {boat: tools.boat}
          outputParameters:
            - type: array
              mapping: $.sails
              items: {type: object, properties: {area: {type: number, mapping: $.area}}}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for unit, want := range map[string]func(map[string]any) bool{
		"skipper": func(out map[string]any) bool {
			_, title := out["title"].(string)
			_, name := out["name"].(string)
			return title && name && out["nothing"] == nil
		},
		"boat": func(out map[string]any) bool {
			sails, _ := out["result"].([]any)
			return len(sails) > 0 && sails[0].(map[string]any)["area"] != nil
		},
	} {
		prog, err := load(t.Context(), file, &options{Mock: true, Unit: unit})
		if err != nil {
			t.Fatal(err)
		}
		res, err := prog.Run(t.Context(), engine.Inputs{"boat": "7"})
		if err != nil {
			t.Fatalf("%s: %v", unit, err)
		}
		if !want(res.Outputs) {
			t.Errorf("%s: outputs %v", unit, res.Outputs)
		}
	}
}

// An answer that is an object is its outputs, in the order of the file.
func TestFieldsOfAnAnswerAreOutputs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "motto.yaml")
	text := `ikanos: 1.0.0-beta5
info: {display: Motto, description: Mottos}
capability:
  exposes:
    - type: rest
      port: 8080
      namespace: mottos
      resources:
        all: {path: /all, operations: {all: {method: GET, outputParameters: {one: {type: string, value: Fair winds}, two: {type: string, value: Following seas}, none: {type: string}}}}}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	prog, err := load(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := prog.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"one": "Fair winds", "two": "Following seas"}, res.Outputs); diff != "" || res.Answer != nil {
		t.Errorf("answer %v, outputs (-want +got):\n%s", res.Answer, diff)
	}
	if diff := cmp.Diff([]string{"one", "two"}, res.OutputNames); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// A file that takes whole answers has requests that say what things are: the mock
// answers with those.
func TestMockAnswersWhatPathsImply(t *testing.T) {
	file := filepath.Join(t.TempDir(), "library.yaml")
	text := `naftiko: 1.0.0-alpha2
info: {label: Library, description: Books and their readers}
capability:
  consumes:
    - type: http
      namespace: library
      baseUri: https://library.test
      authentication: {type: apikey, key: key, value: "{{LIBRARY_KEY}}", placement: query}
      inputParameters: [{name: key, in: query, type: string, required: true}]
      resources:
        - name: books
          path: /books
          operations:
            - {name: list-books, method: GET, outputRawFormat: json, outputParameters: [{name: result, type: object, value: $.}]}
            - name: add-book
              method: POST
              inputParameters: [{name: title, in: body, type: string}, {name: pages, in: body, type: integer}]
              outputRawFormat: json
              outputParameters: [{name: result, type: object, value: $.}]
        - name: book
          path: /books/{{book_id}}
          operations:
            - {name: get-book, method: GET, inputParameters: [{name: book_id, in: path, type: string}], outputRawFormat: json, outputParameters: [{name: result, type: object, value: $.}]}
        - name: readers
          path: /books/{{book_id}}/readers
          operations:
            - {name: list-readers, method: GET, inputParameters: [{name: book_id, in: path, type: string}], outputRawFormat: json, outputParameters: [{name: result, type: array, value: $.}]}
  exposes:
    - type: mcp
      port: 8080
      namespace: tools
      tools:
        - {name: list, description: d, call: library.list-books, outputParameters: [{type: object, mapping: $.}]}
        - {name: add, description: d, inputParameters: [{name: title, type: string, description: d}], call: library.add-book, with: {title: tools.title}, outputParameters: [{type: object, mapping: $.}]}
        - {name: get, description: d, inputParameters: [{name: book, type: string, description: d}], call: library.get-book, with: {book_id: tools.book}, outputParameters: [{type: object, mapping: $.}]}
        - {name: readers, description: d, inputParameters: [{name: book, type: string, description: d}], call: library.list-readers, with: {book_id: tools.book}, outputParameters: [{type: array, mapping: $.}]}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for unit, want := range map[string]func(map[string]any) bool{
		"list": func(out map[string]any) bool {
			books, _ := out["books"].([]any)
			return len(books) > 0 && books[0].(map[string]any)["title"] != nil
		},
		"add": func(out map[string]any) bool {
			return out["id"] != nil && out["title"] == "Tides"
		},
		"get": func(out map[string]any) bool { return out["book_id"] == "B7" && out["title"] != nil },
		"readers": func(out map[string]any) bool {
			readers, _ := out["result"].([]any)
			return len(readers) == 1 && readers[0].(map[string]any)["book_id"] == "B7"
		},
	} {
		prog, err := load(t.Context(), file, &options{Mock: true, Unit: unit})
		if err != nil {
			t.Fatal(err)
		}
		in := engine.Inputs{}
		for _, x := range prog.Inputs() {
			in[x.Name] = map[string]string{"title": "Tides", "book": "B7"}[x.Name]
		}
		res, err := prog.Run(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", unit, err)
		} else if !want(res.Outputs) {
			t.Errorf("%s: outputs %v", unit, res.Outputs)
		}
	}
}
