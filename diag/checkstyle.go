package diag

import (
	"fmt"
	"io"
)

// checkstyleSink writes a report as Checkstyle does.
type checkstyleSink struct{ stream }

func newCheckstyle(w io.Writer, _ SinkOptions) Sink {
	return &checkstyleSink{newStream(w, xmlHeader+"<checkstyle version=\"4.3\">\n")}
}

func (c *checkstyleSink) Add(o *Outcome) {
	c.begin()
	file, open := "", false
	for _, d := range o.inFiles() { // sorted by file
		if d.Pos.File != file || !open {
			if open {
				c.text("  </file>\n")
			}
			fmt.Fprintf(c.w, "  <file name=%s>\n", attribute(d.Pos.File))
			file, open = d.Pos.File, true
		}
		fmt.Fprintf(c.w, "    <error line=\"%d\"", max(d.Pos.Line, 1))
		if d.Pos.Column > 0 {
			fmt.Fprintf(c.w, " column=\"%d\"", d.Pos.Column)
		}
		fmt.Fprintf(c.w, " severity=\"%s\" message=%s source=%s/>\n", d.Severity, attribute(d.body()), attribute("capstan."+d.Code))
	}
	if open {
		c.text("  </file>\n")
	}
	c.flush()
}

func (c *checkstyleSink) Close() error { return c.end("</checkstyle>\n") }
