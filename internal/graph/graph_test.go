package graph

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func writers() map[string]func(io.Writer, Graph) error {
	return map[string]func(io.Writer, Graph) error{".mmd": Mermaid, ".dot": DOT, ".svg": SVG}
}

func onboarding() Graph {
	return Graph{
		Title: "B2B Enterprise Onboarding",
		Nodes: []Node{
			{ID: "inputs", Kind: Input, Notes: []string{"organization_name, domains, admin_email"}},
			{ID: "create-organization", Kind: Write, Notes: []string{"POST /organizations"}},
			{ID: "generate-admin-portal-link", Kind: Write, Notes: []string{"POST /portal/generate_link", "sensitive: link"}},
			{ID: "send-portal-link", Kind: External, Notes: []string{"Email the Admin Portal link to admin_email so the customer's IT admin can connect their identity provider"}},
			{ID: "poll-connection-active", Kind: Read, Notes: []string{"GET /connections", "every 10s, for at most 72h"}},
			{ID: "verify-directory", Kind: Read, Notes: []string{"GET /directories"}},
			{ID: "verify-directory-users", Kind: Read, Notes: []string{"GET /directory_users"}},
			{ID: "outputs", Kind: Output},
		},
		Edges: []Edge{
			{"inputs", "create-organization", "organization_name"},
			{"inputs", "create-organization", "domains"},
			{"create-organization", "generate-admin-portal-link", "id"},
			{"inputs", "send-portal-link", "admin_email"},
			{"generate-admin-portal-link", "send-portal-link", "link"},
			{"create-organization", "poll-connection-active", "id"},
			{"create-organization", "verify-directory", "id"},
			{"verify-directory", "verify-directory-users", "match.id"},
			{"create-organization", "outputs", "id"},
			{"generate-admin-portal-link", "outputs", "link"},
			{"poll-connection-active", "outputs", "match.id"},
			{"verify-directory", "outputs", "match.id"},
		},
	}
}

// forty is a long graph in which every step reads three earlier ones.
func forty() Graph {
	g := Graph{Title: "Forty steps"}
	for i := range 40 {
		kind := []Kind{Read, Write, Read, Delete, External}[i%5]
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprintf("step-%02d", i+1), Kind: kind, Notes: []string{fmt.Sprintf("%s something/%d", kind, i)}})
		for _, back := range []int{1, 4, 11} {
			if i >= back && i%back == 0 {
				g.Edges = append(g.Edges, Edge{fmt.Sprintf("step-%02d", i+1-back), fmt.Sprintf("step-%02d", i+1), fmt.Sprintf("data[%d].id", back)})
			}
		}
	}
	return g
}

// hostile is full of characters that a format could take for syntax.
func hostile() Graph {
	label := "\"quotes\" 'n' \\back\\ <b>html</b> & &amp; `tick` #35; %%{init}%% ]} |pipe| -- >"
	return Graph{
		Title: "Ünïcode \"title\" <script>alert(1)</script> \\N --- 名前 🚀",
		Nodes: []Node{
			{ID: "end", Label: label, Kind: Read, Notes: []string{"first\nline", "]] --> <!-- ", "\x00\x1b[31m\u202e"}},
			{ID: `weird "id" \`, Kind: "sideways"},
			{ID: "", Label: "長い名前 " + strings.Repeat("とても長い ", 20), Kind: Delete},
			{ID: "日本語", Kind: Output, Notes: []string{strings.Repeat("word ", 60)}},
		},
		Edges: []Edge{
			{"end", `weird "id" \`, label},
			{"end", "日本語", label},
			{"日本語", "end", "back again"},
			{"日本語", "日本語", "itself"},
			{`weird "id" \`, "", ""},
			{`weird "id" \`, "日本語", ""},
		},
	}
}

func graphs() map[string]Graph {
	return map[string]Graph{
		"nothing":    {},
		"one":        {Title: "One step", Nodes: []Node{{ID: "list-organizations", Kind: Read, Notes: []string{"GET /organizations"}}}},
		"onboarding": onboarding(),
		"forty":      forty(),
		"hostile":    hostile(),
	}
}

func TestGolden(t *testing.T) {
	for name, g := range graphs() {
		for ext, write := range writers() {
			t.Run(name+ext, func(t *testing.T) {
				var b strings.Builder
				if err := write(&b, g); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", name+ext)
				if *update {
					if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), b.String()); diff != "" {
					t.Errorf("%s differs (rewrite it with -update):\n%s", file, diff)
				}
			})
		}
	}
}

func TestSVGIsWellFormedAndSelfContained(t *testing.T) {
	for name, g := range graphs() {
		var b strings.Builder
		if err := SVG(&b, g); err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(strings.NewReader(b.String()))
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			checkElement(t, name, token)
		}
	}
}

func checkElement(t *testing.T, name string, token xml.Token) {
	t.Helper()
	start, ok := token.(xml.StartElement)
	if !ok {
		return
	}
	switch start.Name.Local {
	case "svg", "title", "desc", "style", "rect", "text", "path", "g":
	default:
		t.Errorf("%s: element %s", name, start.Name.Local)
	}
	filled := slices.ContainsFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Local == "fill" })
	if drawn := slices.Contains([]string{"rect", "text", "path"}, start.Name.Local); drawn != filled {
		t.Errorf("%s: element %s with a colour of its own: %v", name, start.Name.Local, filled) // not every renderer reads styles
	}
	for _, a := range start.Attr {
		if strings.Contains(a.Value, "url(") || strings.Contains(a.Value, "var(") || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") {
			t.Errorf("%s: attribute %s=%q", name, a.Name.Local, a.Value)
		}
	}
}

func TestNothingOverlapsInTheLayout(t *testing.T) {
	for name, g := range graphs() {
		p, err := newPicture(g)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range p.boxes {
			if i > 0 && b.y < p.boxes[i-1].y+p.boxes[i-1].h+gap {
				t.Errorf("%s: box %d touches the one above", name, i)
			}
			if b.y+b.h > p.height || b.x+b.w > p.width {
				t.Errorf("%s: box %d sticks out", name, i)
			}
		}
		used := map[float64]bool{}
		for i, l := range p.lanes {
			for _, o := range p.lanes[:i] {
				if o.x == l.x && o.meets(l) {
					t.Errorf("%s: the lanes of %d and %d lie on each other", name, o.from, l.from)
				}
			}
			if l.x > p.width {
				t.Errorf("%s: the lane of %d sticks out", name, l.from)
			}
			for _, b := range l.branches {
				to := p.boxes[b.to]
				if used[b.y] || b.y < to.y || b.y > to.y+to.h {
					t.Errorf("%s: the branch from %d to %d is misplaced", name, l.from, b.to)
				}
				used[b.y] = true
			}
		}
	}
}

func TestBrokenGraphs(t *testing.T) {
	tests := []struct {
		g    Graph
		want string
	}{
		{Graph{Nodes: []Node{{ID: "a"}, {ID: "a"}}}, `graph: two nodes have the id "a"`},
		{Graph{Edges: []Edge{{From: "a", To: "b"}}}, `graph: an edge starts at "a", which is no node`},
		{Graph{Nodes: []Node{{ID: "a"}}, Edges: []Edge{{From: "a", To: "b"}}}, `graph: an edge ends at "b", which is no node`},
	}
	for _, tt := range tests {
		for ext, write := range writers() {
			if err := write(io.Discard, tt.g); err == nil || err.Error() != tt.want {
				t.Errorf("%s: got %v, want %s", ext, err, tt.want)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWritersReturnTheirError(t *testing.T) {
	for ext, write := range writers() {
		if err := write(full{}, onboarding()); err == nil || err.Error() != "disk full" {
			t.Errorf("%s: got %v", ext, err)
		}
	}
}

func FuzzWriters(f *testing.F) {
	f.Add("a", "b", "label", "note")
	f.Add("<&\">", "]]>", "\\", "\x00\xff")
	f.Fuzz(func(t *testing.T, id, other, label, note string) {
		g := Graph{Title: label, Nodes: []Node{{ID: id, Label: label, Notes: []string{note}, Kind: Kind(other)}, {ID: other + "x" + id}}}
		g.Edges = []Edge{{id, other + "x" + id, label}, {other + "x" + id, id, note}}
		var b strings.Builder
		if err := SVG(&b, g); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal([]byte(b.String()), new(struct{})); err != nil {
			t.Errorf("not well formed: %v", err)
		}
		b.Reset()
		if err := Mermaid(&b, g); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), "\n"); got > 14 {
			t.Errorf("%d lines:\n%s", got, b.String())
		}
	})
}
