package command

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// wantsText reports whether stdout is for people.
func (a *app) wantsText() bool { return a.flags.output == "text" }

// printDocument writes v as the one JSON or YAML document on stdout.
func (a *app) printDocument(v any) error {
	if err := encodeTo(a.out, a.flags.output, v); err != nil { // the sink remembers a failure to write
		return fmt.Errorf("cannot write the output as %s: %w", a.flags.output, err)
	}
	return nil
}

// documentList writes a list to stdout, one entry after the other.
type documentList struct {
	app     *app
	entries int
}

// add writes an entry. The error is that of a value without a form.
func (l *documentList) add(v any) error {
	format := l.app.flags.output
	if format == "yaml" {
		v = []any{v}
	}
	data, err := encode(format, v)
	if err != nil {
		return fmt.Errorf("cannot write the output as %s: %w", format, err)
	}
	if format != "yaml" {
		between := ",\n  "
		if l.entries == 0 {
			between = "[\n  "
		}
		data = append([]byte(between), bytes.ReplaceAll(bytes.TrimSpace(data), []byte("\n"), []byte("\n  "))...)
	}
	l.entries++
	_, _ = l.app.out.Write(data) // the sink remembers a failure to write
	return nil
}

// end ends the list, unless it could not be written to its end.
func (l *documentList) end(err error) {
	switch {
	case err != nil:
	case l.entries == 0:
		l.app.printf("[]\n")
	case l.app.flags.output != "yaml":
		l.app.printf("\n]\n")
	}
}

func encode(format string, v any) ([]byte, error) {
	var out bytes.Buffer
	err := encodeTo(&out, format, v)
	return out.Bytes(), err
}

// encodeTo writes v as JSON, which is indented as it is written, or as YAML. The error
// is that of a value without a form.
func encodeTo(w io.Writer, format string, v any) error {
	if format == "yaml" {
		data, err := yamldata.Encode(v)
		_, _ = w.Write(data)
		return err
	}
	data, err := jsonvalue.Marshal(v)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, min(2*len(data), 64<<10))
	jsonvalue.IndentTo(out, data)
	_ = out.WriteByte('\n')
	_ = out.Flush()
	return nil
}

// documentStream writes a document of lists whose items are not kept. A nil one writes
// nothing.
type documentStream struct {
	to     io.Writer
	format string // json or yaml
	name   string // of the list that is open, "" before the first
	items  int    // of it
	err    error  // the first item that could not be written
}

// list begins a list, and ends the one before; the open one goes on.
func (d *documentStream) list(name string) {
	if d.name == name {
		return
	}
	switch {
	case d.format == "yaml" && d.name == "":
		fmt.Fprintf(d.to, "%s:", name)
	case d.format == "yaml":
		fmt.Fprintf(d.to, "%s%s:", d.close(), name)
	case d.name == "":
		fmt.Fprintf(d.to, "{\n  %q: [", name)
	default:
		fmt.Fprintf(d.to, "%s,\n  %q: [", d.close(), name)
	}
	d.name, d.items = name, 0
}

// close is the text that ends the open list.
func (d *documentStream) close() string {
	switch {
	case d.format == "yaml" && d.items == 0:
		return " []\n"
	case d.format == "yaml":
		return "\n"
	case d.items == 0:
		return "]"
	}
	return "\n  ]"
}

func (d *documentStream) item(v any) {
	if d.format == "yaml" {
		v = []any{v}
	}
	data, err := encode(d.format, v)
	if err != nil {
		d.err = cmp.Or(d.err, fmt.Errorf("cannot write the output as %s: %w", d.format, err))
		return
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	var text string
	switch {
	case d.format == "yaml":
		text = "\n  " + strings.Join(lines, "\n  ")
	case d.items > 0:
		text = ",\n    " + strings.Join(lines, "\n    ")
	default:
		text = "\n    " + strings.Join(lines, "\n    ")
	}
	d.items++
	_, _ = io.WriteString(d.to, text) // the sink remembers a failure
}

// end ends the document, if one was begun.
func (d *documentStream) end() error {
	if d == nil || d.name == "" {
		return nil
	}
	text := d.close()
	if d.format != "yaml" {
		text += "\n}\n"
	}
	_, _ = io.WriteString(d.to, text)
	return d.err
}

// printf writes text to stdout.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }
