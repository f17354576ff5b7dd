package graph

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// SVG writes g as a picture that needs nothing else: no script, no font, no
// other file. It draws in every renderer, follows the reader's light or dark colour scheme
// where the renderer knows one, and carries a title and a description for screen readers. An edge that names no
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
	s.WriteString(style())
	s.printf(`<rect%s width="%.0f" height="%.0f"/>`+"\n", fill("page"), p.width, p.height)
	s.printf(`<g font-family="%s" xml:space="preserve">`+"\n", escape(fonts))
	if p.title != "" {
		s.text("text", titleFont, margin, margin+18, columns.Cut(p.title, widestLabel))
		s.WriteString("\n")
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
	s.WriteString("</g>\n</svg>\n")
	return s.Flush()
}

// colour has a light and a dark form.
type colour struct{ name, light, dark string }

// colours are in the order of their names. Six line colours distinguish neighbouring lanes;
// the labels do so in words.
var colours = [...]colour{
	{"awaited", "#fef3c7", "#43330a"}, {"box", "#f8fafc", "#162033"}, {"delete", "#b91c1c", "#f87171"}, {"dim", "#475569", "#a8b5c8"},
	{"done", "#dcfce7", "#12351f"}, {"external", "#7c3aed", "#c4b5fd"}, {"failed", "#fee2e2", "#4a1717"}, {"idle", "#f1f5f9", "#111a2b"},
	{"input", "#64748b", "#94a3b8"}, {"l0", "#475569", "#a8b5c8"}, {"l1", "#0369a1", "#38bdf8"}, {"l2", "#a21caf", "#e879f9"},
	{"l3", "#b45309", "#fbbf24"}, {"l4", "#047857", "#34d399"}, {"l5", "#be123c", "#fb7185"}, {"output", "#15803d", "#4ade80"},
	{"page", "#ffffff", "#0b1220"}, {"read", "#2563eb", "#60a5fa"}, {"text", "#0f172a", "#f1f5f9"}, {"write", "#c2410c", "#fb923c"},
}

// light is the light form of a colour.
func light(name string) string {
	i := slices.IndexFunc(colours[:], func(c colour) bool { return c.name == name })
	return colours[i].light
}

// ground returns the colour of the box of a step by how it stands in a run, with a mark for
// readers who do not tell colours apart.
func (o Outcome) ground() (colour, mark string) {
	switch o {
	case Done:
		return "done", "✓ "
	case Failed:
		return "failed", "✗ "
	case Waiting:
		return "awaited", "… "
	case InDoubt:
		return "awaited", "! "
	case Running:
		return "awaited", "● "
	case Skipped:
		return "idle", "- "
	case Pending:
		return "idle", "· "
	}
	return "box", ""
}

const fonts = `ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace`

// style is all that a renderer may do without: the colours of the light scheme are attributes
// of the elements. Its classes are of its own, so that a picture inside a web page leaves the
// page alone.
func style() string {
	var b strings.Builder
	b.WriteString("<style>.capstan-graph{max-width:100%;height:auto}@media (prefers-color-scheme:dark){")
	for _, c := range colours {
		fmt.Fprintf(&b, ".capstan-graph .cg-f-%s{fill:%s}.capstan-graph .cg-s-%[1]s{stroke:%[2]s}", c.name, c.dark)
	}
	b.WriteString("}</style>\n")
	return b.String()
}

// fill, line and both are the attributes of an element in colours by their names.
func fill(colour string) string {
	return fmt.Sprintf(` class="cg-f-%s" fill="%s"`, colour, light(colour))
}

func line(colour string) string {
	return fmt.Sprintf(` class="cg-s-%s" fill="none" stroke="%s" stroke-width="1.5"`, colour, light(colour))
}

func both(inside, outline string) string {
	return fmt.Sprintf(` class="cg-f-%s cg-s-%s" fill="%s" stroke="%s"`, inside, outline, light(inside), light(outline))
}

// The attributes of texts.
const (
	titleFont = ` font-size="18" font-weight="600"`
	labelFont = ` font-size="14" font-weight="600"`
	noteFont  = ` font-size="12"`
	kindFont  = noteFont + ` text-anchor="end"`
)

type svgWriter struct{ *bufio.Writer }

func (s *svgWriter) printf(format string, args ...any) { fmt.Fprintf(s, format, args...) }

func (s *svgWriter) text(colour, font string, x, y float64, text string) {
	s.printf(`<text%s%s x="%.1f" y="%.1f">%s</text>`, fill(colour), font, x, y, escape(text))
}

// flow writes the label of a line, on a ground that keeps it clear of the line.
func (s *svgWriter) flow(x, y float64, text string) {
	s.printf(`<text%s%s stroke-width="4" stroke-linejoin="round" x="%.1f" y="%.1f">%s</text>`, both("page", "page"), noteFont, x, y, escape(text))
	s.text("text", noteFont, x, y, text)
}

// outline is the line around the boxes of a kind, beyond its colour.
func outline(kind Kind) string {
	switch kind {
	case Write:
		return ` stroke-width="2"`
	case Delete:
		return ` stroke-width="3"`
	case External:
		return ` stroke-width="1.5" stroke-dasharray="6 4"`
	}
	return ` stroke-width="1.5"`
}

func (s *svgWriter) box(b box) {
	radius := 6.0
	if b.node.Kind == Input || b.node.Kind == Output {
		radius = min(b.h/2, 18)
	}
	colour := cmp.Or(b.node.Kind.look().class, "dim")
	ground, mark := b.node.Outcome.ground()
	s.printf(`<g><title>%s</title>`, escape(strings.Join(b.node.lines(), "\n")))
	s.printf(`<rect%s%s x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.1f"/>`, both(ground, colour), outline(b.node.Kind), b.x, b.y, b.w, b.h, radius)
	text := lineHeight + noteHeight*float64(len(b.notes))
	y := b.y + (b.h-text)/2 + 15
	s.text("text", labelFont, b.x+padding, y, b.label)
	if kind := string(b.node.Kind); b.node.Outcome == "" {
		s.text(colour, kindFont, b.x+b.w-padding, y, kind)
	} else {
		s.text("text", kindFont, b.x+b.w-padding, y, mark+string(b.node.Outcome))
	}
	for i, note := range b.notes {
		s.text("dim", noteFont, b.x+padding, y+18+noteHeight*float64(i), note)
	}
	s.WriteString("</g>\n")
}

// arrow draws a straight link with its label to the right of it.
func (s *svgWriter) arrow(p *picture, a arrow) {
	from, to := p.boxes[a.from], p.boxes[a.to]
	x, y1, y2 := from.x+from.w/2, from.y+from.h, to.y
	s.printf(`<g><title>%s</title>`, escape(a.label))
	s.printf(`<path%s d="M%.1f %.1fV%.1f"/>`, line("l0"), x, y1, y2-2)
	s.printf(`<path%s d="M%.1f %.1fl-4 -8h8z"/>`, fill("l0"), x, y2)
	if a.label != "" {
		s.flow(x+10, (y1+y2)/2+3, columns.Cut(a.label, widestLabel))
	}
	s.WriteString("</g>\n")
}

// lane draws a line that leaves a box on its right and its branches.
func (s *svgWriter) lane(p *picture, l lane, i int) {
	from := p.boxes[l.from]
	colour := fmt.Sprintf("l%d", 1+i%5)
	s.printf(`<g><path%s d="M%.1f %.1fH%.1fM%.1f %.1fV%.1f"/>`, line(colour), from.x+from.w, from.out, l.x, l.x, l.top, l.bottom)
	for _, b := range l.branches {
		to := p.boxes[b.to]
		s.printf(`<g><title>%s</title><path%s d="M%.1f %.1f%sH%.1f"/>`, escape(b.full), line(colour), l.x, b.y, p.aside(b), to.x+to.w+2)
		s.printf(`<path%s d="M%.1f %.1fl8 -4v8z"/>`, fill(colour), to.x+to.w, b.y)
		if b.label != "" {
			s.flow(p.labelsX, b.y+4, b.label)
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
		if box.node.Outcome != "" {
			fmt.Fprintf(&b, " %s", box.node.Outcome)
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
