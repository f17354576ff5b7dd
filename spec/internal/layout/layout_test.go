package layout_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/spec/internal/layout"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// order is that of the keys in these tests.
var order = []string{"name", "id", "type", "steps", "with", "last"}

func rank(key *node.Node) int { return slices.Index(order, key.Value) }

func format(src string) (string, error) {
	out, err := layout.Format(node.NewFile("cargo.yaml", []byte(src)), rank)
	return string(out), err
}

var layouts = map[string]struct{ src, want string }{
	"keys are sorted":                         {"id: 1\nname: x\n", "name: x\nid: 1\n"},
	"an unknown key follows its neighbour":    {"last: 1\nname: x\nnote: y\nid: 2\n", "name: x\nnote: y\nid: 2\nlast: 1\n"},
	"unknown keys at the front stay there":    {"z: 1\nid: 2\nname: x\n", "z: 1\nname: x\nid: 2\n"},
	"blocks are indented by two":              {"name:\n    id: 1\n    type:\n          - a\n", "name:\n  id: 1\n  type:\n    - a\n"},
	"lists are indented in their key":         {"steps:\n- id: 1\n- id: 2\n", "steps:\n  - id: 1\n  - id: 2\n"},
	"a wide dash":                             {"steps:\n  -   id: 1\n      with: 2\n", "steps:\n  - id: 1\n    with: 2\n"},
	"lists in lists":                          {"steps:\n-  -  a\n   -  b\n- - c\n", "steps:\n  - - a\n    - b\n  - - c\n"},
	"a dash alone":                            {"steps:\n-\n     id: 1\n-\n- x\n", "steps:\n  -\n    id: 1\n  -\n  - x\n"},
	"a list at the top":                       {"-   b: 1\n    a: 2\n", "- b: 1\n  a: 2\n"},
	"the first key of an item moves":          {"steps:\n  - with: 1\n    id: 2\n", "steps:\n  - id: 2\n    with: 1\n"},
	"a comment on the key that becomes first": {"steps:\n  - with: 1\n    # the id\n    id: 2\n", "steps:\n  # the id\n  - id: 2\n    with: 1\n"},
	"comments move with what is below them":   {"id: 1\n# about\n# the name\nname: x # here\nlast: 2\n", "# about\n# the name\nname: x # here\nid: 1\nlast: 2\n"},
	"a comment at the top stays there":        {"# licence\nid: 1\nname: x\n", "# licence\nname: x\nid: 1\n"},
	"comments that are indented more":         {"steps:\n  - id: 1\n    # with: 2\nname: x\n", "name: x\nsteps:\n  - id: 1\n    # with: 2\n"},
	"a comment behind a value":                {"id: 1\n    # more on the id\nname: x\n", "name: x\nid: 1\n  # more on the id\n"},
	"comments at the end":                     {"id: 1\nname: x\n\n# end\n", "name: x\nid: 1\n\n# end\n"},
	"comments between items":                  {"steps:\n# one\n- 1\n   # of one\n# two\n- 2\n# after\nlast: 1\n", "steps:\n  # one\n  - 1\n    # of one\n  # two\n  - 2\n# after\nlast: 1\n"},
	"one blank line in a row":                 {"\n\nname: x\n\n\n\nid: 1\n\n\n", "name: x\n\nid: 1\n"},
	"no blank line at the top of a block":     {"steps:\n\n  - 1\n\n\n  - 2\n", "steps:\n  - 1\n\n  - 2\n"},
	"blank lines move with what is below":     {"name: x\n\nsteps:\n  - 1\n\nid: 2\n", "name: x\n\nid: 2\n\nsteps:\n  - 1\n"},
	"spaces at the end":                       {"name: x  \nsteps:   \n  - 1\t\n", "name: x\nsteps:\n  - 1\n"},
	"no break at the end":                     {"id: 1\nname: x", "name: x\nid: 1\n"},
	"Windows":                                 {"id: 1\r\n\r\nname: x\r\n", "name: x\r\nid: 1\r\n"},
	"quotes stay":                             {"name: 'it''s'\nid: \"\\u0041\"\ntype: plain text\n", "name: 'it''s'\nid: \"\\u0041\"\ntype: plain text\n"},
	"a text in quotes over several lines":     {"with:\n    id: \"a\n      # no comment\n     b\"\n    name: x\n", "with:\n  name: x\n  id: \"a\n    # no comment\n   b\"\n"},
	"a plain text over several lines":         {"with:\n    id: a\n      b\n    name: x\n", "with:\n  name: x\n  id: a\n    b\n"},
	"a block of text":                         {"with:\n    id: |\n        a\n          b\n\n        # c\n    name: x\n", "with:\n  name: x\n  id: |\n      a\n        b\n\n      # c\n"},
	"a block of text with its indentation":    {"with:\n    id: |2\n        a\n      b\n    name: x\n", "with:\n  name: x\n  id: |2\n      a\n    b\n"},
	"a block of text that keeps its breaks":   {"with:\n    id: |+\n      a\n\n\n    name: x\n", "with:\n  id: |+\n    a\n\n\n  name: x\n"},
	"a block of text without a break":         {"steps:\n- |\n  a", "steps:\n  - |\n    a"},
	"a comment behind a block of text":        {"with:\n  id: |\n      a\n   # no text\n  name: x\n", "with:\n  name: x\n  id: |\n      a\n   # no text\n"},
	"an empty block of text":                  {"id: |\nname: x\n", "name: x\nid: |\n"},
	"a tag before a block of text":            {"id: !!str\n  |\n  a\nname: x\n", "name: x\nid: !!str\n  |\n  a\n"},
	"braces stay":                             {"with:\n    id: {b: 1,\n      a: [2,\n   3]}\n    name: x\n", "with:\n  name: x\n  id: {b: 1,\n    a: [2,\n 3]}\n"},
	"anchors and aliases":                     {"id: &a 1\nlast: {x: 1}\nsteps:\n- *a\n", "id: &a 1\nlast: {x: 1}\nsteps:\n  - *a\n"},
	"an alias within one entry":               {"steps:\n- &a\n    id: 1\n- *a\nname: x\n", "name: x\nsteps:\n  - &a\n    id: 1\n  - *a\n"},
	"merged keys":                             {"with: &w {a: 1}\nid:\n    <<: *w\n    b: 2\n", "with: &w {a: 1}\nid:\n  <<: *w\n  b: 2\n"},
	"documents":                               {"%YAML 1.2\n---\nid: 1\nname: x\n...\n# between\n--- # second\n\n\nsteps:\n- 1\n---\n", "%YAML 1.2\n---\nname: x\nid: 1\n...\n# between\n--- # second\n\nsteps:\n  - 1\n---\n"},
	"a text alone":                            {"--- |\n  a\n\n\n  b\n", "--- |\n  a\n\n\n  b\n"},
	"keys with a question mark stay":          {"with:\n    ? b\n    : 1\n    ? a\n    : 2\nname: x\n", "name: x\nwith:\n    ? b\n    : 1\n    ? a\n    : 2\n"},
	"a key in quotes":                         {"\"id\" : 1\n'name': x\n", "'name': x\n\"id\" : 1\n"},
	"an empty value":                          {"id:\nname:\nsteps:\n  # none\n", "name:\nid:\nsteps:\n  # none\n"},
}

func TestLayouts(t *testing.T) {
	for name, test := range layouts {
		t.Run(name, func(t *testing.T) {
			got, err := format(test.src)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Fatalf("error %v (-want +got):\n%s", err, diff)
			}
			if again, err := format(got); again != got || err != nil {
				t.Errorf("a second time gives, error %v:\n%s", err, again)
			}
		})
	}
}

func TestNoYAML(t *testing.T) {
	if got, err := format("a: [\n"); err == nil || !strings.Contains(err.Error(), "yaml-syntax") {
		t.Errorf("got %q, %v", got, err)
	}
}
