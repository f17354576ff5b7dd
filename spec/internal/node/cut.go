package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// ReportCut reports each text in a mapping of braces that ends at its first comma,
// since it has no quotes: YAML reads the rest as keys without values. Those keys
// are no keys of the object from then on.
func (o *Object) ReportCut(severity diag.Severity) {
	var key, text *Node // the entry that the rest belongs to
	var rest []*Node
	report := func() {
		if len(rest) > 0 {
			o.reportCut(key, text, rest, severity)
		}
		rest = nil
	}
	for k, v := range Entries(o.Node) {
		if text != nil && o.isRest(k, v) {
			rest = append(rest, k)
			continue
		}
		report()
		if key, text = k, nil; o.Node.Style&FlowStyle != 0 && v.Kind == ScalarNode && v.Style == 0 && v.Value != "" {
			text = v
		}
	}
	report()
}

// isRest reports whether an entry can only be the part of a text behind a comma.
func (o *Object) isRest(k, v *Node) bool {
	if v.Kind != ScalarNode || v.Value != "" || v.Style != 0 || k.Style != 0 || slices.Contains(o.Asked, k.Value) {
		return false
	}
	c := o.Cursor(k)
	_, end := c.Scalar(k)
	if end == 0 {
		return true // it goes over several lines
	}
	behind := strings.TrimLeft(string(c.rest(k.Line, c.seek(k.Line, end))), " \t")
	return behind == "" || strings.ContainsAny(behind[:1], ",}#")
}

// reportCut leaves words without a blank alone: those may be misplaced keys.
func (o *Object) reportCut(key, text *Node, rest []*Node, severity diag.Severity) {
	parts := []string{text.Value}
	for _, k := range rest {
		parts = append(parts, k.Value)
	}
	if !slices.ContainsFunc(parts, func(s string) bool { return strings.ContainsAny(s, " \t") }) {
		return
	}
	o.cut = append(o.cut, rest...)
	r := o.Report(text, "unknown-key", "the text of %q ends at its first comma, and %q behind it is read as a key", key.Value, rest[0].Value)
	if len(rest) > 1 {
		r.Message = fmt.Sprintf("the text of %q ends at its first comma, and its other %d parts are read as keys", key.Value, len(rest))
	}
	r.Severity, r.Hint = severity, fmt.Sprintf("put the text in quotes: %q", strings.Join(parts, ", "))
}
