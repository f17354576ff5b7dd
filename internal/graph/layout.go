package graph

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// The layout is layered: every node is a layer of its own, from top to bottom
// in the graph's order, which is the order in which steps run. A link to the
// next node is a straight arrow. All other links of a node share one vertical
// line, its lane, right of the nodes: the line leaves the node on its right
// side and branches off into every node it feeds, where the label stands on
// the branch. Lanes with lines that do not meet share a place. So labels never
// overlap, and the values that a step reads stand beside it.

// Sizes in pixels (user units of the SVG).
const (
	margin      = 24.0
	charWidth   = 8.43 // one column of a 14 px monospaced font
	noteWidth   = 7.23 // of a 12 px one
	titleHeight = 44.0
	lineHeight  = 20.0
	noteHeight  = 16.0
	portHeight  = 18.0 // between two lines on a node's side
	padding     = 12.0
	gap         = 22.0 // between two nodes
	labelledGap = 34.0 // when an arrow with a label runs through it
	laneWidth   = 16.0
	widestLabel = 56 // columns
	widestFlow  = 36 // columns of a label on a branch
)

// box is a node with its place.
type box struct {
	node       Node
	x, y, w, h float64
	label      string
	notes      []string
	out        float64 // y where its lane starts
}

// arrow is a straight link to the next node.
type arrow struct {
	from, to int
	label    string
}

// lane is a vertical line with a branch into every node it feeds.
type lane struct {
	from     int
	place    int // 0 is next to the labels
	x        float64
	branches []branch
	top      float64
	bottom   float64
}

type branch struct {
	to    int
	y     float64
	label string // as shown
	full  string
}

type picture struct {
	title         string
	width, height float64
	boxes         []box
	arrows        []arrow
	lanes         []lane
	labelsX       float64 // left end of the labels on branches
}

func newPicture(g Graph) (*picture, error) {
	links, err := g.links()
	if err != nil {
		return nil, err
	}
	p := &picture{title: columns.OneLine(g.Title)}
	p.measure(g)
	p.route(links)
	p.stack()
	p.spread()
	return p, nil
}

// measure sets the text of each box and the width of all.
func (p *picture) measure(g Graph) {
	width := 160.0
	for _, n := range g.Nodes {
		b := box{node: n, label: columns.Cut(n.label(), widestLabel)}
		for _, note := range n.lines()[1:] {
			b.notes = append(b.notes, noteLines(note)...)
		}
		width = max(width, float64(columns.Of(b.label))*charWidth+float64(max(len(n.Kind), len(n.Outcome)+2)+2)*noteWidth+2*padding)
		for _, note := range b.notes {
			width = max(width, float64(columns.Of(note))*noteWidth+2*padding)
		}
		p.boxes = append(p.boxes, b)
	}
	for i := range p.boxes {
		p.boxes[i].x, p.boxes[i].w = margin, width
	}
}

// noteLines breaks a note into three lines at most.
func noteLines(note string) []string {
	const most = 3
	lines := columns.Wrap(note, widestLabel)
	if len(lines) > most {
		lines = append(lines[:most-1], strings.Join(lines[most-1:], " "))
	}
	for i, line := range lines {
		lines[i] = columns.Cut(line, widestLabel)
	}
	return lines
}

// route turns links into arrows and lanes.
func (p *picture) route(links []link) {
	bySource := map[int]int{}
	for _, l := range links {
		if l.to == l.from+1 {
			p.arrows = append(p.arrows, arrow(l))
			continue
		}
		i, ok := bySource[l.from]
		if !ok {
			i = len(p.lanes)
			bySource[l.from] = i
			p.lanes = append(p.lanes, lane{from: l.from})
		}
		p.lanes[i].branches = append(p.lanes[i].branches, branch{to: l.to, label: columns.Cut(l.label, widestFlow), full: l.label})
	}
	slices.SortStableFunc(p.lanes, func(a, b lane) int { return a.from - b.from })
	p.share()
}

// share gives lanes their places, the shortest next to the nodes; lanes that
// span different rows may have the same.
func (p *picture) share() {
	order := make([]int, len(p.lanes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return p.lanes[a].span() - p.lanes[b].span() })
	var taken [][]int // lanes by place
	for _, i := range order {
		place := slices.IndexFunc(taken, func(others []int) bool {
			return !slices.ContainsFunc(others, func(o int) bool { return p.lanes[i].meets(p.lanes[o]) })
		})
		if place < 0 {
			place = len(taken)
			taken = append(taken, nil)
		}
		taken[place] = append(taken[place], i)
		p.lanes[i].place = place
	}
}

// rows returns the first and the last row that the lane's line touches.
func (l lane) rows() (first, last int) {
	first, last = l.from, l.from
	for _, b := range l.branches {
		first, last = min(first, b.to), max(last, b.to)
	}
	return first, last
}

func (l lane) span() int {
	first, last := l.rows()
	return last - first
}

func (l lane) meets(o lane) bool {
	a, b := l.rows()
	c, d := o.rows()
	return a <= d && c <= b
}

// stack gives boxes their height and place, and ports to the lines that meet them
// on the right: branches from above first, their own lane last.
func (p *picture) stack() {
	ports := make([][]*float64, len(p.boxes))
	for i := range p.lanes {
		for j := range p.lanes[i].branches {
			b := &p.lanes[i].branches[j]
			ports[b.to] = append(ports[b.to], &b.y)
		}
	}
	for i := range p.lanes {
		b := p.lanes[i].from
		ports[b] = append(ports[b], &p.boxes[b].out)
	}
	labelled := map[int]bool{}
	for _, a := range p.arrows {
		labelled[a.from] = a.label != ""
	}
	y := margin
	if p.title != "" {
		y += titleHeight
	}
	for i := range p.boxes {
		b := &p.boxes[i]
		text := lineHeight + noteHeight*float64(len(b.notes))
		b.y, b.h = y, max(text, portHeight*float64(len(ports[i])))+2*padding-4
		first := b.y + (b.h-portHeight*float64(len(ports[i])-1))/2
		for k, port := range ports[i] {
			*port = first + portHeight*float64(k)
		}
		y += b.h + gap
		if labelled[i] {
			y += labelledGap - gap
		}
	}
	p.height = max(y-gap, margin) + margin
}

// spread places the lanes and finds the width of the whole.
func (p *picture) spread() {
	right := margin + 160
	if len(p.boxes) > 0 {
		right = p.boxes[0].x + p.boxes[0].w
	}
	p.labelsX = right + 16
	labels, places := 0, 0
	for _, l := range p.lanes {
		places = max(places, l.place+1)
		for _, b := range l.branches {
			labels = max(labels, columns.Of(b.label))
		}
	}
	lanesX := p.labelsX + float64(labels)*noteWidth + 12
	for i := range p.lanes {
		l := &p.lanes[i]
		l.x = lanesX + float64(l.place)*laneWidth
		l.top, l.bottom = p.boxes[l.from].out, p.boxes[l.from].out
		for _, b := range l.branches {
			l.top, l.bottom = min(l.top, b.y), max(l.bottom, b.y)
		}
	}
	p.width = right + margin
	if places > 0 {
		p.width = lanesX + float64(places-1)*laneWidth + margin
	}
	for _, a := range p.arrows {
		b := p.boxes[a.from]
		p.width = max(p.width, b.x+b.w/2+10+float64(columns.Of(columns.Cut(a.label, widestLabel)))*noteWidth+margin)
	}
	p.width = max(p.width, float64(columns.Of(columns.Cut(p.title, widestLabel)))*charWidth*18/14+2*margin)
}
