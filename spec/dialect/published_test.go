package dialect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// An action with x-capstan-was acts on what was published, and on nothing that it
// would write over otherwise.
func TestActionsActOnWhatWasPublished(t *testing.T) {
	const action = `
  - target: $.steps[?@.id=="book-hold"]
    x-capstan-was: {operation: Holds.create, until: null}
    update: {operation: Holds.open, until: done, with: {deck: 2}, sensitive: [code]}
`
	for name, c := range map[string]struct{ from, to, reason string }{
		"as published":              {"", "", ""},
		"another key":               {"ship: a", "ship: b", ""},
		"a key beside":              {"retry: 3", "retry: 3\n    when: inputs.ok", ""},
		"the value of the update":   {"Holds.create", "Holds.open", ""},
		"its list":                  {"retry: 3", "sensitive: [code]", ""},
		"another value":             {"Holds.create", "Holds.creat", `operation is the text "Holds.creat", where the text "Holds.create" was published`},
		"no value":                  {"    operation: Holds.create\n", "", `operation is not in the file, where the text "Holds.create" was published`},
		"a value of the author":     {"retry: 3", "until: over", `until is the text "over"`},
		"a value below":             {"crates: [salt]", "deck: 7", "with.deck is the number 7"},
		"another list":              {"retry: 3", "sensitive: [link]", "sensitive is a list"},
		"another kind of value":     {"with: {ship: a, crates: [salt]}", "with: none", `with is the text "none"`},
		"another step in its stead": {"book-hold", "book-deck", "the file has nothing there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustRead(t, "cargo.yaml", strings.Replace(cargo, c.from, c.to, 1))
			o := mustOverlay(t, "o.yaml", action)
			o.Builtin = true
			s, diags := s.With(o)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if acted := len(s.Overlays()) == 1; acted != (c.reason == "") {
				t.Errorf("acted: %v", acted)
			}
			var reasons []string
			for _, b := range s.StoodBack() {
				reasons = append(reasons, b.Reason)
				if b.Overlay != "o.yaml" || b.Target != `$.steps[?@.id=="book-hold"]` {
					t.Errorf("stood back: %+v", b)
				}
			}
			if got := strings.Join(reasons, "\n"); got != c.reason {
				t.Errorf("reasons: %s\nwant: %s", got, c.reason)
			}
			if c.reason == "" {
				step := node.Value(s.doc.Root, "steps").Content[0]
				if got := node.Value(step, "sensitive"); len(got.Content) != 1 {
					t.Errorf("sensitive has %d entries, want 1", len(got.Content))
				}
			}
		})
	}
}

// An action that builds on other places acts only where they are as it needs them.
func TestActionsNeedOtherPlaces(t *testing.T) {
	for needs, reason := range map[string]string{
		"$.steps[0]: {operation: Holds.create}":         "",
		"$.steps[?@.id=='list']: {}":                    "",
		"$.steps[?@.id=='sail']: null":                  "",
		"$.api: harbour":                                "",
		"$.steps[?@.id=='sail']: {}":                    "it needs $.steps[?@.id=='sail'], but the file has none",
		"$.steps[?@.id=='list']: null":                  "it needs $.steps[?@.id=='list'], but the file has one",
		"$.steps[0].with: {ship: b}":                    `it needs $.steps[0].with, but ship is the text "a", where the text "b" is needed`,
		"$.api: fleet":                                  `it needs $.api, but it is the text "harbour", where the text "fleet" is needed`,
		"$.steps[*]: {operation: Holds.create}":         `it needs $.steps[*], but operation is the text "Holds.list", where the text "Holds.create" is needed`,
		"$.steps[0]: {}\n      $.steps[9]: {}":          "it needs $.steps[9], but the file has none",
		"$.steps[?@.id=='book-hold']: {each: ship}":     `it needs $.steps[?@.id=='book-hold'], but each is not in the file, where the text "ship" is needed`,
		"$.steps[?@.id=='book-hold'].with.crates: salt": `it needs $.steps[?@.id=='book-hold'].with.crates, but it is a list, where the text "salt" is needed`,
	} {
		o := mustOverlay(t, "o.yaml", "\n  - target: $.steps\n    x-capstan-needs:\n      "+needs+"\n    update: {id: sail, external: true}\n")
		s, diags := mustRead(t, "cargo.yaml", cargo).With(o)
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		got := ""
		for _, b := range s.StoodBack() {
			got += b.Reason
		}
		if n := len(node.Value(s.doc.Root, "steps").Content); got != reason || (n == 3) != (reason == "") {
			t.Errorf("%s: %d steps, stood back: %s\nwant: %s", needs, n, got, reason)
		}
	}
}

func TestNeedsAreChecked(t *testing.T) {
	_, diags := ReadOverlay("o.yaml", []byte("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n  - {target: $.a, remove: true, x-capstan-needs: {'$.[': 1}}\n  - {target: $.a, remove: true, x-capstan-needs: [a]}\n"))
	var got []string
	for _, d := range diags {
		got = append(got, d.Pos.String()+" "+d.Code)
	}
	if diff := cmp.Diff([]string{"o.yaml:4:54 overlay-path", "o.yaml:5:50 wrong-type"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// builtIn returns the built-in overlays with the published file of each.
func builtIn(t *testing.T) map[*Overlay]published {
	t.Helper()
	found := map[*Overlay]published{}
	files, _ := filepath.Glob("../../capabilities/*/*.overlay.yaml")
	if len(files) < 3 {
		t.Fatal("overlays: ", files)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		o, diags := ReadOverlay(name, text)
		p := published{Name: strings.TrimSuffix(name, ".overlay.yaml") + ".yaml"}
		if p.Data, err = os.ReadFile(p.Name); err != nil || len(diags) > 0 {
			t.Fatal(err, diags)
		}
		o.Builtin = true
		found[o] = p
	}
	return found
}

type published struct {
	Name string
	Data []byte
}

// Every action of every built-in overlay names what was published, and all of them
// act on the published file.
func TestBuiltInOverlaysNameWhatWasPublished(t *testing.T) {
	for o, published := range builtIn(t) {
		for _, act := range o.actions {
			if act.was == nil && len(act.needs) == 0 {
				t.Errorf("%s: the action on %s names nothing that was published", o.Name, act.target.Value)
			}
		}
		s, diags := mustRead(t, published.Name, string(published.Data)).With(o)
		if back := s.StoodBack(); len(diags) > 0 || len(back) > 0 {
			t.Errorf("%s: %v, stood back: %+v", o.Name, diags, back)
		}
	}
}

// In each published file every value is edited in turn: the author's stands.
func TestEditedValuesStand(t *testing.T) {
	for o, published := range builtIn(t) {
		text := string(published.Data)
		lines := strings.Split(text, "\n")
		edits := 0
		for at, value := range scalars(mustRead(t, published.Name, text)) {
			edited := value + "x"
			if value == "true" {
				edited = "false"
			}
			changed := slices.Clone(lines)
			line := changed[at.Line-1]
			cut := strings.LastIndex(line, value)
			changed[at.Line-1] = line[:cut] + edited + line[cut+len(value):]
			s, diags := mustRead(t, published.Name, strings.Join(changed, "\n")).With(o)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := scalars(s)[at]; got != edited {
				t.Errorf("%s: with %q edited to %q, the file has %q", at, value, edited, got)
			}
			edits++
		}
		if edits < 30 {
			t.Errorf("%s: %d edits", published.Name, edits)
		}
	}
}

// Whatever a built-in overlay would write, the author may have written before.
func TestAddedValuesStand(t *testing.T) {
	for o, published := range builtIn(t) {
		for _, act := range o.actions {
			for _, path := range leaves(act.update, nil) {
				s := mustRead(t, published.Name, string(published.Data))
				if kind := s.doc.Root; act.path.Query(kind)[0].Kind == node.SequenceNode {
					continue // it adds an item, and takes nothing away
				}
				own := mustOverlay(t, "own.yaml", "  - {target: "+yamlText(act.target.Value)+", update: "+nested(path)+"}\n")
				s, diags := s.With(own)
				if len(diags) > 0 {
					t.Fatal(diags)
				}
				before := written(s, "own.yaml")
				s, diags = s.With(o)
				if diff := cmp.Diff(before, written(s, "own.yaml")); diff != "" || len(diags) > 0 {
					t.Errorf("%s: %s of the author is replaced: %v\n%s", act.target.Value, strings.Join(path, "."), diags, diff)
				}
				if len(s.StoodBack()) == 0 {
					t.Errorf("%s: with %s of the author, no action stood back", act.target.Value, strings.Join(path, "."))
				}
			}
		}
	}
}

// scalars returns the values of a file that are its own, by place.
func scalars(s *Source) map[diag.Pos]string { return written(s, s.doc.Main.Name) }

func written(s *Source, file string) map[diag.Pos]string {
	found := map[diag.Pos]string{}
	var walk func(*node.Node)
	walk = func(n *node.Node) {
		if n.Kind == node.ScalarNode && s.doc.FileOf(n).Name == file {
			found[diag.Pos{File: file, Line: n.Line, Column: n.Column}] = n.Value
		}
		for i, c := range n.Content {
			if n.Kind != node.MappingNode || i%2 == 1 {
				walk(c)
			}
		}
	}
	walk(s.doc.Root)
	return found
}

// leaves returns the keys that lead to each value of an update.
func leaves(n *node.Node, path []string) (found [][]string) {
	if n.Kind != node.MappingNode {
		return [][]string{path}
	}
	for k, v := range node.Entries(n) {
		found = append(found, leaves(v, append(slices.Clone(path), k.Value))...)
	}
	return found
}

func nested(path []string) string {
	return "{" + strings.Join(path, ": {") + ": the author's" + strings.Repeat("}", len(path))
}

func yamlText(s string) string { return `"` + s + `"` }
