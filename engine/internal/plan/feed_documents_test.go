package plan

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// corpus holds public documents, for work on Capstan. A clone has none.
const corpus = "../../../../shared/corpus"

// Every parameter and property of every operation takes its value from an input here. A
// value that the document accepts is never refused, and one that breaks a single
// constraint is refused for that.
func TestInputsAgainstEveryOperation(t *testing.T) {
	total := tallied{}
	for _, api := range []string{"workos"} {
		set, err := builtin(api)
		if err != nil {
			t.Fatal(err)
		}
		total.add(everyOperation(t, api, set))
	}
	if total.accepted < 600 || total.refused < 700 || total.bodies < 50 {
		t.Errorf("too little was tried: %+v", total)
	}
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "openapi") || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return nil // without a corpus there is nothing more to try
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		index, _ := openapi.Compile("doc", text, &openapi.Options{Path: path})
		if index == nil {
			return nil
		}
		set, err := openapi.Open(index.Bytes())
		if err != nil {
			return err
		}
		total.documents++
		total.add(everyOperation(t, path, set))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d documents beside the one that ships: %d places of %d operations; %d values and %d bodies accepted, %d values refused, %d examples break their own schema",
		total.documents, total.places, total.operations, total.accepted, total.bodies, total.refused, total.wrong)
}

// tallied counts what was tried.
type tallied struct{ documents, operations, places, accepted, bodies, refused, wrong int }

func (t *tallied) add(o tallied) {
	t.operations, t.places, t.bodies = t.operations+o.operations, t.places+o.places, t.bodies+o.bodies
	t.accepted, t.refused, t.wrong = t.accepted+o.accepted, t.refused+o.refused, t.wrong+o.wrong
}

func everyOperation(t *testing.T, api string, set *operations.Set) tallied {
	var inputs, steps strings.Builder
	for i, id := range set.IDs() {
		op, _ := set.Lookup(id)
		fmt.Fprintf(&steps, "- id: s%d\n  operation: %s\n  with:\n", i, quote(id))
		for j, x := range targets(op) {
			fmt.Fprintf(&inputs, "- {name: i%d_%d, type: %s}\n", i, j, inputType(x.schema))
			key := x.name
			if !x.whole {
				key = string(x.in) + "." + x.name
			}
			fmt.Fprintf(&steps, "    %s: '{{ inputs.i%d_%d }}'\n", quote(key), i, j)
		}
	}
	src, problems := dialect.Read("all.yaml", []byte(composition("inputs:\n"+inputs.String()+"steps:\n"+steps.String())))
	if problems.HasErrors() {
		t.Fatalf("%s: %v", api, problems)
	}
	file, _ := src.File(spec.Options{})
	p, _ := Build(file, file.Units[0], Sources{API: func(string) (*operations.Set, error) { return set, nil }})
	total := tallied{operations: len(p.Steps)}
	for _, in := range p.Inputs {
		for _, f := range in.Feeds {
			total.places++
			total.add(tried(t, api, f))
			total.bodies += wholeBodies(t, api, f)
		}
	}
	return total
}

// wholeBodies gives a property its values in bodies that the document accepts as a whole,
// one for each of its alternatives, and returns their number.
func wholeBodies(t *testing.T, api string, f *Feed) (n int) {
	t.Helper()
	s := bodySchema(f.Step.Operation().Op)
	name, _, _ := strings.Cut(f.To, " of ")
	if s == nil || f.Text {
		return 0
	}
	for _, shape := range append([]*operations.Schema{s}, slices.Concat(s.OneOf, s.AnyOf)...) {
		body, _ := mock.Example(shape, "body").(map[string]any)
		if v, ok := body[name]; ok && len(check.Value(s, body)) == 0 {
			n++
			if found := f.Refuses(v); len(found) > 0 {
				t.Errorf("%s: %s: %v is refused, and %v is not: %v", api, f.To, v, body, found)
			}
		}
	}
	return n
}

// tried gives a place what its schema accepts, and what breaks one keyword of it.
func tried(t *testing.T, api string, f *Feed) (n tallied) {
	t.Helper()
	v := mock.Example(f.Schema, "x")
	if len(check.Value(f.Schema, v)) > 0 { // a document's own example
		n.wrong++
		return n
	}
	n.accepted++
	if found := f.Refuses(v); len(found) > 0 {
		t.Errorf("%s: %s: %v is refused: %v", api, f.To, v, found)
	}
	flat := f.Schema.Flatten()
	if len(flat.AnyOf)+len(flat.OneOf) > 0 {
		return n
	}
	for _, m := range mutants(flat, v) {
		found := f.Refuses(m.value)
		n.refused++
		if !slices.ContainsFunc(found, func(v operations.Violation) bool { return strings.Contains(v.Message, m.says) }) {
			t.Errorf("%s: %s: %v is not refused for %q: %v", api, f.To, m.value, m.says, found)
		}
	}
	for _, m := range mutants(flat.Items.Flatten(), nil) { // the same within a list
		if flat.Items == nil || len(flat.Items.Flatten().AnyOf)+len(flat.Items.Flatten().OneOf) > 0 {
			break
		}
		n.refused++
		found := f.Refuses([]any{m.value})
		if !slices.ContainsFunc(found, func(v operations.Violation) bool { return v.Path == "/0" && strings.Contains(v.Message, m.says) }) {
			t.Errorf("%s: %s: an item %v is not refused for %q: %v", api, f.To, m.value, m.says, found)
		}
	}
	return n
}

// mutant is a value that breaks one keyword, and a part of the message for that.
type mutant struct {
	value any
	says  string
}

// mutants are values that break one keyword of a schema each. v fits it, nil for unknown.
func mutants(s *operations.Schema, v any) []mutant {
	if s == nil {
		return nil
	}
	var out []mutant
	only := func(kind string) bool { return len(s.Types) == 1 && s.Types[0] == kind }
	text := func() bool { return only("string") && len(s.Enum) == 0 && !s.HasConst }
	free := text() && s.Pattern == ""
	if len(s.Enum) > 0 && only("string") {
		out = append(out, mutant{"no such value", "none of the documented values"})
	}
	if s.HasConst && only("string") {
		out = append(out, mutant{"no such value", "where only"})
	}
	if free && s.MinLength != nil && *s.MinLength > 0 {
		out = append(out, mutant{strings.Repeat("x", *s.MinLength-1), "characters, at least"})
	}
	if free && s.MaxLength != nil && *s.MaxLength < 10_000 {
		out = append(out, mutant{strings.Repeat("x", *s.MaxLength+1), "characters, at most"})
	}
	if re, err := regexp.Compile(s.Pattern); text() && s.Pattern != "" && err == nil && !re.MatchString("\x01") {
		out = append(out, mutant{"\x01", "does not match the pattern"})
	}
	if s.Maximum != nil && (only("integer") || only("number")) && len(s.Enum) == 0 {
		out = append(out, mutant{json.Number(fmt.Sprintf("%.0f", *s.Maximum+1)), "at most"})
	}
	if s.Minimum != nil && (only("integer") || only("number")) && len(s.Enum) == 0 {
		out = append(out, mutant{json.Number(fmt.Sprintf("%.0f", *s.Minimum-1)), "at least"})
	}
	if len(s.Types) == 1 && !only("object") && !only("array") {
		out = append(out, mutant{map[string]any{"a": 1}, "is an object where"})
	}
	if list, ok := v.([]any); ok && s.MaxItems != nil && *s.MaxItems < 100 && len(list) > 0 {
		many := slices.Repeat(list[:1], *s.MaxItems+1)
		out = append(out, mutant{many, "items, at most"})
	}
	if members, ok := v.(map[string]any); ok {
		for _, name := range s.Required {
			if p := s.Property(name); p == nil || p.ReadOnly || members[name] == nil {
				continue
			}
			less := map[string]any{}
			for k, x := range members {
				if k != name {
					less[k] = x
				}
			}
			out = append(out, mutant{less, fmt.Sprintf("property %q is missing", name)})
		}
	}
	return out
}

// inputType is the type that an input for a schema declares.
func inputType(s *operations.Schema) string {
	for _, kind := range []string{"string", "integer", "number", "boolean", "array", "object"} {
		if s == nil || s.Is(kind) {
			return kind
		}
	}
	return "object"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
