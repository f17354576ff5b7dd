package graph

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// Of turns a plan into nodes and the values that flow between them. A step that
// takes nothing from the one before it is still drawn after it, by an edge
// without a label: the file's order is the order of the run.
func Of(p *document.Plan) Graph {
	g, places := Graph{Title: p.Capability}, nodesOf(p)
	for _, in := range p.Inputs {
		g.Nodes = append(g.Nodes, Node{ID: inputNode(in.Name), Label: in.Name, Kind: Input, Notes: []string{in.Type}})
	}
	for i, s := range p.Steps {
		g.Nodes = append(g.Nodes, stepNode(s))
		edges := stepEdges(places, s)
		if i > 0 && !slices.ContainsFunc(edges, func(e Edge) bool { return e.From == p.Steps[i-1].ID }) {
			edges = append(edges, Edge{From: p.Steps[i-1].ID, To: s.ID})
		}
		g.Edges = append(g.Edges, edges...)
	}
	for _, o := range p.Outputs {
		node := Node{ID: "outputs." + o.Name, Label: o.Name, Kind: Output, Notes: []string{o.Type}}
		g.Nodes = append(g.Nodes, node)
		for _, source := range places.sources(o.Reads) {
			g.Edges = append(g.Edges, Edge{From: source, To: node.ID})
		}
	}
	return g
}

// OfRun is the graph of a plan with the outcomes of a run of it.
func OfRun(p *document.Plan, run *document.Run) Graph {
	g, status := Of(p), map[string]durable.Status{}
	for _, s := range run.Steps {
		status[s.ID] = s.Status
	}
	for i := range g.Nodes {
		if s, ok := status[g.Nodes[i].ID]; ok {
			g.Nodes[i].Outcome = outcomeOf(s)
		}
	}
	return g
}

func outcomeOf(s durable.Status) Outcome {
	switch s {
	case durable.StatusSucceeded:
		return Done
	case durable.StatusFailed, durable.StatusTimedOut, durable.StatusCancelled:
		return Failed
	case durable.StatusWaiting:
		return Waiting
	case durable.StatusInDoubt:
		return InDoubt
	case durable.StatusRunning:
		return Running
	case durable.StatusSkipped:
		return Skipped
	}
	return Pending
}

func inputNode(name string) string { return "inputs." + name }

// nodes are the places of inputs and steps in the plan's order, by node.
type nodes map[string]int

func nodesOf(p *document.Plan) nodes {
	places := nodes{}
	for _, in := range p.Inputs {
		places[inputNode(in.Name)] = len(places)
	}
	for _, s := range p.Steps {
		places[s.ID] = len(places)
	}
	return places
}

// sources returns the nodes that are read, in the plan's order.
func (n nodes) sources(reads []document.Read) []string {
	var out []string
	for _, r := range reads {
		node := r.Step
		if node == "" {
			node = inputNode(r.Input)
		}
		if _, ok := n[node]; ok {
			out = append(out, node)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return n[a] - n[b] })
	return slices.Compact(out)
}

func stepNode(s document.Step) Node {
	n := Node{ID: s.ID, Label: s.ID, Kind: Kind(s.Effect)}
	switch {
	case s.Method != "":
		n.Notes = append(n.Notes, s.Method+" "+s.Path)
	case s.Effect == "":
		n.Kind = Kind(s.Kind)
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
func stepEdges(places nodes, s document.Step) []Edge {
	var edges []Edge
	for _, b := range s.Binds {
		for _, f := range places.sources(b.Reads) {
			edges = append(edges, Edge{From: f, To: s.ID, Label: b.Param})
		}
	}
	for _, f := range append(places.sources(s.Reads), s.Needs...) {
		if f != s.ID && !slices.ContainsFunc(edges, func(e Edge) bool { return e.From == f }) {
			edges = append(edges, Edge{From: f, To: s.ID})
		}
	}
	return edges
}
