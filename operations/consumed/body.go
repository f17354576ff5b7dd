package consumed

import (
	"slices"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// The media types of bodies.
const (
	jsonMedia = "application/json"
	formMedia = "application/x-www-form-urlencoded"
	partMedia = "multipart/form-data"
	anyMedia  = "*/*"
)

// body returns the body that an operation takes: the one it writes out, else one
// made of its parameters in body, form or multipart; nil when there is neither.
func body(op *spec.ConsumedOperation) *operations.Body {
	out := fromParams(op)
	if op.Body != nil {
		out = &operations.Body{Media: []operations.Media{{Type: bodyMedia(op.Body.Type.Value), Schema: &operations.Schema{Open: true}}}}
	}
	if out != nil && choosesMedia(op) {
		out.Media = append(out.Media, operations.Media{Type: anyMedia, Schema: &operations.Schema{Open: true}})
	}
	return out
}

// bodyMedia is the media type of a written body. Plain text counts as JSON.
func bodyMedia(kind string) string {
	switch kind {
	case "text":
		return "text/plain; charset=utf-8"
	case "xml":
		return "application/xml"
	case "sparql":
		return "application/sparql-query"
	case "formUrlEncoded":
		return formMedia
	case "multipartForm":
		return partMedia
	}
	return jsonMedia
}

// choosesMedia reports whether a header parameter names the body's type.
func choosesMedia(op *spec.ConsumedOperation) bool {
	return slices.ContainsFunc(op.Params, func(p *spec.Param) bool {
		return p.IsHeader("Content-Type")
	})
}

// Whole returns the parameter that is the whole JSON body of an operation: the
// only one in the body, if it is called "body" or is an object or array. It is
// nil where each is a property of the body, and where the operation writes its
// body out.
func Whole(op *spec.ConsumedOperation) *spec.Param {
	if op.Body != nil {
		return nil
	}
	media, fields := inBody(op)
	if media != jsonMedia || len(fields) != 1 {
		return nil
	}
	p := fields[0]
	if t := jsonType(p.Type); p.Name.Value == "body" || t == "object" || t == "array" {
		return p
	}
	return nil
}

// inBody returns the parameters that travel in the body, and how: the place
// of one of them decides for all.
func inBody(op *spec.ConsumedOperation) (media string, fields []*spec.Param) {
	media = jsonMedia
	for _, p := range op.Params {
		switch place(p) {
		case "body":
		case "form", "formdata":
			if media != partMedia {
				media = formMedia
			}
		case "multipart":
			media = partMedia
		default:
			continue
		}
		fields = append(fields, p)
	}
	return media, fields
}

func fromParams(op *spec.ConsumedOperation) *operations.Body {
	media, fields := inBody(op)
	if len(fields) == 0 {
		return nil
	}
	if whole := Whole(op); whole != nil {
		return &operations.Body{
			Required: whole.Required, Description: whole.Description.Value,
			Media: []operations.Media{{Type: jsonMedia, Schema: &operations.Schema{Description: whole.Description.Value, Open: true}}},
		}
	}
	out := &operations.Body{}
	s := &operations.Schema{Types: []string{"object"}, Open: true}
	for _, p := range fields {
		s.Properties = append(s.Properties, operations.Property{Name: p.Name.Value, Schema: paramSchema(p)})
		if p.Required {
			out.Required = true
			s.Required = append(s.Required, p.Name.Value)
		}
	}
	out.Media = []operations.Media{{Type: media, Schema: s}}
	return out
}
