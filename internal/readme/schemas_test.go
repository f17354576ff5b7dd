package readme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/spec/dialect"
)

// schema is a JSON Schema, as far as the page has a use for it. Names keep the order of
// the properties.
type schema struct {
	Type, Description string
	Enum              []string
	AnyOf             []*schema
	Items             *schema
	Properties        properties
	Required          []string
	Rest              json.RawMessage `json:"additionalProperties"`
	Default           json.RawMessage
	Examples          []json.RawMessage
}

type properties struct {
	names  []string
	values map[string]*schema
}

func (p *properties) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &p.values); err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	for depth := 0; ; {
		switch token, err := d.Token(); t := token.(type) {
		case json.Delim:
			if depth += map[json.Delim]int{'{': 1, '[': 1, '}': -1, ']': -1}[t]; depth == 0 {
				return nil
			}
		case string:
			if depth == 1 {
				p.names = append(p.names, t)
				var skipped json.RawMessage
				if err := d.Decode(&skipped); err != nil {
					return err
				}
			}
		case nil:
			return err
		}
	}
}

// form describes the values of a key.
func (s *schema) form() string {
	switch {
	case len(s.Enum) > 12:
		return "a code"
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "`, `") + "`"
	case len(s.AnyOf) > 0:
		var out []string
		for _, x := range s.AnyOf {
			out = append(out, x.form())
		}
		return strings.Join(out, ", or ")
	case s.Type == "array":
		return "list: " + s.Items.form()
	case s.Type == "string":
		return "text"
	case s.Type == "boolean":
		return "true or false"
	case s.Type == "null":
		return "nothing"
	case s.Type == "number":
		return "number"
	case s.Type == "" && s.Properties.names == nil:
		return "anything"
	case s.Type == "integer":
		return "whole number"
	}
	return "mapping"
}

// rows writes the keys of a mapping, and those of the mappings in it.
func (s *schema) rows(out *strings.Builder, path string) {
	for _, name := range s.Properties.names {
		v := s.Properties.values[name]
		at, meaning := path+name, v.Description
		if v.Default != nil {
			meaning += " Default: `" + string(v.Default) + "`."
		}
		for _, x := range s.Required {
			if x == name {
				meaning += " Needed."
			}
		}
		for _, x := range v.Examples {
			var flat bytes.Buffer
			_ = json.Compact(&flat, x) // it was read as JSON
			example := strings.NewReplacer(`":`, `": `, `",`, `", `).Replace(flat.String())
			meaning += " Example: `" + name + ": " + example + "`."
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", at, v.form(), meaning)
		v.inner(out, at)
	}
}

func (s *schema) inner(out *strings.Builder, at string) {
	var free schema
	if len(s.Rest) > 0 && json.Unmarshal(s.Rest, &free) == nil {
		free.rows(out, at+".NAME.")
	}
	if len(s.Properties.names) > 0 && len(s.Properties.names) <= 12 { // more are codes
		s.rows(out, at+".")
	}
	for _, x := range s.AnyOf {
		if x.Type == "array" && x.Items.Type == "object" {
			x.Items.rows(out, at+"[].")
		}
	}
}

// printedSchema is the schema of a kind of file as the command prints it, which is the one
// that is kept.
func printedSchema(t *testing.T, kind string) []byte {
	t.Helper()
	printed, err := exec.Command(build(t), "schema", kind).Output()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(root, "docs/schema", kind+".json")
	if *update {
		if err := os.WriteFile(kept, printed, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := os.ReadFile(kept)
	if diff := cmp.Diff(string(text), string(printed)); diff != "" {
		t.Errorf("%s (-) is not what is printed (+); go test ./internal/readme -update writes it\n%s", kept, diff)
	}
	return printed
}

// Every key of a project file is on its page.
func TestProjectFilePage(t *testing.T) {
	var s schema
	if err := json.Unmarshal(printedSchema(t, "project"), &s); err != nil {
		t.Fatal(err)
	}
	var keys strings.Builder
	s.rows(&keys, "")
	holdsKeys(t, "docs/project-file.md", keys.String())
}

// holdsKeys holds the table of a page to the rows of its keys.
func holdsKeys(t *testing.T, page, rows string) {
	t.Helper()
	name := filepath.Join(root, page)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "reads with -->\n")
	_, after, ok := strings.Cut(rest, "<!-- end -->")
	if !ok {
		t.Fatal("the page has no place for the keys")
	}
	want := before + "reads with -->\n| key | value | meaning |\n|---|---|---|\n" + rows + "<!-- end -->" + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("%s (-) has not the keys that are read (+); go test ./internal/readme -update writes them\n%s", page, diff)
	}
}

// Every key of a step is in the chapter on them.
func TestStepKeys(t *testing.T) {
	var s schema
	if err := json.Unmarshal(printedSchema(t, "composition"), &s); err != nil {
		t.Fatal(err)
	}
	var keys strings.Builder
	s.Properties.values["steps"].Items.rows(&keys, "")
	holdsKeys(t, "docs/design.md", keys.String())
}

// The schemas that are kept are those that are printed, for every kind of file.
func TestKeptSchemas(t *testing.T) {
	for _, kind := range dialect.SchemaKinds() {
		printedSchema(t, kind)
	}
}
