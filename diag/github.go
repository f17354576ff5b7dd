package diag

import (
	"fmt"
	"io"
	"strings"
)

// githubSink writes workflow commands, which GitHub Actions shows as annotations.
type githubSink struct{ stream }

func newGitHub(w io.Writer, _ SinkOptions) Sink { return &githubSink{newStream(w, "")} }

func (g *githubSink) Add(o *Outcome) {
	for _, d := range o.inFiles() {
		g.text("::" + githubCommand(d.Severity) + " ")
		g.text("file=" + githubProperty(d.Pos.File) + ",")
		if d.Pos.Line > 0 {
			fmt.Fprintf(g.w, "line=%d,", d.Pos.Line)
		}
		if d.Pos.Column > 0 {
			fmt.Fprintf(g.w, "col=%d,endColumn=%d,", d.Pos.Column, d.end())
		}
		body := d.body()
		if url := URL(d.Code); url != "" {
			body += "\n" + url
		}
		g.text("title=" + githubProperty(d.Code) + "::" + githubData(body) + "\n")
	}
	g.flush()
}

func (g *githubSink) Close() error { return g.end("") }

func githubCommand(s Severity) string {
	if s == Info {
		return "notice"
	}
	return s.String()
}

// The escapes are those of the runner, which splits a command at them.
var (
	githubDataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubData(s string) string     { return githubDataEscapes.Replace(printable(s)) }
func githubProperty(s string) string { return githubPropertyEscapes.Replace(printable(s)) }
