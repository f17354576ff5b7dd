package dialect

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/project"
	"github.com/capstan-run/capstan/spec/yamldata"
)

func compiled(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// problemsOf reads a file of any dialect.
func problemsOf(d spec.Dialect, text []byte) diag.List {
	if d == spec.DialectOverlay {
		_, problems := ReadOverlay("f.yaml", text)
		return problems
	}
	s, problems := Read("f.yaml", text)
	read := func() (any, diag.List) { return s.File(spec.Options{}) }
	if d == spec.DialectCatalogue {
		read = func() (any, diag.List) { return s.Catalogue() }
	}
	_, more := read()
	return append(problems, more...)
}

// sound are the files of each dialect that are read without an error: those of testdata,
// of the repository, and of the corpus where that is.
var sound = sync.OnceValue(func() map[spec.Dialect][][]byte {
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/*.yaml", "../../capabilities/workos/*.yaml", "../../capabilities/workos/shared/*.yaml", "../../examples/*/*.yaml"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				panic(err)
			}
			for _, chunk := range strings.Split(string(text), "\n---\n") {
				all[chunk] = []byte(chunk)
			}
		}
	}
	index, _ := os.ReadFile(filepath.Join(corpus, "INDEX.tsv"))
	for _, line := range strings.Split(string(index), "\n")[1:] {
		name, _, _ := strings.Cut(line, "\t")
		if text, err := os.ReadFile(filepath.Join(corpus, name)); err == nil && name != "" {
			all[name] = text
		}
	}
	out := map[spec.Dialect][][]byte{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		s, problems := Read("f.yaml", all[key])
		if d := s.Dialect(); !append(problems, problemsOf(d, all[key])...).HasErrors() {
			out[d] = append(out[d], all[key])
		}
	}
	return out
})

// Every file that is read without an error fits its schema.
func TestSchemasTakeWhatIsRead(t *testing.T) {
	for _, kind := range schemas {
		if kind.kind == "framework-strict" {
			continue
		}
		schema, read := compiled(t, Schema(kind.kind)), 0
		for _, text := range sound()[kind.dialect] {
			v, err := yamldata.Decode(text)
			if err != nil {
				continue // two documents
			}
			read++
			if err := schema.Validate(v); err != nil {
				t.Errorf("%s\n%s: %v", text, kind.kind, err)
			}
		}
		if t.Logf("%s: %d files", kind.kind, read); read < 3 {
			t.Errorf("%s: %d files", kind.kind, read)
		}
	}
}

// A key of a sound file that is misspelt is an error to both the reader and the schema, or
// to none of them.
func TestSchemasAgreeOnMisspeltKeys(t *testing.T) {
	for _, kind := range schemas {
		d := kind.dialect
		if d == spec.DialectFramework || d == spec.DialectSibling {
			continue // other keys are ignored, and what follows of that is no schema's to know
		}
		schema := compiled(t, Schema(kind.kind))
		refused, taken := 0, 0
		for _, text := range sound()[d] {
			v, err := yamldata.Decode(text)
			if err != nil {
				continue
			}
			misspell(v, func(key string) {
				text, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				if s, _ := Read("f.yaml", text); s.Dialect() != d {
					return
				}
				problems, err := problemsOf(d, text), schema.Validate(v)
				if problems.HasErrors() != (err != nil) {
					t.Errorf("%s: %s in %s\nthe reader: %v\nthe schema: %v", d, key, text, problems, err)
				}
				if err != nil {
					refused++
				} else {
					taken++
				}
			})
		}
		t.Logf("%s: %d misspellings are refused, %d have another meaning", d, refused, taken)
		if refused < 10 {
			t.Errorf("%s: only %d misspellings are refused", d, refused)
		}
	}
}

// The strict schema of framework files takes and refuses what the published schema of that
// version does: files, and files with a misspelt key. What it refuses beyond that, the
// strict reader refuses as well.
func TestStrictSchemaAgreesWithThePublishedOne(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(corpus, "framework/naftiko__ikanos/modules/ikanos-spec/src/main/resources/schemas/ikanos-schema.json"))
	if err != nil {
		t.Skip(err)
	}
	ours, published := compiled(t, Schema("framework-strict")), compiled(t, text)
	files, refused := 0, 0
	check := func(v any, what string) bool {
		mine, theirs := ours.Validate(v), published.Validate(v)
		text, _ := json.Marshal(v)
		refused := mine != nil
		if refused && theirs == nil {
			s, _ := Read("f.yaml", text)
			_, problems := s.File(spec.Options{Strict: true})
			refused = !problems.HasErrors()
		}
		if refused != (theirs != nil) {
			t.Errorf("%s %s\nours: %v\npublished: %v", what, text, mine, theirs)
		}
		return theirs == nil
	}
	for _, text := range sound()[spec.DialectFramework] {
		v, err := yamldata.Decode(text)
		if err != nil || !check(v, "") {
			continue
		}
		files++
		misspell(v, func(key string) {
			if !check(v, key) {
				refused++
			}
		})
	}
	t.Logf("%d files, %d misspellings are refused", files, refused)
	if files < 20 || refused < 1000 {
		t.Errorf("only %d files and %d misspellings", files, refused)
	}
}

// misspell calls try for every key in v, while that is misspelt.
func misspell(v any, try func(key string)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			misspell(item, try)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value := v[key]
			if len(key) > 2 && !strings.HasPrefix(key, "x-") && !strings.HasPrefix(key, "$.") {
				delete(v, key)
				v[key+"q"] = value
				try(key)
				delete(v, key+"q")
				v[key] = value
			}
			misspell(value, try)
		}
	}
}

// The schema of project files, which is one of its own standard, takes what the reader
// takes, and refuses what it refuses.
func TestProjectSchemaAgreesWithTheReader(t *testing.T) {
	schema := compiled(t, project.Schema())
	texts := append(chunks(t, "project.yaml"),
		"root: yes please", "root: false", "x-note: 1", "apis: {a: {x-note: 1}}", "apis: {a: {pace: 10/s}}", "apis: {a: {pace: none}}", "apis: {a: {pace: fast}}", "apis: {a: {pace: 10}}", "requestTimeout: 30", "requestTimeout: 1h30m", "requestTimeout: soon", "requestTimeout: 0",
		"maxPages: 1", "maxPages: 0", "maxPages: many", "baseline: 3", "overlays: x.yaml", "overlays: [x.yaml, 3]", "allowRead: ''", "severities: {unused-input: info}", "severities: {unused-inputs: info}",
		"apis: {a: {auth: {type: apiKey, in: body}}}", "rules: [{code: [], level: off}]", "rules: [{code: unused-input, level: error, paths: [], reason: x}]", "rules: [{code: unused-input, level: error, paths: [x.yaml], reason: x}]", "rules: []",
	)
	agreed := 0
	for _, text := range texts {
		_, problems := project.Read(".capstan.yaml", []byte(text))
		v, err := yamldata.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		refused := schema.Validate(v)
		if (refused != nil) != problems.HasErrors() {
			t.Errorf("%s\nthe reader: %v\nthe schema: %v", text, problems, refused)
			continue
		}
		agreed++
	}
	if agreed < 20 {
		t.Errorf("only %d texts", agreed)
	}
}
