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

// The schema that is printed is the one that is kept, and every key of it is on the page.
func TestProjectFilePage(t *testing.T) {
	printed, err := exec.Command(build(t), "schema", "project").Output()
	if err != nil {
		t.Fatal(err)
	}
	kept, name := filepath.Join(root, "docs/schema/project.json"), filepath.Join(root, "docs/project-file.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), "reads with -->\n")
	_, after, ok := strings.Cut(rest, "<!-- end -->")
	if !ok {
		t.Fatal("the page has no place for the keys")
	}
	var s schema
	if err := json.Unmarshal(printed, &s); err != nil {
		t.Fatal(err)
	}
	var keys strings.Builder
	keys.WriteString("| key | value | meaning |\n|---|---|---|\n")
	s.rows(&keys, "")
	want := before + "reads with -->\n" + keys.String() + "<!-- end -->" + after
	if *update {
		for path, text := range map[string]string{kept: string(printed), name: want} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	text, _ := os.ReadFile(kept)
	if diff := cmp.Diff(string(text), string(printed)); diff != "" {
		t.Errorf("docs/schema/project.json (-) is not what is printed (+); go test ./internal/readme -update writes it\n%s", diff)
	}
	if diff := cmp.Diff(string(page), want); diff != "" {
		t.Errorf("the page (-) has not the keys that are read (+); go test ./internal/readme -update writes them\n%s", diff)
	}
}
