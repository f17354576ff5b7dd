package spec

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// value decodes any YAML value. Integers that do not fit 64 bits, and numbers
// that YAML's versions read differently or JSON cannot hold, are errors rather
// than other numbers.
func (d *decoder) value(n *yaml.Node) Value {
	v := Value{Pos: d.pos(n)}
	switch n.Kind {
	case yaml.SequenceNode:
		v.Kind = Sequence
		for _, item := range n.Content {
			v.Items = append(v.Items, d.value(item))
		}
	case yaml.MappingNode:
		v.Kind = Mapping
		v.Fields = d.fields(n)
	default:
		v.Str, _ = d.cursor(n).scalar(n)
		v.Pos = v.Str.Pos
		v.Scalar = d.plain(n)
	}
	return v
}

func (d *decoder) fields(n *yaml.Node) []Field {
	fields := make([]Field, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		fields = append(fields, d.field(n.Content[i], n.Content[i+1]))
	}
	return fields
}

func (d *decoder) field(key, value *yaml.Node) Field {
	k, _ := d.cursor(key).scalar(key)
	return Field{Key: k, Value: d.value(value)}
}

// arguments is a mapping of parameter names to values, such as `with`.
func (d *decoder) arguments(n *yaml.Node, what string) []Field {
	if n == nil || isNull(n) {
		return nil
	}
	o := d.object(n, what)
	if o == nil {
		return nil
	}
	return d.fields(n)
}

func (d *decoder) plain(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		return d.integer(n)
	case "!!float":
		return d.float(n)
	default:
		return n.Value
	}
}

func (d *decoder) integer(n *yaml.Node) any {
	if leadingZero.MatchString(n.Value) {
		d.report(n, codeNumber, "%s is another number in YAML 1.1 than in YAML 1.2", n.Value).Hint =
			"put it in quotes if it is a code, else write it without the zero"
		return nil
	}
	digits := strings.ReplaceAll(n.Value, "_", "")
	i, err := strconv.ParseInt(strings.TrimPrefix(digits, "+"), 0, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		d.tooBig(n)
		return nil
	case err != nil:
		d.report(n, codeNumber, "%q is not a whole number", n.Value)
		return nil
	}
	return i
}

func (d *decoder) float(n *yaml.Node) any {
	if n.Style&yaml.TaggedStyle == 0 && allDigits.MatchString(n.Value) {
		d.tooBig(n)
		return nil
	}
	var f float64
	if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		d.report(n, codeNumber, "%s is not a number that JSON can hold", n.Value).Hint = "put it in quotes if it is text"
		return nil
	}
	return f
}

func (d *decoder) tooBig(n *yaml.Node) {
	d.report(n, codeNumber, "%s does not fit a 64-bit integer, so its digits would be lost", n.Value).Hint =
		"put it in quotes to send it as text"
}

var (
	leadingZero = regexp.MustCompile(`^[-+]?0[0-9_]+$`)
	allDigits   = regexp.MustCompile(`^[-+]?[0-9_]+$`)
)

// fits reports whether v is of the type that an input declares; items is the
// type of a list's items. Unknown types accept anything.
func fits(v Value, typ, items string) bool {
	switch typ {
	case "any":
		return true
	case "array":
		if v.Kind != Sequence {
			return false
		}
		for _, item := range v.Items {
			if items != "" && !fits(item, items, "") {
				return false
			}
		}
		return true
	case "object":
		return v.Kind == Mapping
	}
	if v.Kind != Scalar {
		return typ == ""
	}
	switch v.Scalar.(type) {
	case string:
		return typ == "string" || typ == ""
	case bool:
		return typ == "boolean"
	case int64:
		return typ == "integer" || typ == "number"
	case float64:
		return typ == "number"
	}
	return false
}

// Go returns the value as plain Go data: nil, bool, int64, float64, string,
// []any or map[string]any.
func (v Value) Go() any {
	switch v.Kind {
	case Sequence:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = item.Go()
		}
		return out
	case Mapping:
		out := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			out[f.Key.Value] = f.Value.Go()
		}
		return out
	default:
		return v.Scalar
	}
}
