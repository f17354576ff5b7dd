package main

import (
	"fmt"

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

// printf writes text to stdout.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }
