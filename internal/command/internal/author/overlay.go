package author

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Lacking is a composition that cannot run, as its file has it.
type Lacking struct {
	Unit       *spec.Unit
	Name       string // the composition's own name, which the overlay is for
	Operations func(api string) *operations.Set
	Plan       Planner // of the text of an overlay beside the file; nil for none
}

// Overlay writes an overlay that completes a composition: operations that are misspelt and
// have one that is meant, values from inputs that are alike, further inputs for those that
// nothing gives, conditions of steps that wait, outputs that exist. Each action has its
// reason. It is nil where nothing can be written. What is left is found by planning the
// file with it.
func Overlay(l *Lacking) []byte {
	m := &mending{Lacking: l, tried: map[string]string{}}
	for range maxRounds {
		if !m.round() {
			break
		}
	}
	return m.text()
}

// mending is an overlay that is being written.
type mending struct {
	*Lacking
	steps   []*mend // in the file's order
	inputs  []*input
	reasons []string // of the inputs
	outputs []*mend
	tried   map[string]string // inputs that the planner was left to find, by what they are for
}

// mend is one action.
type mend struct {
	name    string
	was     []entry
	needs   []entry
	update  []entry
	remove  bool
	reasons []string
}

// entry is a key with its value: text, JSON-like data, or further entries.
type entry struct {
	key   string
	value any
}

func (m *mending) plan() *document.Plan { return m.Plan(m.text()) }

// round mends the first thing that can be mended, and reports whether there was one.
func (m *mending) round() bool {
	p := m.plan()
	for i, planned := range p.Steps {
		c, ok := m.call(i, planned)
		switch {
		case !ok:
		case c.op == nil && m.rename(c), c.op != nil && (m.waits(c) || m.values(p, planned, c)):
			return true
		}
	}
	return m.results(p)
}

// call is a step that calls an operation, as the file has it.
type call struct {
	id   string
	src  *spec.Step
	spec *spec.Operation
	set  *operations.Set
	op   *operations.Operation // as the overlay has it, nil where that does not exist
}

// call returns the call of a planned step, false for a step of another kind.
func (m *mending) call(i int, planned document.Step) (c call, ok bool) {
	if i >= len(m.Unit.Steps) || m.Unit.Steps[i].ID.Value != planned.ID {
		return call{}, false
	}
	c = call{id: planned.ID, src: m.Unit.Steps[i]}
	if c.spec, ok = c.src.Action.(*spec.Operation); !ok {
		return c, false
	}
	if c.set = m.Operations(c.spec.API.Value); c.set == nil {
		return c, false
	}
	c.op, _ = c.set.Lookup(planned.Operation)
	return c, true
}

// step returns the action on a step, which names the operation that was published.
func (m *mending) step(c call) *mend {
	i := slices.IndexFunc(m.steps, func(a *mend) bool { return a.name == c.id })
	if i < 0 {
		m.steps = append(m.steps, &mend{name: c.id, was: []entry{{"operation", c.spec.Operation.Value}}})
		i = len(m.steps) - 1
	}
	return m.steps[i]
}

// rename puts the one operation that is meant in the place of one that does not exist.
func (m *mending) rename(c call) bool {
	written := c.spec.Operation.Value
	if m.done(c.id, "operation") {
		return false
	}
	found := c.set.Suggest(operations.Want{ID: written, StepID: c.id, Capability: c.spec.Capability.Value, Description: c.src.Description.Value}, 2)
	meant := suggest.Meant(written, c.set.IDs())
	if meant == "" && len(found) == 1 {
		meant = found[0].ID
	}
	op, ok := c.set.Lookup(meant)
	if !ok {
		return false
	}
	a := m.step(c)
	a.update = append(a.update, entry{"operation", op.ID})
	a.reasons = append(a.reasons, fmt.Sprintf("No operation is called %s; %s is %s %s (%s).", written, op.ID, op.Method, op.Path, oneLine(op.Summary)))
	return true
}

// done notes a thing that is looked at once, and reports whether it was before.
func (m *mending) done(parts ...string) bool {
	key := strings.Join(parts, " ")
	_, before := m.tried[key]
	if !before {
		m.tried[key] = ""
	}
	return before
}

// values gives a step the values that it lacks.
func (m *mending) values(p *document.Plan, planned document.Step, c call) bool {
	s := &step{id: c.id, op: c.op}
	for _, lack := range planned.Missing {
		key := planned.ID + " " + lack.In + " " + lack.Param
		from, again := m.tried[key]
		if again && from == "" {
			continue // nothing else can be done
		}
		m.tried[key] = ""
		switch {
		case again:
			m.step(c).with(s.key(lack), "{{ inputs."+from+" }}")
		case len(lack.Could) > 0:
			from := lack.Could[len(lack.Could)-1]
			m.step(c).with(s.key(lack), "{{ "+from+" }}")
			m.step(c).because("%s is %s.", lack.Param, from)
		case m.selected(planned, lack):
		default:
			m.tried[key] = m.made(p, s.key(lack), s.field(lack.Param, lack.In), c)
		}
		return true
	}
	return false
}

func (a *mend) because(format string, args ...any) {
	a.reasons = append(a.reasons, fmt.Sprintf(format, args...))
}

func (a *mend) with(key string, value any) {
	i := slices.IndexFunc(a.update, func(e entry) bool { return e.key == "with" })
	if i < 0 {
		a.update = append(a.update, entry{"with", []entry{}})
		i = len(a.update) - 1
	}
	a.update[i].value = append(a.update[i].value.([]entry), entry{key, value})
}

// made gives a step a value that nothing has: an object of which the file has a part is
// made of its properties, anything else becomes an input, of which the name is returned.
func (m *mending) made(p *document.Plan, key string, field Field, c call) string {
	if !m.hasPart(p, field.Schema, 0) {
		return m.input(field, c)
	}
	parts, of := m.object(p, field.Schema, c, 0)
	m.step(c).with(key, parts)
	m.step(c).because("%s is made of the inputs %s.", field.Name, strings.Join(of, ", "))
	return ""
}

// input adds an input for a field, and returns its name.
func (m *mending) input(field Field, c call) string {
	in := &input{nameInput(c.op, c.id, field.Path, m.hasInput), field}
	m.inputs = append(m.inputs, in)
	m.reasons = append(m.reasons, fmt.Sprintf("%s needs %s, and nothing in the file gives it.", c.op.ID, field.Name))
	return in.name
}

func (m *mending) hasInput(name string) bool {
	return slices.ContainsFunc(m.inputs, func(in *input) bool { return in.name == name }) ||
		slices.ContainsFunc(m.Unit.Inputs, func(in *spec.Input) bool { return in.Name.Value == name })
}

// maxParts bounds how deep an object is made of inputs.
const maxParts = 3

// hasPart reports whether an input of the file is called as a required property of an
// object, at any depth.
func (m *mending) hasPart(p *document.Plan, s *operations.Schema, depth int) bool {
	if s = s.Flatten(); s == nil || depth >= maxParts {
		return false
	}
	return slices.ContainsFunc(s.Required, func(name string) bool {
		property := s.Property(name)
		_, input := m.given(p, name, property)
		return input != "" || m.hasPart(p, property, depth+1)
	})
}

// object makes the required properties of an object, and returns the inputs of the file
// that it is made of. What they do not give becomes an input.
func (m *mending) object(p *document.Plan, s *operations.Schema, c call, depth int) (parts []entry, of []string) {
	s = s.Flatten()
	for _, name := range s.Required {
		property := s.Property(name)
		value, input := m.given(p, name, property)
		inner := property.Flatten()
		switch {
		case input != "":
			of = append(of, input)
		case value != nil:
		case m.hasPart(p, property, depth+1) || depth < maxParts && inner != nil && len(inner.Required) == 1:
			nested, from := m.object(p, property, c, depth+1)
			value, of = nested, append(of, from...)
		default:
			field := Field{Path: name, Name: name, In: operations.InBody, Schema: property, Text: description(property)}
			value = "{{ inputs." + m.input(field, c) + " }}"
		}
		parts = append(parts, entry{name, value})
	}
	return parts, of
}

// given is the value that the file has for a property: an input of its name and type, the
// time of the run for a time, or the only one that there is.
func (m *mending) given(p *document.Plan, name string, s *operations.Schema) (value any, input string) {
	kind, _, _ := inputType(s)
	for _, in := range p.Inputs {
		if words.Snake(in.Name) == words.Snake(name) && (in.Schema["type"] == nil || in.Schema["type"] == kind) {
			return "{{ inputs." + in.Name + " }}", in.Name
		}
	}
	if only, ok := s.OneValue(); ok {
		return only, ""
	}
	if flat := s.Flatten(); flat != nil && flat.Format == "date-time" {
		return "{{ run.started_at }}", ""
	}
	return nil, ""
}

// selected lets the list of an earlier step select an item, where that gives a step the
// filter that it lacks.
func (m *mending) selected(planned document.Step, lack document.Missing) bool {
	for i, earlier := range m.plan().Steps {
		c, ok := m.call(i, earlier)
		if earlier.ID == planned.ID {
			break
		}
		if !ok || c.op == nil || !c.op.Resource().List || earlier.Select != "" || c.op.Resource().Item.Property("id") == nil {
			continue
		}
		a := m.step(c)
		before := len(a.update)
		a.update = append(a.update, entry{"select", (&step{op: c.op}).first().yaml})
		if m.binds(planned.ID, lack) {
			a.because("Step %s is about one %s: the first is taken.", planned.ID, thingOf(c.op))
			m.reselect(c, a)
			return true
		}
		a.update = a.update[:before]
	}
	return false
}

func thingOf(op *operations.Operation) string {
	return strings.ReplaceAll(words.Singular(op.Resource().Name), "_", " ")
}

// binds reports whether a step has the value that it lacked.
func (m *mending) binds(id string, lack document.Missing) bool {
	for _, s := range m.plan().Steps {
		if s.ID == id {
			return bound(s, lack)
		}
	}
	return false
}

// waitWords are the words of a step that waits for something.
var waitWords = []string{"poll", "polls", "wait", "waits", "await", "until"}

// waits adds the condition of a step that waits, as its id and description have it, and
// without a key for it: the state that they name, else one that is final.
func (m *mending) waits(c call) bool {
	text := words.Split(c.id+" "+c.src.Description.Value, nil)
	means := func(word string) bool { return slices.Contains(text, word) }
	if m.done(c.id, "waits") || c.spec.Until != nil || c.op.Effect() != operations.Read {
		return false
	}
	for _, field := range []string{"state", "status"} {
		values := states(c.op.Resource().Item.Property(field))
		named := slices.IndexFunc(values, func(v string) bool { return len(v) > 3 && means(strings.ToLower(v)) })
		end := final(values, reached)
		switch {
		case named >= 0:
			end = values[named : named+1]
		case len(end) == 0 || !slices.ContainsFunc(waitWords, means):
			continue
		}
		s := &step{op: c.op}
		s.wait(field, end[0], final(values, given))
		a := m.step(c)
		for _, v := range s.extra {
			a.update = append(a.update, entry{v.key, v.yaml})
		}
		a.because("The description waits for a %s that is %s; the %s is one of %s.", thingOf(c.op), end[0], field, listed(values))
		m.reselect(c, a)
		return true
	}
	return false
}

// reselect has the outputs that read the first item of a list read the selected one.
func (m *mending) reselect(c call, by *mend) {
	if !c.op.Resource().List {
		return
	}
	first := (&step{id: c.id, op: c.op}).list() + "[0]."
	for _, o := range m.Unit.Outputs {
		rest, ok := strings.CutPrefix(o.Source.Value, first)
		field := itemField(c.op, rest)
		if !ok || field == "" || m.done("output", o.Name.Value) {
			continue
		}
		selecting := by.update[slices.IndexFunc(by.update, func(e entry) bool { return e.key == "select" })]
		m.outputs = append(m.outputs, &mend{
			name: o.Name.Value, was: []entry{{"source", o.Source.Value}}, update: []entry{{"source", c.id + ".match." + field}},
			needs:   []entry{{stepTarget(c.id), []entry{selecting}}},
			reasons: []string{fmt.Sprintf("The %s that is selected.", thingOf(c.op))},
		})
	}
}

// itemField is the field of a list's items that a path names or is meant to, "" for none.
func itemField(op *operations.Operation, path string) string {
	var fields []string
	for _, f := range Gives(op) {
		if _, field, ok := strings.Cut(f.Path, "[0]."); ok {
			fields = append(fields, field)
		}
	}
	if slices.Contains(fields, path) {
		return path
	}
	return suggest.Meant(path, fields)
}

// results mends outputs that read a field that does not exist: with the one field that is meant, or
// by leaving them out.
func (m *mending) results(p *document.Plan) bool {
	for _, o := range m.Unit.Outputs {
		wrong := slices.ContainsFunc(p.Diagnostics, func(d diag.Diagnostic) bool {
			return d.Severity == diag.Error && d.Code == "unknown-field" && d.Pos.File == o.Source.Pos.File && d.Pos.Line == o.Source.Pos.Line
		})
		if !wrong || m.done("output", o.Name.Value) {
			continue
		}
		a := &mend{name: o.Name.Value, was: []entry{{"name", o.Name.Value}, {"source", o.Source.Value}}}
		id, path, _ := strings.Cut(o.Source.Value, ".")
		fields := m.fields(p, id)
		if meant := suggest.Meant(path, fields); meant != "" {
			a.update = []entry{{"source", Reading(id, meant)}}
			a.was = a.was[1:]
			a.reasons = []string{fmt.Sprintf("The result has no %s; %s is meant.", path, meant)}
		} else {
			a.remove = true
			a.reasons = []string{fmt.Sprintf("The result of step %s has no %s, so the output cannot exist; it has %s.", id, path, listed(fields))}
		}
		m.outputs = append(m.outputs, a)
		return true
	}
	return false
}

// fields are the paths that the result of a step has.
func (m *mending) fields(p *document.Plan, id string) (out []string) {
	for i, planned := range p.Steps {
		if c, ok := m.call(i, planned); ok && c.id == id && c.op != nil {
			for _, f := range Gives(c.op) {
				out = append(out, f.Path)
			}
		}
	}
	return out
}
