package layout

import (
	"cmp"
	"slices"

	"github.com/capstan-run/capstan/spec/internal/node"
)

// assign gives each entry the comments around it. Those between two entries belong to
// the first as far as they are indented more than its key, and to the second from the
// first one that is not. The lines of the block are those before limit.
func (b *block) assign(lines []line, limit int) {
	for i, e := range b.entries {
		next := limit
		if i+1 < len(b.entries) {
			next = b.entries[i+1].start
		}
		e.inner = span{e.end, behind(lines, e.end, next, b.column)}
		if rest := (span{e.inner.to, next}); i+1 < len(b.entries) {
			b.entries[i+1].head = rest
		} else {
			b.footer = rest
		}
		if e.child != nil {
			if first := e.child.entries[0]; first.start > e.start {
				first.head = span{e.start + 1, first.start}
			}
			e.child.assign(lines, e.inner.to)
		}
	}
}

// behind returns the line with which the comments end that are indented more than a
// column, blank lines behind them aside.
func behind(lines []line, from, to, column int) int {
	for i := from; i < to; i++ {
		if !lines[i].blank() && lines[i].indent() <= column {
			to = i
		}
	}
	for to > from && lines[to-1].blank() {
		to--
	}
	return to
}

// sorted returns the entries in the order of their keys. A key without a rank follows
// the one that it followed.
func (p *printer) sorted(b *block) []*entry {
	if b.node.Kind != node.MappingNode || isBound(b) {
		return b.entries
	}
	ranks, rank := map[*entry]int{}, -1
	for _, e := range b.entries {
		if own := p.rank(e.key); own >= 0 {
			rank = own
		}
		ranks[e] = rank
	}
	out := slices.Clone(b.entries)
	slices.SortStableFunc(out, func(a, b *entry) int { return cmp.Compare(ranks[a], ranks[b]) })
	return out
}

// isBound reports whether the entries of a mapping depend on their order: a key is
// written twice, an alias of one stands for a value in another, or the blank lines behind
// one are part of its text.
func isBound(b *block) bool {
	anchors, holders := map[string]int{}, map[string][]int{} // entries, from 1
	keys := map[string]bool{}
	for i, e := range b.entries {
		if e.open || keys[e.key.Value] {
			return true
		}
		keys[e.key.Value] = true
		for _, n := range b.node.Content[2*i : 2*i+2] {
			visit(n, func(n *node.Node) {
				if n.Anchor != "" {
					anchors[n.Anchor] = i + 1
				}
				if n.Kind == node.AliasNode {
					holders[n.Value] = append(holders[n.Value], i+1)
				}
			})
		}
	}
	for name, holders := range holders {
		anchor := anchors[name]
		if anchor > 0 && slices.ContainsFunc(holders, func(holder int) bool { return holder != anchor }) {
			return true
		}
	}
	return false
}
