package graph

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// SVG writes g as a picture that needs nothing else: no script, no font, no
// other file. It follows the reader's light or dark colour scheme and carries a
// title and a description for screen readers. An edge that names no
// node is an error, otherwise the error is that of w.
func SVG(w io.Writer, g Graph) error {
	p, err := newPicture(g)
	if err != nil {
		return err
	}
	s := &svgWriter{bufio.NewWriter(w)}
	s.printf(`<svg xmlns="http://www.w3.org/2000/svg" class="capstan-graph" role="img" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+"\n",
		p.width, p.height, p.width, p.height)
	s.printf("<title>%s</title>\n<desc>%s</desc>\n", escape(p.title), escape(describe(p)))
	s.WriteString(style)
	s.printf(`<rect class="cg-page" width="%.0f" height="%.0f"/>`+"\n", p.width, p.height)
	if p.title != "" {
		s.printf(`<text class="cg-title" x="%.1f" y="%.1f">%s</text>`+"\n", margin, margin+18, escape(columns.Cut(p.title, widestLabel)))
	}
	for i, l := range p.lanes {
		s.lane(p, l, i)
	}
	for _, a := range p.arrows {
		s.arrow(p, a)
	}
	for _, b := range p.boxes {
		s.box(b)
	}
	s.WriteString("</svg>\n")
	return s.Flush()
}

// style uses class names of its own, so that a picture inside a web page
// leaves the page alone. Six line colours distinguish neighbouring lanes; the
// labels do so in words.
const style = `<style>
.capstan-graph{max-width:100%;height:auto;--page:#fff;--box:#f8fafc;--text:#0f172a;--dim:#475569;--read:#2563eb;--write:#c2410c;--delete:#b91c1c;--external:#7c3aed;--input:#64748b;--output:#15803d;--l0:#475569;--l1:#0369a1;--l2:#a21caf;--l3:#b45309;--l4:#047857;--l5:#be123c}
@media (prefers-color-scheme:dark){.capstan-graph{--page:#0b1220;--box:#162033;--text:#f1f5f9;--dim:#a8b5c8;--read:#60a5fa;--write:#fb923c;--delete:#f87171;--external:#c4b5fd;--input:#94a3b8;--output:#4ade80;--l0:#a8b5c8;--l1:#38bdf8;--l2:#e879f9;--l3:#fbbf24;--l4:#34d399;--l5:#fb7185}}
.capstan-graph text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:var(--text);white-space:pre}
.capstan-graph .cg-page{fill:var(--page)}
.capstan-graph .cg-title{font-size:18px;font-weight:600}
.capstan-graph .cg-label{font-size:14px;font-weight:600}
.capstan-graph .cg-note,.capstan-graph .cg-kind,.capstan-graph .cg-flow{font-size:12px;fill:var(--dim)}
.capstan-graph .cg-kind{text-anchor:end}
.capstan-graph .cg-flow{fill:var(--text);paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.capstan-graph .cg-box{fill:var(--box);stroke:var(--dim);stroke-width:1.5}
.capstan-graph .cg-line{fill:none;stroke-width:1.5}
.capstan-graph .cg-read .cg-box{stroke:var(--read)}.capstan-graph .cg-read .cg-kind{fill:var(--read)}
.capstan-graph .cg-write .cg-box{stroke:var(--write);stroke-width:2}.capstan-graph .cg-write .cg-kind{fill:var(--write)}
.capstan-graph .cg-delete .cg-box{stroke:var(--delete);stroke-width:3}.capstan-graph .cg-delete .cg-kind{fill:var(--delete)}
.capstan-graph .cg-external .cg-box{stroke:var(--external);stroke-dasharray:6 4}.capstan-graph .cg-external .cg-kind{fill:var(--external)}
.capstan-graph .cg-input .cg-box{stroke:var(--input)}.capstan-graph .cg-input .cg-kind{fill:var(--input)}
.capstan-graph .cg-output .cg-box{stroke:var(--output)}.capstan-graph .cg-output .cg-kind{fill:var(--output)}
</style>
`

type svgWriter struct{ *bufio.Writer }

func (s *svgWriter) printf(format string, args ...any) { fmt.Fprintf(s, format, args...) }

func (s *svgWriter) box(b box) {
	radius := 6.0
	if b.node.Kind == Input || b.node.Kind == Output {
		radius = min(b.h/2, 18)
	}
	s.printf(`<g class="%s"><title>%s</title>`, "cg-"+cmp.Or(b.node.Kind.look().class, "other"), escape(strings.Join(b.node.lines(), "\n")))
	s.printf(`<rect class="cg-box" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.1f"/>`, b.x, b.y, b.w, b.h, radius)
	text := lineHeight + noteHeight*float64(len(b.notes))
	y := b.y + (b.h-text)/2 + 15
	s.printf(`<text class="cg-label" x="%.1f" y="%.1f">%s</text>`, b.x+padding, y, escape(b.label))
	s.printf(`<text class="cg-kind" x="%.1f" y="%.1f">%s</text>`, b.x+b.w-padding, y, escape(string(b.node.Kind)))
	for i, note := range b.notes {
		s.printf(`<text class="cg-note" x="%.1f" y="%.1f">%s</text>`, b.x+padding, y+18+noteHeight*float64(i), escape(note))
	}
	s.WriteString("</g>\n")
}

// arrow draws a straight link with its label to the right of it.
func (s *svgWriter) arrow(p *picture, a arrow) {
	from, to := p.boxes[a.from], p.boxes[a.to]
	x, y1, y2 := from.x+from.w/2, from.y+from.h, to.y
	s.printf(`<g><title>%s</title>`, escape(a.label))
	s.printf(`<path class="cg-line" style="stroke:var(--l0)" d="M%.1f %.1fV%.1f"/>`, x, y1, y2-2)
	s.printf(`<path style="fill:var(--l0)" d="M%.1f %.1fl-4 -8h8z"/>`, x, y2)
	if a.label != "" {
		s.printf(`<text class="cg-flow" x="%.1f" y="%.1f">%s</text>`, x+10, (y1+y2)/2+3, escape(columns.Cut(a.label, widestLabel)))
	}
	s.WriteString("</g>\n")
}

// lane draws a line that leaves a box on its right and its branches.
func (s *svgWriter) lane(p *picture, l lane, i int) {
	from := p.boxes[l.from]
	colour := fmt.Sprintf("var(--l%d)", 1+i%5)
	s.printf(`<g><path class="cg-line" style="stroke:%s" d="M%.1f %.1fH%.1fM%.1f %.1fV%.1f"/>`,
		colour, from.x+from.w, from.out, l.x, l.x, l.top, l.bottom)
	for _, b := range l.branches {
		to := p.boxes[b.to]
		s.printf(`<g><title>%s</title><path class="cg-line" style="stroke:%s" d="M%.1f %.1f%sH%.1f"/>`, escape(b.full), colour, l.x, b.y, p.aside(b), to.x+to.w+2)
		s.printf(`<path style="fill:%s" d="M%.1f %.1fl8 -4v8z"/>`, colour, to.x+to.w, b.y)
		if b.label != "" {
			s.printf(`<text class="cg-flow" x="%.1f" y="%.1f">%s</text>`, p.labelsX, b.y+4, escape(b.label))
		}
		s.WriteString("</g>")
	}
	s.WriteString("</g>\n")
}

// aside is the part of a branch's path that leaves room for its label.
func (p *picture) aside(b branch) string {
	if b.label == "" {
		return ""
	}
	return fmt.Sprintf("H%.1fM%.1f %.1f", p.labelsX+float64(columns.Of(b.label))*noteWidth+4, p.labelsX-4, b.y)
}

// describe writes the whole graph in words, in order.
func describe(p *picture) string {
	var b strings.Builder
	for i, box := range p.boxes {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%d. %s", i+1, box.node.label())
		if box.node.Kind != "" {
			fmt.Fprintf(&b, " (%s)", box.node.Kind)
		}
		for _, from := range p.sources(i) {
			fmt.Fprintf(&b, ", %s", from)
		}
	}
	return b.String()
}

// sources lists the values that flow into a box, in words.
func (p *picture) sources(to int) []string {
	var out []string
	add := func(from int, label string) {
		if label == "" {
			out = append(out, "after "+p.boxes[from].node.label())
		} else {
			out = append(out, "takes "+label+" from "+p.boxes[from].node.label())
		}
	}
	for _, a := range p.arrows {
		if a.to == to {
			add(a.from, a.label)
		}
	}
	for _, l := range p.lanes {
		for _, b := range l.branches {
			if b.to == to {
				add(l.from, b.full)
			}
		}
	}
	return out
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a strings.Builder does not fail
	}
	return b.String()
}
