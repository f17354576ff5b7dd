package operations

// BodyField is a property of the object that an operation takes as its body.
type BodyField struct {
	Name   string
	Schema *Schema
	// Required says that a body without it is invalid. Whether there has to be a
	// body is another matter: Body.Required.
	Required bool
}

// The fields of a part of a multipart form that is given with a file name or a
// content type of its own, in place of the value alone. The schema of a part that
// may be one lists them.
const (
	FileValue = "value"
	FileName  = "filename"
	FileType  = "contentType"
)

// IsFile reports whether the schema is that of a part of a form that may be
// given as a file.
func (s *Schema) IsFile() bool {
	return s != nil && s.Closed && len(s.Properties) == 3 && s.Properties[0].Name == FileValue && s.Properties[1].Name == FileName && s.Properties[2].Name == FileType
}

// BodyFields lists the properties of the body, of its JSON form where it has
// one, each once, in the document's order: those of the schema, of the schemas
// it is made of, and of its alternatives, of which none is required, since
// which one is meant shows in the whole body. Read-only properties are left
// out; nil when the operation takes no body or one that is no object.
func (o *Operation) BodyFields() []BodyField {
	if o.Body == nil || len(o.Body.Media) == 0 {
		return nil
	}
	media := o.Body.JSON()
	if media == nil {
		media = &o.Body.Media[0]
	}
	b := bodyFields{at: map[string]int{}, seen: map[visited]bool{}}
	b.collect(media.Schema, true)
	return b.found
}

type bodyFields struct {
	found []BodyField
	at    map[string]int   // where each name stands in found
	seen  map[visited]bool // compositions may be cyclic and branch
}

type visited struct {
	schema *Schema
	must   bool
}

// collect adds the properties of s; must reports whether a property that s
// requires is required of the body.
func (b *bodyFields) collect(s *Schema, must bool) {
	if s == nil || b.seen[visited{s, must}] {
		return
	}
	b.seen[visited{s, must}] = true
	for _, p := range s.Properties {
		if p.Schema == nil || !p.Schema.ReadOnly {
			b.add(p)
		}
	}
	for _, part := range s.AllOf {
		b.collect(part, must)
	}
	for _, alternatives := range [][]*Schema{s.OneOf, s.AnyOf} {
		for _, one := range alternatives {
			b.collect(one, false)
		}
	}
	if !must {
		return
	}
	for _, name := range s.Required {
		if i, ok := b.at[name]; ok {
			b.found[i].Required = true
		}
	}
}

func (b *bodyFields) add(p Property) {
	if _, known := b.at[p.Name]; known {
		return
	}
	b.at[p.Name] = len(b.found)
	b.found = append(b.found, BodyField{Name: p.Name, Schema: p.Schema})
}
