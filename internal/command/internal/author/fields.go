package author

import (
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// Field is a value that an operation takes or gives.
type Field struct {
	// Path is the name of a parameter or property of the body; of a result it is the text
	// behind the step's id in an expression, such as "data[0].id".
	Path     string
	Name     string        // the last name of Path
	Of       string        // the thing that has it, in singular snake case, "" unknown
	In       operations.In // "" for a field of the result
	Required bool
	Schema   *operations.Schema // nil when nothing is known
	Text     string             // what the document has to say about it
}

// Takes lists the parameters and the properties of the body, in the document's order.
func Takes(op *operations.Operation) []Field {
	about := op.Resource().Name
	var out []Field
	for _, p := range op.Params {
		f := Field{Path: p.Name, Name: p.Name, In: p.In, Required: p.Required || p.In == operations.InPath, Schema: p.Schema, Text: p.Description}
		if p.In == operations.InPath {
			f.Of = about
		}
		out = append(out, f)
	}
	fields := op.BodyFields()
	if m := bodyOf(op); m != nil && len(fields) == 0 {
		out = append(out, Field{Path: "body", Name: "body", Of: about, In: operations.InBody, Required: op.Body.Required, Schema: m.Schema, Text: description(m.Schema)})
	}
	for _, f := range fields {
		out = append(out, Field{
			Path: f.Name, Name: f.Name, Of: about, In: operations.InBody, Required: f.Required && op.Body.Required, Schema: f.Schema, Text: description(f.Schema),
		})
	}
	return out
}

// bodyOf returns the form in which a body is sent: JSON where it may be, else the first
// documented one; nil where the operation takes none.
func bodyOf(op *operations.Operation) *operations.Media {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil
	}
	if json := op.Body.JSON(); json != nil {
		return json
	}
	return &op.Body.Media[0]
}

// Bounds of the fields that are listed of one result.
const (
	maxFieldDepth = 4
	maxFields     = 400
)

// Gives lists the fields of a successful answer, those of lists by their first item. A
// thing inside itself is listed once.
func Gives(op *operations.Operation) []Field {
	w := fieldWalk{about: op.Resource()}
	w.object(op.Result(), "", w.about.Name, 0)
	return w.found
}

type fieldWalk struct {
	about  operations.Resource
	inside []*operations.Schema
	found  []Field
}

// object lists the properties of s, which is at the path of a thing.
func (w *fieldWalk) object(s *operations.Schema, path, of string, depth int) {
	if s == nil || depth > maxFieldDepth || slices.Contains(w.inside, s) {
		return
	}
	w.inside = append(w.inside, s)
	defer func() { w.inside = w.inside[:len(w.inside)-1] }()
	if items := itemsOf(s); items != nil {
		w.object(items, path+"[0]", of, depth)
		return
	}
	var seen []string
	s.Any(func(part *operations.Schema) bool {
		for _, p := range part.Properties {
			if !slices.Contains(seen, p.Name) && len(w.found) < maxFields {
				seen = append(seen, p.Name)
				w.property(p, path, of, depth)
			}
		}
		return false
	})
}

func (w *fieldWalk) property(p operations.Property, path, of string, depth int) {
	at := member(path, p.Name)
	if depth == 0 && w.about.ItemsAt != "" && p.Name != w.about.ItemsAt {
		of = "" // beside the items
	}
	w.found = append(w.found, Field{Path: at, Name: p.Name, Of: of, Schema: p.Schema, Text: description(p.Schema)})
	inner := words.Singular(words.Snake(p.Name))
	if depth == 0 && p.Name == w.about.ItemsAt {
		inner = w.about.Name
	}
	w.object(p.Schema, at, inner, depth+1)
}

// itemsOf returns the schema of a list's items, nil where s is none.
func itemsOf(s *operations.Schema) (items *operations.Schema) {
	s.Any(func(part *operations.Schema) bool {
		if items = part.Items; items != nil && !slices.Contains(part.Types, "object") {
			return true
		}
		items = nil
		return false
	})
	return items
}

// member is the expression of a member of the value at a path.
func member(path, name string) string {
	switch {
	case !plainName.MatchString(name):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

var plainName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

func description(s *operations.Schema) string {
	if s == nil {
		return ""
	}
	return s.Description
}

// Use is an operation with the fields that a search is for.
type Use struct {
	Op     *operations.Operation
	Fields []Field
}

// For finds the operations that give and that take a field: "organization_id" is also the
// id of an organization, and "organization.id" both. Where nothing has it, near are the
// names most like it.
func For(set *operations.Set, field string) (gives, takes []Use, near []string) {
	want := wanted(field)
	for _, id := range set.IDs() {
		op, _ := set.Lookup(id)
		out, in := Gives(op), Takes(op)
		for _, f := range slices.Concat(out, in) {
			near = append(near, f.Name)
		}
		if found := matching(out, want); len(found) > 0 {
			gives = append(gives, Use{op, found})
		}
		if found := matching(in, want); len(found) > 0 {
			takes = append(takes, Use{op, found})
		}
	}
	isThing := func(u Use) bool { return u.Op.Resource().Name+"_id" == want }
	slices.SortStableFunc(gives, func(a, b Use) int { // the thing itself before what only refers to it
		switch {
		case isThing(a) == isThing(b):
			return 0
		case isThing(a):
			return -1
		}
		return 1
	})
	slices.Sort(near)
	return gives, takes, slices.Compact(near)
}

// wanted is the one spelling of a field: "organization_id" for organization.id,
// organizationId and data[0].organization_id.
func wanted(field string) string {
	parts := strings.FieldsFunc(field, func(r rune) bool { return r == '.' || r == '[' || r == ']' || r == '"' })
	parts = slices.DeleteFunc(parts, func(p string) bool {
		_, err := strconv.Atoi(p)
		return err == nil || p == "data" || p == "items" || p == "results"
	})
	if len(parts) > 2 {
		parts = parts[len(parts)-2:]
	}
	if n := len(parts); n == 2 && strings.Contains(words.Snake(parts[1]), "_") {
		parts = parts[1:]
	}
	return words.Snake(strings.Join(parts, "_"))
}

func matching(all []Field, want string) (out []Field) {
	for _, f := range all {
		if f.is(want) {
			out = append(out, f)
		}
	}
	return out
}

// is reports whether a field is meant by a name in snake case: by its own, with the thing
// that has it before, or where it is the id of a thing by the thing's name alone.
func (f Field) is(want string) bool {
	name := words.Snake(f.Name)
	if name == want || f.Of != "" && f.Of+"_"+name == want {
		return true
	}
	return f.In != "" && name+"_id" == want && f.Schema.Is("string")
}

// Reading is the expression that reads a path of a step's result.
func Reading(step, path string) string {
	if path == "" || strings.HasPrefix(path, "[") {
		return step + path
	}
	return step + "." + path
}
