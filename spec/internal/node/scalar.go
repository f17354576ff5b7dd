package node

import (
	"math"
	"math/big"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/spec"
)

// Value decodes any YAML value. Numbers that YAML's versions read differently or
// JSON cannot hold are errors rather than other numbers; one that neither an
// int64 nor a float64 gives back as it is written is a json.Number.
func (d *Decoder) Value(n *yaml.Node) spec.Value {
	v := spec.Value{Pos: d.Pos(n)}
	switch n.Kind {
	case yaml.SequenceNode:
		v.Kind = spec.Sequence
		for _, item := range n.Content {
			v.Items = append(v.Items, d.Value(item))
		}
	case yaml.MappingNode:
		v.Kind = spec.Mapping
		v.Fields = d.fields(n)
	default:
		v.Str, _ = d.Cursor(n).Scalar(n)
		v.Pos = v.Str.Pos
		v.Scalar = d.plain(n)
	}
	return v
}

func (d *Decoder) fields(n *yaml.Node) []spec.Field {
	fields := make([]spec.Field, 0, len(n.Content)/2)
	for k, v := range Entries(n) {
		fields = append(fields, d.Field(k, v))
	}
	return fields
}

func (d *Decoder) Field(key, value *yaml.Node) spec.Field {
	k, _ := d.Cursor(key).Scalar(key)
	return spec.Field{Key: k, Value: d.Value(value)}
}

// Arguments is a mapping of parameter names to values, such as `with`.
func (d *Decoder) Arguments(n *yaml.Node, what string) []spec.Field {
	if n == nil || IsNull(n) {
		return nil
	}
	o := d.Object(n, what)
	if o == nil {
		return nil
	}
	return d.fields(n)
}

func (d *Decoder) plain(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		return d.integer(n)
	case "!!float":
		return d.float(n)
	}
	if v, ok := BeyondParser(n); ok {
		return v
	}
	return n.Value
}

// BeyondParser reads a number that the YAML parser takes for text, since no Go
// type of its own holds it: 1e400, 0x1ffffffffffffffff.
func BeyondParser(n *yaml.Node) (v any, ok bool) {
	if n.Style != 0 || n.ShortTag() != "!!str" || !startsNumber(n.Value) {
		return nil, false
	}
	return Literal(n.Value)
}

func (d *Decoder) integer(n *yaml.Node) any {
	if LeadingZero(n.Value) {
		d.Report(n, "bad-number", "%s is another number in YAML 1.1 than in YAML 1.2", n.Value).Hint =
			"put it in quotes if it is a code, else write it without the zero"
		return nil
	}
	v, ok := Literal(n.Value)
	if !ok {
		d.Report(n, "bad-number", "%q is not a whole number", n.Value)
		return nil
	}
	return v
}

func (d *Decoder) float(n *yaml.Node) any {
	if v, ok := Literal(n.Value); ok {
		if i, isInt := v.(int64); isInt {
			return float64(i) // !!float 3
		}
		return v
	}
	var f float64
	if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		d.Report(n, "bad-number", "%s is not a number that JSON can hold", n.Value).Hint = "put it in quotes if it is text"
		return nil
	}
	return f
}

// Literal reads a number as YAML writes it: with underscores and a plus sign,
// and whole ones in base 16, 8 and 2 too. It is an int64 or a float64 where that
// is written in the same digits again, else a json.Number.
func Literal(text string) (v any, ok bool) {
	digits := strings.TrimPrefix(strings.ReplaceAll(text, "_", ""), "+")
	if v, ok := jsonvalue.Number(digits); ok {
		if i, isInt := v.(int); isInt {
			return int64(i), true
		}
		return v, true
	}
	if len(digits) > maxBased {
		return nil, false
	}
	i, ok := new(big.Int).SetString(digits, 0)
	if !ok {
		return nil, false
	}
	return Literal(i.String())
}

// maxBased bounds the text of a whole number in another base: the time to
// convert it grows with the square of its length.
const maxBased = 1000

// LeadingZero reports whether text is digits and underscores after a zero.
func LeadingZero(text string) bool {
	digits, ok := strings.CutPrefix(unsigned(text), "0")
	return ok && digits != "" && strings.Trim(digits, "0123456789_") == ""
}

// startsNumber reports whether text begins as a number does, and has only what
// numbers are written with.
func startsNumber(text string) bool {
	text = unsigned(text)
	return text != "" && '0' <= text[0] && text[0] <= '9' && strings.Trim(text, "-+0123456789abcdefABCDEFxX._") == ""
}

func unsigned(text string) string {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		return text[1:]
	}
	return text
}
