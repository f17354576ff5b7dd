package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// The published compositions are the model of the layout, so they stay as they are.
func TestPublishedFilesAreLaidOut(t *testing.T) {
	files, err := filepath.Glob("../../capabilities/workos/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, file := range append(files, "../../capabilities/workos/shared/workos.yaml", "../../examples/07-framework/lighthouse.yaml") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Format(file, src)
		if diff := cmp.Diff(string(src), string(got)); err != nil || diff != "" {
			t.Errorf("%s: error %v (-published +laid out):\n%s", file, err, diff)
		}
	}
}

func TestFormat(t *testing.T) {
	for name, test := range map[string]struct{ src, want string }{
		"a composition": {
			"steps:\n- operation: loadCrate\n  id: load\n  with: {deck: 2}\n  crate: salt\n  description: Load it.\n  capability: cargo\nname: Cargo\nspecificationVersion: '0.1'\nspecification: Naftiko Capability Composition\n",
			"name: Cargo\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\nsteps:\n  - id: load\n    capability: cargo\n    operation: loadCrate\n    description: Load it.\n    with: {deck: 2}\n    crate: salt\n",
		},
		"a framework file": {
			"capability:\n  consumes:\n  - baseUri: https://fleet.example\n    namespace: fleet\n    type: http\n    resources:\n      ships:\n        path: /ships\n        operations:\n          z-list:\n            method: GET\n          a-get: {method: GET}\nikanos: 1.0.0-beta1\n",
			"ikanos: 1.0.0-beta1\ncapability:\n  consumes:\n    - type: http\n      namespace: fleet\n      baseUri: https://fleet.example\n      resources:\n        ships:\n          path: /ships\n          operations:\n            z-list:\n              method: GET\n            a-get: {method: GET}\n",
		},
		"an overlay": {
			"actions:\n- update: {a: 1}\n  target: $.steps\ninfo: {title: x, version: 1.0.0}\noverlay: 1.0.0\n",
			"overlay: 1.0.0\ninfo: {title: x, version: 1.0.0}\nactions:\n  - target: $.steps\n    update: {a: 1}\n",
		},
		"an unknown file is indented only": {"b:\n- 1\na: 2\n", "b:\n  - 1\na: 2\n"},
		"a byte order mark":                {"\uFEFFb:\n- 1\n", "\uFEFFb:\n  - 1\n"},
		"nothing":                          {"# nothing\n", "# nothing\n"},
	} {
		got, err := Format("cargo.yaml", []byte(test.src))
		if diff := cmp.Diff(test.want, string(got)); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestFormatLeavesFilesThatAreNoYAML(t *testing.T) {
	for src, code := range map[string]string{
		"a: [\n": "yaml-syntax", "a:\n\t- b\n": "yaml-syntax", "\xff\xfea": "encoding", "name: ${{ values.name }}\n\tx": "dialect-not-runnable",
	} {
		got, err := Format("cargo.yaml", []byte(src))
		var problems diag.List
		if !errors.As(err, &problems) || got != nil {
			t.Errorf("%q gives %q, error %v", src, got, err)
			continue
		}
		if problems[0].Code != code {
			t.Errorf("%q is refused with %v", src, problems)
		}
	}
}

// formatsSoundly checks a file that is laid out: a second time changes nothing, and the
// same problems are found.
func formatsSoundly(t *testing.T, name string, src []byte) (formatted bool) {
	t.Helper()
	once, err := Format(name, src)
	var problems diag.List
	switch {
	case errors.As(err, &problems):
		return false
	case err != nil:
		t.Errorf("%s: %v\n%s", name, err, src)
		return false
	}
	if again, err := Format(name, once); err != nil || !bytes.Equal(again, once) {
		t.Errorf("%s: a second time gives, error %v (-once +again):\n%s", name, err, cmp.Diff(string(once), string(again)))
	}
	if diff := cmp.Diff(codesOf(name, src), codesOf(name, once)); diff != "" {
		t.Errorf("%s: other problems (-before +after):\n%s", name, diff)
	}
	return true
}

func codesOf(name string, src []byte) (codes []string) {
	s, problems := Read(name, src)
	_, more := s.File(spec.Options{})
	for _, d := range append(problems, more...) {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	return codes
}

func TestFormatCorpus(t *testing.T) {
	for _, f := range readCorpus(t) {
		src, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if len(src) < 256<<10 { // larger ones are OpenAPI documents
			formatsSoundly(t, f.path, src)
		}
	}
}

// Files with every notation of YAML, in layouts that people write.
func TestFormatGenerated(t *testing.T) {
	formatted := 0
	for seed := range uint64(1000) {
		g := writer{Rand: rand.New(rand.NewPCG(seed, 13)), keys: []string{"name", "id", "steps", "inputs", "with", "description", "x-note", "operation", "type"}}
		g.text.WriteString("specification: Naftiko Capability Composition\n")
		g.mapping(0, 3, "")
		src := g.text.Bytes()
		if g.IntN(4) == 0 {
			src = bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n"))
		}
		if formatsSoundly(t, fmt.Sprintf("seed %d", seed), src) {
			formatted++
		}
	}
	if formatted < 800 {
		t.Errorf("%d of 1000 files are YAML: this test proves little", formatted)
	}
}

// writer writes a file by chance.
type writer struct {
	*rand.Rand
	text    bytes.Buffer
	keys    []string
	anchors int
}

func (w *writer) line(indent int, text string) {
	w.text.WriteString(strings.Repeat(" ", indent) + text + strings.Repeat(" ", w.IntN(8)/7) + "\n")
}

// between writes what may stand between two entries.
func (w *writer) between(indent int) {
	for range w.IntN(3) {
		switch w.IntN(4) {
		case 0:
			w.line(0, "")
		case 1:
			w.line(w.IntN(indent+4), fmt.Sprintf("# note %d: [x", w.IntN(100)))
		}
	}
}

func (w *writer) mapping(indent, depth int, lead string) {
	for i, k := range w.Perm(len(w.keys))[:1+w.IntN(5)] {
		if i > 0 || lead == "" {
			w.between(indent)
		}
		at := indent
		if i == 0 {
			w.text.WriteString(lead)
			if lead != "" {
				at = 0
			}
		}
		w.text.WriteString(strings.Repeat(" ", at) + w.keys[k] + ":")
		w.value(indent, depth)
	}
}

func (w *writer) list(indent, depth int) {
	for range 1 + w.IntN(3) {
		w.between(indent)
		dash := "-" + strings.Repeat(" ", 1+w.IntN(3))
		if depth > 0 && w.IntN(2) == 0 {
			w.mapping(indent+len(dash), depth-1, strings.Repeat(" ", indent)+dash)
			continue
		}
		w.text.WriteString(strings.Repeat(" ", indent) + "-")
		w.scalar(indent)
	}
}

func (w *writer) value(indent, depth int) {
	if depth == 0 {
		w.scalar(indent)
		return
	}
	switch w.IntN(4) {
	case 0:
		w.line(0, []string{"", " # of the list", " !!seq", fmt.Sprintf(" &l%d", w.anchors)}[w.IntN(4)])
		w.anchors++
		w.list(indent+w.IntN(4), depth-1)
	case 1:
		w.line(0, []string{"", " # of the mapping", " !!map", fmt.Sprintf(" &m%d", w.anchors)}[w.IntN(4)])
		w.anchors++
		w.mapping(indent+1+w.IntN(5), depth-1, "")
	default:
		w.scalar(indent)
	}
}

func (w *writer) scalar(indent int) {
	in := indent + 1 + w.IntN(4)
	switch w.IntN(12) {
	case 0:
		w.line(0, " |"+[]string{"", "-", "+"}[w.IntN(3)]+" # text")
		w.line(in, "a: b")
		w.line(in+2, "# no comment")
		w.line(0, "")
		w.line(in, "- c")
	case 1:
		w.line(0, fmt.Sprintf(" >%d", in-indent))
		w.line(in+1, "folded")
		w.line(in, "text")
	case 2:
		w.line(0, ` "two`)
		w.line(in, `# lines \" of"`)
	case 3:
		w.line(0, " 'it''s # no comment' # a comment")
	case 4:
		w.line(0, " plain text")
		w.line(in, "goes on")
	case 5:
		w.line(0, " {a: [1,")
		w.line(in, "2], # inside")
		w.line(in, "b: \"}\"}")
	case 6:
		w.line(0, "")
	case 7:
		w.line(0, fmt.Sprintf(" &s%d anchored", w.anchors))
		w.anchors++
	case 8:
		w.line(0, " [ x, 'y', z ]")
	default:
		w.line(0, " "+[]string{"1", "true", "null", "~", "salt # of the sea"}[w.IntN(5)])
	}
}
