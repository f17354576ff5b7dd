package eval

import (
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/checker/nature"
)

// stepsName is the variable through which every step can be read by its id.
const stepsName = "steps"

// Scope is the set of names that an expression may use. It is safe for
// concurrent use; compilations of one scope and of the scopes derived from it
// take turns. Deriving a scope costs as much as it adds, however many names
// there are.
type Scope struct {
	*names
	local []declared // names beside the shared ones; later ones win
}

// declared is one name with its type in both worlds.
type declared struct {
	name       string
	step       bool
	typ        Type
	nature     nature.Nature
	hyphenated []string // fields in typ, at any depth, with hyphens in their names
	token      string   // stands for the name in rewritten source, "" if it cannot stand by itself
	// slot is the key under which the evaluation environment holds the value.
	// It is no identifier, so that no local variable can hide it.
	slot string
	// headers reports that the headers of the step's answer are meant.
	headers bool
}

func declare(name string, step bool, t Type) declared {
	slot := "var:" + name
	if step {
		slot = "step:" + name
	}
	d := declared{name: name, step: step, typ: t, slot: slot}
	d.nature, d.hyphenated = t.derive()
	if nameable(name) {
		d.token = token(name)
	}
	return d
}

// NewScope returns the scope with these steps, by id, and variables such as
// "inputs". Ids are taken as they are; an id that cannot stand by itself in an
// expression, such as "a.b", is read as steps["a.b"], and so is a step called
// like a variable. The variable "steps" is always there and cannot be given.
func NewScope(steps, vars map[string]Type) *Scope {
	s := &Scope{names: newNames()}
	for id, t := range steps {
		s.put(declare(id, true, t))
	}
	for name, t := range vars {
		if name != stepsName {
			s.put(declare(name, false, t))
		}
	}
	return s
}

// With returns a scope with more variables. Steps and variables that s already
// has win over them.
func (s *Scope) With(vars map[string]Type) *Scope {
	out := &Scope{names: s.names, local: slices.Clip(s.local)}
	for name, t := range vars {
		if name != stepsName && !s.has(name) {
			out.local = append(out.local, declare(name, false, t))
		}
	}
	return out
}

// WithStep returns a scope in which the step id has type t, whether or not s
// knew the step.
func (s *Scope) WithStep(id string, t Type) *Scope {
	return &Scope{names: s.names, local: append(slices.Clip(s.local), declare(id, true, t))}
}

// SetStep gives the step id the type t in s itself, and in the scopes that share
// its names: those that were and will be derived from it.
func (s *Scope) SetStep(id string, t Type) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(declare(id, true, t))
}

// has reports whether the scope has a step or variable of this name.
func (s *Scope) has(name string) bool {
	if slices.ContainsFunc(s.local, func(d declared) bool { return d.name == name }) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.find(name)
	return known
}

// enter locks the shared names and adds the scope's own to them; the result
// takes them out and unlocks.
func (s *Scope) enter() (leave func()) {
	s.mu.Lock()
	undo := make([]func(), len(s.local))
	for i, d := range s.local {
		undo[i] = s.put(d)
	}
	return func() {
		for _, u := range slices.Backward(undo) {
			u()
		}
		s.mu.Unlock()
	}
}

// derived holds the forms of a type that scopes need, made once.
type derived struct {
	once       sync.Once
	nature     nature.Nature
	hyphenated []string
}

func (t Type) derive() (nature.Nature, []string) {
	d := t.derived
	if d == nil {
		return natureOf(t), hyphenatedFields(t)
	}
	d.once.Do(func() { d.nature, d.hyphenated = natureOf(t), hyphenatedFields(t) })
	return d.nature, d.hyphenated
}

// hyphenatedFields lists the names of t's fields, at any depth, that expr
// would read as subtractions.
func hyphenatedFields(t Type) []string {
	var names []string
	for name, f := range t.fields {
		if strings.Contains(name, "-") && nameable(name) {
			names = append(names, name)
		}
		names = append(names, hyphenatedFields(f)...)
	}
	if t.elem != nil {
		names = append(names, hyphenatedFields(*t.elem)...)
	}
	return names
}
