// Package plangraph turns a plan into a graph. Start with [Of].
package plangraph

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/graph"
)

// Of turns a plan into nodes and the values that flow between them. A step that
// takes nothing from the one before it is still drawn after it, by an edge
// without a label: the file's order is the order of the run.
func Of(p *document.Plan) graph.Graph {
	g, x := graph.Graph{Title: p.Capability}, newIndex(p)
	for _, in := range p.Inputs {
		g.Nodes = append(g.Nodes, graph.Node{ID: "inputs." + in.Name, Label: in.Name, Kind: graph.Input, Notes: []string{in.Type}})
	}
	for i, s := range p.Steps {
		g.Nodes = append(g.Nodes, stepNode(s))
		edges := stepEdges(x, s)
		if i > 0 && !slices.ContainsFunc(edges, func(e graph.Edge) bool { return e.From == p.Steps[i-1].ID }) {
			edges = append(edges, graph.Edge{From: p.Steps[i-1].ID, To: s.ID})
		}
		g.Edges = append(g.Edges, edges...)
	}
	for _, o := range p.Outputs {
		node := graph.Node{ID: "outputs." + o.Name, Label: o.Name, Kind: graph.Output, Notes: []string{o.Type}}
		g.Nodes = append(g.Nodes, node)
		for _, source := range x.sources(o.Source) {
			g.Edges = append(g.Edges, graph.Edge{From: source, To: node.ID})
		}
	}
	return g
}

func stepNode(s document.Step) graph.Node {
	n := graph.Node{ID: s.ID, Label: s.ID, Kind: graph.Kind(s.Effect)}
	switch {
	case s.Method != "":
		n.Notes = append(n.Notes, s.Method+" "+s.Path)
	case s.Effect == "":
		n.Kind = graph.Kind(s.Kind)
	}
	if s.Lookup != nil {
		n.Notes = append(n.Notes, "in "+s.Lookup.Index+" by "+s.Lookup.Match)
	}
	for _, note := range []struct{ label, text string }{
		{"only when ", s.When}, {"for each ", s.Each}, {"until ", s.Until},
	} {
		if note.text != "" {
			n.Notes = append(n.Notes, note.label+strings.Join(strings.Fields(note.text), " "))
		}
	}
	return n
}

// stepEdges returns one edge for each value a step takes, and one without a
// label for each that it reads in another way (a condition) or needs.
func stepEdges(x *index, s document.Step) []graph.Edge {
	var edges []graph.Edge
	for _, b := range s.Binds {
		from := x.sources(b.From)
		if len(from) == 0 {
			from = x.sources(b.Expr)
		}
		for _, f := range from {
			edges = append(edges, graph.Edge{From: f, To: s.ID, Label: b.Param})
		}
	}
	for _, f := range append(x.sources(s.When, s.Each, s.Until, s.Fail, s.Select), s.Needs...) {
		if f != s.ID && !slices.ContainsFunc(edges, func(e graph.Edge) bool { return e.From == f }) {
			edges = append(edges, graph.Edge{From: f, To: s.ID})
		}
	}
	return edges
}
