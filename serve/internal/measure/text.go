package measure

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// ContentType is the media type of a Text.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Text is metrics in the text format of Prometheus, 0.0.4. The zero value is empty.
type Text struct{ bytes.Buffer }

// Family begins a metric of a kind: counter, gauge or histogram.
func (t *Text) Family(name, kind, help string) {
	fmt.Fprintf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// Sample writes one value. labels are names and values in turn.
func (t *Text) Sample(name string, v float64, labels ...string) {
	t.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		t.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(t, `%s="%s"`, labels[i], escaped.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		t.WriteByte('}')
	}
	fmt.Fprintf(t, " %s\n", number(v))
}

var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
