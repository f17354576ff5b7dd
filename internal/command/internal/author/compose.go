package author

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// Composition is a composition that is being written: a list of operations, and the
// values between them that the planner of the engine finds to be missing. Start with [Compose].
type Composition struct {
	Title   string
	API     string
	steps   []*step
	inputs  []*input
	outputs []output
	plan    Planner
}

// Planner plans the text of a composition as far as it goes, with its problems.
type Planner func(text []byte) *document.Plan

// step is a call of an operation.
type step struct {
	id    string
	op    *operations.Operation
	with  []value
	extra []value  // further keys: select, until, ...
	notes []string // choices that were made

}

// value is a key with its value as YAML.
type value struct{ key, yaml string }

// input is a value that no step gives.
type input struct {
	name  string
	field Field
}

// output is a result of the composition.
type output struct{ name, source string }

// maxRounds bounds how often a composition is planned to complete it.
const maxRounds = 40

// Compose writes the composition of operations, and of polls, those of them that are
// repeated until a state is reached. Steps stand in the order in which they need each
// other, as the planner binds them; inputs give the other values. Choices are explained
// in comments. An error is about a poll that has no state to wait for.
func Compose(c *Composition, ops []*operations.Operation, polls []string, plan Planner) ([]byte, error) {
	c.plan = plan
	for _, op := range ops {
		c.steps = append(c.steps, &step{id: c.stepID(op), op: op})
	}
	for _, poll := range polls {
		if err := c.poll(poll); err != nil {
			return nil, err
		}
	}
	c.order()
	c.selects()
	if c.Title == "" {
		c.Title = c.title()
	}
	c.complete()
	c.results()
	c.optional()
	return c.text(), nil
}

// needs reports whether a step reads another one where both stand alone.
func (c *Composition) needs(reader, read *step) bool {
	p := c.planOf(read, reader)
	return len(p.Steps) == 2 && slices.Contains(p.Steps[1].Needs, read.id)
}

// planOf plans some of the steps, without inputs.
func (c *Composition) planOf(steps ...*step) *document.Plan {
	alone := Composition{Title: "Two steps", API: c.API, steps: steps}
	return c.plan(alone.text())
}

// order puts each step behind those that it reads, and one that deletes a thing behind
// those that have to do with it. Steps that read each other, and those
// that do not, keep their order.
func (c *Composition) order() {
	reads := map[*step][]*step{}
	for _, reader := range c.steps {
		for _, read := range c.steps {
			if reader != read && (c.needs(reader, read) || deletes(reader, read)) {
				reads[reader] = append(reads[reader], read)
			}
		}
	}
	left, placed := slices.Clone(c.steps), []*step{}
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(s *step) bool {
			return !slices.ContainsFunc(reads[s], func(r *step) bool { return slices.Contains(left, r) })
		})
		placed = append(placed, left[max(next, 0)])
		left = slices.Delete(left, max(next, 0), max(next, 0)+1)
	}
	c.steps = placed
}

// deletes reports whether a step deletes the resource of another one.
func deletes(s, other *step) bool {
	return s.op.Effect() == operations.Delete && other.op.Effect() != operations.Delete && s.op.Resource().Name == other.op.Resource().Name
}

// selects lets a list give its first item where a step takes that, and nothing else gives
// it. A filter of another list counts: without one that would list the items of all tenants.
func (c *Composition) selects() {
	for _, reader := range slices.Clone(c.steps) {
		for _, list := range slices.Clone(c.steps) {
			if list == reader || !list.op.Resource().List || list.selects() || c.needs(list, reader) || !c.lacks(list, reader) {
				continue
			}
			thing := strings.ReplaceAll(words.Singular(list.op.Resource().Name), "_", " ")
			list.notes = append(list.notes, fmt.Sprintf("the first %s is taken; another condition is find(%s, .%s == \"...\")", thing, list.items(), telling(list.op)))
			list.extra = append(list.extra, list.first())
			c.order()
		}
	}
}

// telling is a field of a list's items that people know them by.
func telling(op *operations.Operation) string {
	item := op.Resource().Item.Flatten()
	for _, p := range item.Properties {
		if name := words.Snake(p.Name); p.Schema.Is("string") && name != "id" && name != "object" && !strings.HasSuffix(name, "_id") && plainName.MatchString(p.Name) {
			return p.Name
		}
	}
	return "id"
}

func (s *step) selects() bool {
	return slices.ContainsFunc(s.extra, func(v value) bool { return v.key == "select" })
}

// first selects the first item of a list.
func (s *step) first() value { return value{"select", "first(" + s.items() + ")"} }

// items is the expression of a list's items in its own conditions, list the one for later
// steps.
func (s *step) items() string { return itemsIn("result", s.op) }
func (s *step) list() string  { return itemsIn(s.id, s.op) }

func itemsIn(result string, op *operations.Operation) string {
	if at := op.Resource().ItemsAt; at != "" {
		return Reading(result, member("", at))
	}
	return result
}

// lacks reports whether a selected item of a list would give a step a value that it does
// not have.
func (c *Composition) lacks(list, reader *step) bool {
	if list.op.Resource().Item.Property("id") == nil {
		return false // nothing shows that an item has one
	}
	selecting := *list
	selecting.extra = append(slices.Clone(list.extra), list.first())
	alone := c.planOf(&selecting, reader)
	if len(alone.Steps) != 2 {
		return false
	}
	var given []document.Bind
	for _, b := range alone.Steps[1].Binds {
		if strings.HasPrefix(b.From, list.id+".match") {
			given = append(given, b)
		}
	}
	if len(given) == 0 {
		return false
	}
	for _, s := range c.plan(c.text()).Steps {
		if s.ID == reader.id {
			return slices.ContainsFunc(given, func(b document.Bind) bool { return !c.decided(s, b) })
		}
	}
	return false
}

// decided reports whether a step has a value for the target of b, or several.
func (c *Composition) decided(s document.Step, b document.Bind) bool {
	same := func(param, in string) bool { return param == b.Param && in == b.In }
	return slices.ContainsFunc(s.Binds, func(x document.Bind) bool { return same(x.Param, x.In) }) ||
		slices.ContainsFunc(s.Missing, func(m document.Missing) bool { return same(m.Param, m.In) && len(c.could(m)) > 0 })
}

// complete adds inputs for missing values, and the values that the planner would not
// choose between.
func (c *Composition) complete() {
	for _, s := range c.steps {
		c.form(s)
	}
	tried := map[string]*input{}
	for range maxRounds {
		if !c.settle(tried) {
			break
		}
	}
	for _, planned := range c.plan(c.text()).Inputs {
		if len(planned.UsedBy) == 0 {
			c.inputs = slices.DeleteFunc(c.inputs, func(in *input) bool { return in.name == planned.Name })
		}
	}
}

// settle gives the first step that lacks values a source for each, and reports whether
// there was one: an input may feed later steps, too. tried are the inputs that the planner
// was left to find, by step and parameter.
func (c *Composition) settle(tried map[string]*input) bool {
	for _, planned := range c.plan(c.text()).Steps {
		s, settled := c.step(planned.ID), false
		for _, m := range append(planned.Missing, c.doubtful(planned)...) {
			if s.gave(m) {
				continue
			}
			settled = true
			if could := c.could(m); len(could) > 0 {
				s.choose(m, could)
				continue
			}
			key := s.id + " " + m.In + " " + m.Param
			known := tried[key] != nil
			if !known {
				tried[key] = c.input(s, m)
			}
			if known || s.key(m) != m.Param || bound(planned, m) { // the planner would take another one
				s.give(m, "inputs."+tried[key].name)
			}
		}
		if settled {
			return true
		}
	}
	return false
}

// could are the results that a value may be. An input for another parameter is none: it
// was made for that one.
func (c *Composition) could(m document.Missing) []string {
	return slices.DeleteFunc(slices.Clone(m.Could), func(expr string) bool {
		return strings.HasPrefix(expr, "inputs.") || c.undocumented(expr)
	})
}

// choose gives a step the last of several values, which is the newest.
func (s *step) choose(m document.Missing, could []string) {
	last := len(could) - 1
	s.give(m, could[last])
	if last > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%s could also be %s", m.Param, strings.Join(could[:last], " or ")))
	}
}

// bound reports whether a step has a value already for one that is reported as missing.
func bound(planned document.Step, m document.Missing) bool {
	return slices.ContainsFunc(planned.Binds, func(b document.Bind) bool { return b.Param == m.Param && b.In == m.In })
}

// doubtful are the values of a step that the planner has and that want an input of their
// own: those from an answer that no document describes, and an input that another
// step has with other values.
func (c *Composition) doubtful(planned document.Step) (out []document.Missing) {
	s := c.step(planned.ID)
	for _, b := range planned.Binds {
		m := document.Missing{Param: b.Param, In: b.In}
		if !s.gave(m) && (c.undocumented(b.From) || c.clashes(s, b)) {
			out = append(out, m)
		}
	}
	return out
}

func (c *Composition) undocumented(expr string) bool {
	id, path, _ := strings.Cut(expr, ".")
	i := slices.IndexFunc(c.steps, func(s *step) bool { return s.id == id })
	if i < 0 {
		return false
	}
	field, inItem := strings.CutPrefix(path, "match.")
	of := c.steps[i].op.Result()
	if inItem {
		of = c.steps[i].op.Resource().Item
	}
	return of.Property(field) == nil
}

// clashes reports whether a step takes other values from an input than those that it has.
func (c *Composition) clashes(s *step, b document.Bind) bool {
	name, _ := strings.CutPrefix(b.From, "inputs.")
	i := slices.IndexFunc(c.inputs, func(in *input) bool { return in.name == name })
	if i < 0 {
		return false
	}
	had, wants := c.inputs[i].field.Schema.Flatten(), s.field(b.Param, b.In).Schema.Flatten()
	return had != nil && wants != nil && len(wants.Enum) > 0 && !reflect.DeepEqual(had.Enum, wants.Enum)
}

// form gives a step the required values of the first of the forms that its body may have:
// the planner leaves the choice to the author.
func (c *Composition) form(s *step) {
	media := bodyOf(s.op)
	if media == nil {
		return
	}
	var forms []*operations.Schema
	media.Schema.Any(func(part *operations.Schema) bool {
		forms = slices.Concat(part.OneOf, part.AnyOf)
		return len(forms) > 0
	})
	if len(forms) == 0 {
		return
	}
	first := forms[0].Flatten()
	for _, name := range first.Required {
		i := slices.IndexFunc(Takes(s.op), func(f Field) bool { return f.In == operations.InBody && f.Path == name && !f.Required })
		if i < 0 {
			continue
		}
		m := document.Missing{Param: name, In: string(operations.InBody)}
		if v, ok := first.Property(name).OneValue(); ok {
			s.with = append(s.with, value{s.key(m), flow(v)})
		} else {
			s.give(m, "inputs."+c.input(s, m).name)
		}
	}
	if len(forms) > 1 {
		s.notes = append(s.notes, fmt.Sprintf("the body has %d forms; this is the first", len(forms)))
	}
}

func (c *Composition) step(id string) *step {
	return c.steps[slices.IndexFunc(c.steps, func(s *step) bool { return s.id == id })]
}

// give writes a value under the step. A name that stands in several places is written
// with its own.
func (s *step) give(m document.Missing, expr string) {
	s.with = append(s.with, value{s.key(m), "'{{ " + expr + " }}'"})
}

func (s *step) gave(m document.Missing) bool {
	return slices.ContainsFunc(s.with, func(v value) bool { return v.key == s.key(m) })
}

func (s *step) key(m document.Missing) string {
	same := 0
	for _, f := range Takes(s.op) {
		if f.Path == m.Param {
			same++
		}
	}
	if same > 1 {
		return m.In + "." + m.Param
	}
	return m.Param
}

// input adds an input for a value that a step lacks.
func (c *Composition) input(s *step, m document.Missing) *input {
	in := &input{nameInput(s.op, s.id, m.Param, c.hasInput), s.field(m.Param, m.In)}
	c.inputs = append(c.inputs, in)
	return in
}

// field is the value that a step takes under a name.
func (s *step) field(name, in string) Field {
	for _, f := range Takes(s.op) {
		if f.Path == name && string(f.In) == in {
			return f
		}
	}
	return Field{Path: name, Name: name}
}

// general are names that need the thing that has them beside them.
var general = []string{
	"id", "name", "type", "slug", "key", "value", "title", "description", "state", "status", "code", "label", "url", "number", "date",
	"kind", "data", "token", "text", "body", "object", "content", "message", "version", "parent", "index", "count", "ref", "uuid", "path",
}

// nameInput is the name of a parameter, with that of its thing where it is a general one
// or taken.
func nameInput(op *operations.Operation, stepID, param string, taken func(string) bool) string {
	thing, name := words.Snake(op.Resource().Name), identifier(param)
	if slices.Contains(general, name) && thing != "" {
		name = identifier(thing + "_" + name)
	}
	for _, other := range []string{name, identifier(thing + "_" + name), identifier(stepID + "_" + name)} {
		if name = other; !taken(name) {
			return name
		}
	}
	for n := 2; ; n++ {
		if numbered := fmt.Sprintf("%s_%d", name, n); !taken(numbered) {
			return numbered
		}
	}
}

func (c *Composition) hasInput(name string) bool {
	return slices.ContainsFunc(c.inputs, func(in *input) bool { return in.name == name })
}

// identifier is a name that expressions can hold.
func identifier(name string) string {
	name = ascii(words.Snake(name), '_')
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "input_" + name
	}
	return name
}

// ascii keeps the letters and digits of a name in lower case, with one separator for
// anything between them.
func ascii(name string, separator rune) string {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(parts, string(separator))
}

// optional notes the parameters that a step could be given as well.
func (c *Composition) optional() {
	for _, planned := range c.plan(c.text()).Steps {
		s := c.step(planned.ID)
		var names []string
		for _, f := range Takes(s.op) {
			bound := slices.ContainsFunc(planned.Binds, func(b document.Bind) bool { return b.Param == f.Path && b.In == string(f.In) })
			if !bound && f.In != operations.InHeader && f.In != operations.InCookie {
				names = append(names, f.Path)
			}
		}
		if len(names) > 0 {
			s.notes = append(s.notes, "takes as well: "+listed(names))
		}
	}
}

// mostListed bounds the names of a list in a comment.
const mostListed = 8

func listed(names []string) string {
	if more := len(names) - mostListed; more > 0 {
		return strings.Join(names[:mostListed], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
