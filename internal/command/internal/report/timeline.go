package report

import (
	"time"

	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/timeline"
)

// lineStyle is the style of the time line. Waits are hatched, so that no bar is told by its
// colour alone.
const lineStyle = `.line td,.line th{vertical-align:middle}.line th[scope=row]{font-weight:400}.defs{position:absolute}.line td.track{width:55%;padding-right:0}.line svg{display:block;width:100%;height:1.1rem;overflow:visible}
.line .ground{fill:var(--ground)}.line .break{fill:url(#break)}.sent{fill:var(--good)}.failed{fill:var(--bad)}.open{fill:var(--wait)}
.pause,.poll,.timer,.person{fill:url(#wait)}.doubt{fill:url(#doubt)}.hatch{stroke-width:3}#wait .hatch{stroke:var(--wait)}#doubt .hatch{stroke:var(--bad)}#break .hatch{stroke:var(--line);stroke-width:1}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none}.key svg{width:1.5rem;height:.75rem;margin-right:.4rem}`

// hatches are the patterns that bars of waits and stretches that are cut short are filled
// with.
const hatches = `<svg class="defs" width="0" height="0" aria-hidden="true"><defs>` +
	`<pattern id="wait" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M1.5 0V6"/></pattern>` +
	`<pattern id="doubt" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path class="hatch" d="M1.5 0V6"/></pattern>` +
	`<pattern id="break" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M.5 0V5"/></pattern>` +
	`</defs></svg>`

func (b *page) timeLine() {
	line := timeline.Of(b.Run, b.Plan, b.Now)
	b.printf("<h2>Time line</h2>\n%s\n", hatches)
	b.printf("<p class=\"soft\">From %s to %s, %s", stamp(line.From), stamp(line.To), esc(term.Duration(line.To.Sub(line.From))))
	for _, cut := range line.Breaks {
		b.printf("; %s from %s drawn shorter", esc(term.Duration(cut.To.Sub(cut.From))), stamp(cut.From))
	}
	b.printf("</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Time line\"><table class=\"line\">\n<tr><th scope=\"col\">Step<th scope=\"col\">Outcome<th scope=\"col\">Attempts<th scope=\"col\">Answer<th scope=\"col\">Took<th scope=\"col\">When\n")
	for i, row := range line.Rows {
		answer := ""
		if status := b.Run.Steps[i].HTTPStatus; status > 0 {
			answer = term.Status(status)
		}
		took := ""
		if len(row.Bars) > 0 {
			took = term.Duration(time.Duration(row.Took) * time.Millisecond)
		}
		b.printf("<tr><th scope=\"row\"><code>%s</code><td>%s<td>%d<td>%s<td>%s<td class=\"track\">", esc(row.Step), esc(words(row.Status)), row.Attempts, esc(answer), esc(took))
		b.track(row, line.Breaks)
	}
	b.printf("</table></div>\n<ul class=\"key soft\">")
	for _, kind := range [][2]string{{"sent", "sent and answered"}, {"failed", "sent, failed"}, {"pause", "waits or looks"}, {"doubt", "in doubt"}} {
		b.printf("<li><svg aria-hidden=\"true\"><rect class=\"%s\" width=\"100%%\" height=\"100%%\"/></svg>%s", kind[0], kind[1])
	}
	b.printf("</ul>\n")
	b.bars(line)
}

// track draws the bars of a step.
func (b *page) track(row timeline.Row, cuts []timeline.Span) {
	b.printf(`<svg aria-hidden="true"><rect class="ground" width="100%%" height="100%%"/>`)
	for _, cut := range cuts {
		b.printf(`<rect class="break" x="%.3f%%" width="%.3f%%" height="100%%"/>`, 100*cut.At, 100*cut.Width)
	}
	for _, bar := range row.Bars {
		// What is too short to be seen is drawn all the same, within the track.
		width := max(100*bar.Width, 0.4)
		b.printf(`<rect class="%s" x="%.3f%%" y="15%%" width="%.3f%%" height="70%%" rx="2"/>`, bar.Kind, min(100*bar.At, 100-width), width)
	}
	b.printf("</svg>\n")
}

// bars lists each sending and wait in words.
func (b *page) bars(line timeline.Timeline) {
	b.printf("<details><summary>Each sending and each wait</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Each sending and each wait\"><table>\n<tr><th scope=\"col\">Step<th scope=\"col\">What<th scope=\"col\">From<th scope=\"col\">Took\n")
	for _, row := range line.Rows {
		for _, bar := range row.Bars {
			took := term.Duration(bar.To.Sub(bar.From))
			if bar.Open {
				took += " so far"
			}
			b.printf("<tr><td><code>%s</code><td>%s<td>%s<td>%s\n", esc(bar.Path), esc(bar.Text), stamp(bar.From), esc(took))
		}
	}
	b.printf("</table></div></details>\n")
}
