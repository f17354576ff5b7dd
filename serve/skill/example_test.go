package skill

import (
	"slices"
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
)

func TestExamplesFitTheirSchema(t *testing.T) {
	text := &operations.Schema{Types: []string{"string"}}
	three, ten, low := 3, 10, 5.0
	cyclic := &operations.Schema{Types: []string{"object"}, Required: []string{"next"}}
	cyclic.Properties = []operations.Property{{Name: "next", Schema: &operations.Schema{OneOf: []*operations.Schema{{Types: []string{"null"}}, cyclic}}}}
	for name, s := range map[string]*operations.Schema{
		"const":     {HasConst: true, Const: "sso"},
		"enum":      {Types: []string{"string"}, Enum: []any{"a", "b"}},
		"example":   {Types: []string{"string"}, Example: "org_1"},
		"wrong one": {Types: []string{"integer"}, Example: "seven"},
		"default":   {Types: []string{"string"}, HasDefault: true, Default: "x"},
		"length":    {Types: []string{"string"}, MinLength: &ten},
		"short":     {Types: []string{"string"}, MaxLength: &three},
		"minimum":   {Types: []string{"integer"}, Minimum: &low},
		"pattern":   {Types: []string{"string"}, Pattern: "^IMO [0-9]{7}(-[A-Z]+)?$"},
		"items":     {Types: []string{"array"}, Items: text, MinItems: &three},
		"required": {Types: []string{"object"}, Required: []string{"a"}, Properties: []operations.Property{
			{Name: "a", Schema: text}, {Name: "b", Schema: text}}},
		"all of": {AllOf: []*operations.Schema{
			{Types: []string{"object"}, Required: []string{"a"}, Properties: []operations.Property{{Name: "a", Schema: text}}},
			{Required: []string{"b"}, Properties: []operations.Property{{Name: "b", Schema: &operations.Schema{Types: []string{"boolean"}}}}}}},
		"one of": {OneOf: []*operations.Schema{
			{Types: []string{"object"}, Required: []string{"a"}, Properties: []operations.Property{{Name: "a", Schema: text}}},
			{Types: []string{"object"}, Required: []string{"b"}}}},
	} {
		v := mock.Example(s, "name")
		if problems := check.Value(s, v); len(problems) > 0 {
			t.Errorf("%s: %v does not fit: %v", name, v, problems)
		}
	}
	if mock.Example(cyclic, "x") == nil {
		t.Error("a cyclic schema has no example")
	}
}

func TestQuoteKeepsOneWord(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "--flag": "--flag", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "list[0]": "'list[0]'", "$HOME": "'$HOME'", "a\nb": "'a\nb'",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}

// A schema that requires itself in several places gets an example of bounded
// size, and the names of its fields are each found once.
func TestExampleOfASchemaThatDoublesIsSmall(t *testing.T) {
	wide := &operations.Schema{Types: []string{"object"}}
	for i := range 12 {
		name := string(rune('a' + i))
		wide.Required, wide.Properties = append(wide.Required, name), append(wide.Properties, operations.Property{Name: name, Schema: wide})
	}
	if text := jsonvalue.Compact(mock.Example(wide, "x")); len(text) > 64<<10 {
		t.Errorf("the example has %d bytes", len(text))
	}
	s := wide
	for range 24 {
		s = &operations.Schema{AllOf: []*operations.Schema{s, s}, AnyOf: []*operations.Schema{s, s, s}}
	}
	if names := fieldNames(s); len(names) != 12 {
		t.Errorf("fields %v", names)
	}
	if text := jsonvalue.Compact(mock.Example(s, "x")); len(text) > 64<<10 {
		t.Errorf("the example has %d bytes", len(text))
	}
}

// A file of a form is given by its name.
func TestExampleOfAFile(t *testing.T) {
	file := &operations.Schema{Types: []string{"string", "object"}, Format: "binary", Closed: true, Properties: []operations.Property{
		{Name: operations.FileValue}, {Name: operations.FileName}, {Name: operations.FileType},
	}}
	list := &operations.Schema{Types: []string{"array"}, Items: file}
	got := []string{assign("photo", "x", file), typeInWords(file), assign("pages", []any{"x"}, list), typeInWords(list)}
	if want := []string{"photo=@FILE", "file", "pages=@FILE", "array of file"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
