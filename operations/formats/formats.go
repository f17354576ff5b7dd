package formats

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// Decoder turns an answer's body into data. mediaType is its Content-Type
// with parameters, of which charset counts; "" when the answer has none. A
// Decoder is safe for concurrent use and keeps no reference to body, except
// that "binary" returns body itself. Its errors begin with the format's name.
type Decoder func(body []byte, mediaType string) (any, error)

// maker prepares the decoder of one format.
type maker func(schema string, open openFunc) (Decoder, error)

// openFunc reads a schema file, by a path with slashes relative to the
// capability.
type openFunc = func(path string) ([]byte, error)

// New returns the decoder of format (outputRawFormat: json, xml, yaml, csv,
// tsv, psv, html, markdown, avro, protobuf, text or binary, in any case; "" is
// json). text gives the body as a string, binary gives the bytes themselves.
//
// schema is the operation's outputSchema: the path of the schema file for
// avro (optional if answers carry their own) and protobuf (with an optional
// "#Message", else the file's first message), which open reads; a CSS selector
// that chooses tables for html; a heading ("Results", "## Results") that the
// sections of markdown must begin with. Other formats ignore it. New reads
// and checks the schema, so that its faults show before anything is sent.
func New(format, schema string, open func(path string) ([]byte, error)) (Decoder, error) {
	name := strings.ToLower(strings.TrimSpace(format))
	if name == "" {
		name = "json"
	}
	for _, f := range formats {
		if f.name != name {
			continue
		}
		decode, err := f.make(strings.TrimSpace(schema), open)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return func(body []byte, mediaType string) (any, error) {
			v, err := decode(body, mediaType)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return v, nil
		}, nil
	}
	return nil, unknown(name)
}

type format struct {
	name string
	make maker
}

var formats = []format{
	{"json", plain(ofText(jsonvalue.Decode))},
	{"xml", plain(decodeXML)},
	{"yaml", plain(ofText(yamldata.Decode))},
	{"csv", delimited(',')},
	{"tsv", delimited('\t')},
	{"psv", delimited('|')},
	{"html", newHTML},
	{"markdown", newMarkdown},
	{"avro", newAvro},
	{"protobuf", newProtobuf},
	{"text", plain(ofText(func(text []byte) (any, error) { return string(text), nil }))},
	{"binary", plain(func(body []byte, _ string) (any, error) { return body, nil })},
}

func unknown(name string) error {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	if close := suggest.Closest(name, names); close != "" {
		return fmt.Errorf("unknown format %q; did you mean %q? known are %s", name, close, strings.Join(names, ", "))
	}
	return fmt.Errorf("unknown format %q; known are %s", name, strings.Join(names, ", "))
}

// plain is the maker of a format without a schema.
func plain(d Decoder) maker {
	return func(string, openFunc) (Decoder, error) { return d, nil }
}

// ofText is the decoder of a format that is text, which decode is given in UTF-8.
func ofText(decode func(text []byte) (any, error)) Decoder {
	return func(body []byte, mediaType string) (any, error) {
		text, err := utf8Text(body, mediaType)
		if err != nil {
			return nil, err
		}
		return decode(text)
	}
}

// Bounds on the size of the decoded answer.
const (
	maxDepth  = 200
	maxValues = 1_000_000
)

var (
	errTooDeep = fmt.Errorf("values are nested more than %d deep", maxDepth)
	errTooMany = fmt.Errorf("the answer holds more than the %d values that are read", maxValues)
	errCut     = errors.New("the answer ends too early")
)

// budget counts down the values that an answer may still become.
type budget int

func newBudget() *budget { b := budget(maxValues); return &b }

func (b *budget) take(n int) error {
	if n > int(*b) {
		return errTooMany
	}
	*b -= budget(n)
	return nil
}
