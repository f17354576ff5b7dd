package skill

import (
	"slices"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
)

// exampleBody returns a body that fits: the required properties, and for an operation
// that changes something but requires nothing, the first thing it can change.
// ok is false when nothing needs to be sent.
func exampleBody(op *operations.Operation) (body any, ok bool) {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil, false
	}
	media := op.Body.JSON()
	if media == nil {
		media = &op.Body.Media[0]
	}
	object, isObject := mock.Example(media.Schema, "").(map[string]any)
	whole, _ := media.Example.(map[string]any)
	switch {
	case !isObject && len(op.BodyFields()) == 0:
		return mock.Example(media.Schema, "body"), op.Body.Required
	case !isObject:
		object = map[string]any{}
	}
	for name := range object {
		if v, there := whole[name]; there {
			object[name] = v
		}
	}
	if len(check.Value(media.Schema, object)) > 0 && whole != nil && len(check.Value(media.Schema, whole)) == 0 {
		object = whole
	}
	changes := op.Method == "PATCH" || op.Method == "PUT" || op.Body.Required
	if fields := op.BodyFields(); len(object) == 0 && changes && len(fields) > 0 {
		first := fields[max(0, slices.IndexFunc(fields, func(f operations.BodyField) bool { return f.Schema != nil && f.Schema.Example != nil }))]
		object[first.Name] = mock.Example(first.Schema, first.Name)
	}
	return object, len(object) > 0 || op.Body.Required
}
