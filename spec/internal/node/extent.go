package node

import (
	"math"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// Spans returns the parts of files that nodes which follow each other take, with
// all below them. The value of an alias, and nodes that an overlay adds, are parts of
// its own.
func (d *Decoder) Spans(nodes ...*yaml.Node) []spec.Span {
	var out []spec.Span
	var walk func(n *yaml.Node, at int)
	walk = func(n *yaml.Node, at int) {
		from, to := d.extent(n)
		if at < 0 || from.File != out[at].From.File || from.Compare(out[at].From) < 0 {
			at = len(out)
			out = append(out, spec.Span{From: from, To: to})
		} else if out[at].To.Compare(to) < 0 {
			out[at].To = to
		}
		for _, child := range n.Content {
			walk(child, at)
		}
	}
	for _, n := range nodes {
		if n != nil {
			walk(n, min(0, len(out)-1))
		}
	}
	return out
}

// extent returns where a node's own text begins and ends.
func (d *Decoder) extent(n *yaml.Node) (from, to diag.Pos) {
	from = d.Pos(n)
	if n.Kind != yaml.ScalarNode {
		return from, from
	}
	s, end := d.Cursor(n).Scalar(n)
	to = s.Pos
	to.Column = max(end, to.Column)
	if end == 0 && n.Value != "" {
		to.Column = math.MaxInt
	}
	return from, to
}
