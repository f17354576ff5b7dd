// Package report writes a run as one page of HTML for people, such as for an incident
// ticket. Start with [Write].
package report

import (
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/graph"
)

// Page is the content of a report.
type Page struct {
	Run  *document.Run  // with its history; what is sensitive is not shown
	Plan *document.Plan // nil where it is not known: there is no graph then, and no bindings
	Now  time.Time
	// Words describes an entry of the history.
	Words func(durable.Event) string
}

// Write writes a page that needs no other file, no script and no network. Times are in UTC.
func Write(w io.Writer, p Page) error {
	p.Run = p.Run.Redacted()
	b := &page{Page: p}
	b.head()
	b.problem()
	b.graph()
	b.timeLine()
	b.values("Inputs", p.Run.Inputs)
	b.values("Outputs", p.Run.Outputs)
	b.bindings()
	b.history()
	b.printf("</main>\n</html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

type page struct {
	Page
	strings.Builder
}

func (b *page) printf(format string, args ...any) { fmt.Fprintf(b, format, args...) }

// esc is a text as HTML has it.
func esc(s string) string { return html.EscapeString(s) }

// stamp is a time in UTC.
func stamp(t time.Time) string {
	return fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339Nano), t.UTC().Format("2006-01-02 15:04:05 UTC"))
}

const style = `:root{color-scheme:light dark;--line:#cbd5e1;--soft:#475569;--good:#15803d;--bad:#b91c1c;--wait:#b45309;--ground:#f8fafc}
@media (prefers-color-scheme:dark){:root{--line:#334155;--soft:#a8b5c8;--good:#4ade80;--bad:#f87171;--wait:#fbbf24;--ground:#162033}}
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:Canvas;color:CanvasText}main{max-width:64rem;margin:auto;padding:1rem 1.5rem 3rem}
h1{margin-bottom:.25rem}h2{margin-top:2rem;border-bottom:1px solid var(--line)}code,.id{font-family:ui-monospace,monospace;overflow-wrap:anywhere}table code{overflow-wrap:normal}
.soft{color:var(--soft)}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.problem{border-left:4px solid var(--bad);background:var(--ground);padding:.5rem 1rem}summary{cursor:pointer}
` + lineStyle

func (b *page) head() {
	r := b.Run
	title := r.Capability
	if r.Title != "" {
		title += ": " + r.Title
	}
	b.printf("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	b.printf("<title>%s, run %s</title>\n<style>%s</style>\n<main>\n<h1>%s</h1>\n", esc(title), esc(r.Run), style, esc(title))
	b.printf("<p class=\"soft\">Run <span class=\"id\">%s</span> as it stood at %s</p>\n<dl>\n", esc(r.Run), stamp(b.Now))
	b.row("Status", "<strong>"+esc(words(string(r.Status)))+"</strong>")
	if r.Waiting != nil {
		b.row("Waiting for", "<code>"+esc(r.Waiting.Step)+"</code> "+esc(r.Waiting.Description))
	}
	b.row("Started", stamp(r.Started))
	b.row("Last change", stamp(r.Updated))
	if r.Due != nil {
		b.row("Goes on", stamp(*r.Due))
	}
	b.row("File", "<code>"+esc(r.Source)+"</code>")
	if r.Mock {
		b.row("Mock", "a mock answered in place of the APIs")
	}
	for _, server := range r.Servers {
		b.row("Server", "<code>"+esc(server)+"</code>")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		b.row("Label", "<code>"+esc(name+"="+r.Labels[name])+"</code>")
	}
	b.printf("</dl>\n")
}

// row is a term with its description, which is HTML.
func (b *page) row(name, value string) { b.printf("<dt>%s<dd>%s\n", name, value) }

func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

func (b *page) problem() {
	e := b.Run.Error
	if e == nil {
		return
	}
	b.printf("<section class=\"problem\"><h2>Problem</h2>\n<p>")
	if e.Step != "" {
		b.printf("Step <code>%s</code>: ", esc(e.Step))
	}
	b.printf("%s</p>\n", esc(e.Message))
	for _, more := range [][2]string{{"", e.Hint}, {"request id ", e.RequestID}} {
		if more[1] != "" {
			b.printf("<p class=\"soft\">%s</p>\n", esc(more[0]+more[1]))
		}
	}
	b.printf("</section>\n")
}

func (b *page) graph() {
	if b.Plan == nil {
		return
	}
	var svg strings.Builder
	if graph.SVG(&svg, graph.OfRun(b.Plan, b.Run)) == nil {
		b.printf("<h2>Steps</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Steps\">%s</div>\n", svg.String())
	}
}

func (b *page) values(title string, values map[string]any) {
	if len(values) == 0 {
		return
	}
	b.printf("<h2>%s</h2>\n<dl>\n", title)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		b.row("<code>"+esc(name)+"</code>", esc(term.Value(values[name])))
	}
	b.printf("</dl>\n")
}

func (b *page) bindings() {
	if b.Plan == nil {
		return
	}
	b.printf("<h2>Where values came from</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Where values came from\"><table>\n<tr><th>Step<th>Operation<th>Value<th>From<th>Rule\n")
	for _, s := range b.Plan.Steps {
		name := "<code>" + esc(s.ID) + "</code>"
		operation := esc(strings.TrimSpace(s.Method + " " + s.Path))
		if operation == "" {
			operation = esc(s.Kind)
		}
		if len(s.Binds) == 0 {
			b.printf("<tr><td>%s<td>%s<td><td><td>\n", name, operation)
		}
		for _, bind := range s.Binds {
			b.printf("<tr><td>%s<td>%s<td>%s <code>%s</code><td><code>%s</code><td>%s\n", name, operation, esc(bind.In), esc(bind.Param), esc(bind.From), esc(bind.Rule))
			name, operation = "", ""
		}
	}
	b.printf("</table></div>\n")
}

func (b *page) history() {
	b.printf("<h2>History</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"History\"><table>\n<tr><th>Time<th>Step<th>Event\n")
	for _, e := range b.Run.Events {
		b.printf("<tr><td>%s<td><code>%s</code><td>%s\n", stamp(e.Time), esc(e.Step), esc(b.Words(e)))
	}
	b.printf("</table></div>\n")
}
