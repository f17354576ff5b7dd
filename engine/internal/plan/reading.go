package plan

import (
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations/formats"
	"github.com/capstan-run/capstan/spec"
)

// reading decides how the answer of an operation that the file describes is read,
// and returns the type of the result.
func (b *builder) reading(a *Operation, api *spec.API, op *spec.ConsumedOperation) eval.Type {
	a.Answer = Reading{Loose: true, Format: op.OutputFormat.Value, Media: op.OutputMedia.Value, MaxBinary: op.MaxBinary}
	x := &a.Answer
	if x.Format == "json" {
		x.Format = ""
	}
	if x.Format != "" && x.Format != Binary {
		decode, err := formats.New(x.Format, op.OutputSchema.Value, func(path string) ([]byte, error) { return b.src.File(api.File, path) })
		if err != nil {
			at := op.OutputFormat
			if op.OutputSchema.IsSet() {
				at = op.OutputSchema
			}
			code, hint := refusal(err, "bad-output-format", "")
			b.errorAt(at, code, hint, "answers of %s cannot be read: %v", a.At.Value, err)
		}
		x.Decode = decode
	}
	if b.unit.Direct {
		return eval.Any() // the outcome looks into the answer itself
	}
	return b.fields(x, op)
}

// fields shapes the result as later steps see it: the operation's named outputs. A
// name that stands for the whole answer is added to it.
func (b *builder) fields(x *Reading, op *spec.ConsumedOperation) eval.Type {
	fields := map[string]eval.Type{}
	open := len(op.Outputs) == 0
	for _, o := range op.Outputs {
		at := o.Value
		if !at.IsSet() {
			at = o.Mapping
		}
		p := b.path(at)
		if p == nil || o.Name.Value == "" {
			open = true
			continue
		}
		if rest(p, 0) == nil {
			open = true
		} else {
			x.Inside = true
		}
		x.Fields = append(x.Fields, &Field{Name: o.Name.Value, At: p})
		fields[o.Name.Value] = shapeType(o)
	}
	if open {
		return eval.Any()
	}
	return eval.Object(fields, false)
}
