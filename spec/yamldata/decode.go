// Package yamldata reads and writes YAML that is data and no capability file:
// answers, front matter, and the YAML twins of JSON documents.
package yamldata

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/spec/internal/node"
)

// Bounds on YAML that came over the network rather than from an author: a
// parsed value takes some hundred bytes, whatever few characters stand for it.
const (
	maxDataSize  = 16 << 20
	maxDataMarks = 1_000_000 // characters that can begin a value: no text has more values than these
)

// Decode reads a YAML document that is data, such as an answer or the
// front matter of a page, into the form that JSON has here: nil, bool, int,
// float64, json.Number, string, []any and map[string]any. It is not for
// capability files, which [Read] gives positions to.
//
// Aliases and merge keys are resolved, keys become text, application tags are
// ignored. Timestamps stay text, and so do numbers that JSON cannot hold
// (.inf) or that YAML 1.1 and 1.2 read differently (0123). A number that
// neither an int nor a float64 gives back as it is written is a json.Number. A
// text without a document is nil. Broken YAML, a key given twice, a second
// document, nesting of more than 100, aliases that stand for more than 200,000
// values and texts beyond 16 MiB or a million values are errors, which name
// line and column where there is one.
func Decode(src []byte) (any, error) {
	text := bytes.TrimPrefix(src, []byte("\uFEFF"))
	if len(text) > maxDataSize {
		return nil, fmt.Errorf("the text has %d MiB, more than the %d MiB that are read", len(text)>>20, maxDataSize>>20)
	}
	if dataMarks(text) > maxDataMarks {
		return nil, fmt.Errorf("the text may hold more than the %d values that are read", maxDataMarks)
	}
	_, root, diags := node.ParseAny("", text)
	for _, d := range diags {
		switch d.Code {
		case "yaml-tag":
		case "empty-file":
			return nil, nil
		case "several-documents":
			return nil, fmt.Errorf("line %d: a second YAML document starts here; one is read", d.Pos.Line)
		case "encoding":
			return nil, fmt.Errorf("line %d, column %d: the text is not UTF-8", d.Pos.Line, d.Pos.Column)
		default:
			return nil, fmt.Errorf("line %d, column %d: %s", d.Pos.Line, d.Pos.Column, d.Message)
		}
	}
	return data(root), nil
}

// dataMarks counts the characters of which each value of a document needs one
// of its own: a line, an entry of a flow list or mapping, a nested "- ".
func dataMarks(text []byte) int {
	n := bytes.Count(text, []byte("- ")) + bytes.Count(text, []byte(": ")) + bytes.Count(text, []byte("? "))
	for _, mark := range []string{"\n", "\r", ",", "[", "{"} {
		n += bytes.Count(text, []byte(mark))
	}
	return n
}

// data turns an expanded node into plain Go data. Its depth is bounded by the
// expander's.
func data(n *node.Node) any {
	switch n.Kind {
	case node.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			out[i] = data(item)
		}
		return out
	case node.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for k, v := range node.Entries(n) {
			out[k.Value] = data(v)
		}
		return out
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		return dataNumber(n.Value)
	}
	if v, ok := node.BeyondParser(n); ok {
		return v
	}
	return n.Value
}

// dataNumber reads a number, or leaves it text where its value is in doubt.
func dataNumber(s string) any {
	if node.LeadingZero(s) {
		return s
	}
	v, ok := node.Literal(s)
	if i, isInt := v.(int64); isInt {
		return int(i)
	}
	if ok {
		return v
	}
	if f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		return f // .5 and 1.
	}
	return s
}
