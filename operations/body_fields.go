package operations

// BodyField is a property of the object that an operation takes as its body.
type BodyField struct {
	Name   string
	Schema *Schema
	// Required says that a body without it is invalid. Whether there has to be a
	// body is another matter: Body.Required.
	Required bool
}

// BodyFields lists the properties of the body, of its JSON form where it has one,
// each once, in the document's order: those of the schema, of the schemas it is made of,
// and of its alternatives, of which none is required, since which one is meant
// shows in the whole body. Read-only properties are left out; nil when the
// operation takes no body or one that is no object.
func (o *Operation) BodyFields() []BodyField {
	if o.Body == nil || len(o.Body.Media) == 0 {
		return nil
	}
	media := o.Body.JSON()
	if media == nil {
		media = &o.Body.Media[0]
	}
	var b bodyFields
	b.collect(media.Schema, true, 0)
	return b.found
}

// maxFieldDepth bounds how deep compositions are looked into: they may be cyclic
// and branch.
const maxFieldDepth = 8

type bodyFields struct{ found []BodyField }

// collect adds the properties of s; must tells whether what s requires is
// required of the body.
func (b *bodyFields) collect(s *Schema, must bool, depth int) {
	if s == nil || depth > maxFieldDepth {
		return
	}
	for _, p := range s.Properties {
		if p.Schema == nil || !p.Schema.ReadOnly {
			b.add(p)
		}
	}
	for _, part := range s.AllOf {
		b.collect(part, must, depth+1)
	}
	for _, alternatives := range [][]*Schema{s.OneOf, s.AnyOf} {
		for _, one := range alternatives {
			b.collect(one, false, depth+1)
		}
	}
	if !must {
		return
	}
	for _, name := range s.Required {
		for i := range b.found {
			b.found[i].Required = b.found[i].Required || b.found[i].Name == name
		}
	}
}

func (b *bodyFields) add(p Property) {
	for _, f := range b.found {
		if f.Name == p.Name {
			return
		}
	}
	b.found = append(b.found, BodyField{Name: p.Name, Schema: p.Schema})
}
