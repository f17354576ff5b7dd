package main

import (
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
	data, err := encode(a.flags.output, v)
	if err != nil {
		return fmt.Errorf("cannot write the output as %s: %w", a.flags.output, err)
	}
	_, _ = a.out.Write(data) // the sink remembers a failure
	return nil
}

func encode(format string, v any) ([]byte, error) {
	if format == "yaml" {
		return yamldata.Encode(v)
	}
	data, err := jsonvalue.Marshal(v)
	return jsonvalue.Indent(append(data, '\n')), err
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
