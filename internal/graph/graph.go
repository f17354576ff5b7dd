// Package graph writes a picture of a capability: its steps from top to bottom
// and the values that flow between them. [Of] turns a plan into a [Graph], which
// [SVG], [Mermaid] and [DOT] write.
package graph

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// Kind is the effect of a node. It decides the node's colour and shape; it is
// also written out, so that colour alone carries no meaning.
type Kind string

// The kinds. Any other one is drawn as a plain box.
const (
	Read     Kind = "read"
	Write    Kind = "write"
	Delete   Kind = "delete"
	External Kind = "external" // done by a person or another system
	Lookup   Kind = "lookup"   // a lookup, a script and a mock send nothing
	Script   Kind = "script"
	Mock     Kind = "mock"
	Input    Kind = "input"
	Output   Kind = "output"
)

// look is how a kind of node is drawn.
type look struct {
	dot        string // attributes of Graphviz
	open, shut string // brackets of Mermaid
	class      string // of Mermaid and of the SVG; "" for none
}

var (
	plainLook = look{"", "[", "]", ""}
	inside    = look{`, color="#64748b", shape=component`, "[[", "]]", ""}
	looks     = map[Kind]look{
		Read:     {`, color="#2563eb"`, "[", "]", "read"},
		Write:    {`, color="#c2410c", penwidth=2`, "[", "]", "write"},
		Delete:   {`, color="#b91c1c", penwidth=3`, "{{", "}}", "delete"},
		External: {`, color="#7c3aed", style="rounded,dashed"`, "[/", "/]", "external"},
		Lookup:   inside,
		Script:   inside,
		Mock:     inside,
		Input:    {`, color="#64748b", shape=ellipse`, "([", "])", "input"},
		Output:   {`, color="#15803d", shape=ellipse`, "([", "])", "output"},
	}
)

func (k Kind) look() look { return cmp.Or(looks[k], plainLook) }

// Graph is the content of a picture. Nodes stand in the order in which they run.
type Graph struct {
	Title string
	Nodes []Node
	Edges []Edge
}

// Node is a step, an input or an output. Label and notes are any text; line
// breaks and control characters in them become spaces.
type Node struct {
	ID    string // unique in the graph, any text
	Label string // the ID when empty
	Kind  Kind
	Notes []string // further lines below the label
	// Outcome is how the node's step stands in a run, "" in a picture of no run. The SVG
	// shows it.
	Outcome Outcome
}

// Outcome is how a step stands in a run.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	Waiting Outcome = "waiting"
	InDoubt Outcome = "in doubt"
	Running Outcome = "running"
	Skipped Outcome = "skipped"
	Pending Outcome = "not reached"
)

// Edge is a value that flows from one node to a later one. Edges between
// the same two nodes are drawn as one, with the labels in order.
type Edge struct {
	From, To string // node IDs
	Label    string // the value, may be empty
}

// link is one or more edges between two nodes, by their places in the graph.
type link struct {
	from, to int
	label    string
}

// links checks the graph and merges parallel edges, in order of appearance.
func (g Graph) links() ([]link, error) {
	places := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		if _, ok := places[n.ID]; ok {
			return nil, fmt.Errorf("graph: two nodes have the id %q", n.ID)
		}
		places[n.ID] = i
	}
	var out []link
	seen := map[[2]int]int{}
	for _, e := range g.Edges {
		from, ok := places[e.From]
		if !ok {
			return nil, fmt.Errorf("graph: an edge starts at %q, which is no node", e.From)
		}
		to, ok := places[e.To]
		if !ok {
			return nil, fmt.Errorf("graph: an edge ends at %q, which is no node", e.To)
		}
		label := columns.OneLine(e.Label)
		i, ok := seen[[2]int{from, to}]
		if !ok {
			seen[[2]int{from, to}] = len(out)
			out = append(out, link{from, to, label})
		} else if label != "" {
			out[i].label = strings.TrimPrefix(out[i].label+", "+label, ", ")
		}
	}
	return out, nil
}

func (n Node) label() string {
	if s := columns.OneLine(n.Label); s != "" {
		return s
	}
	return columns.OneLine(n.ID)
}

// lines returns the label, and below it the notes that are not empty.
func (n Node) lines() []string {
	out := []string{n.label()}
	for _, note := range n.Notes {
		if s := columns.OneLine(note); s != "" {
			out = append(out, s)
		}
	}
	return out
}
