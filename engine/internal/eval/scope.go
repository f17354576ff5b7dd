package eval

import (
	"maps"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr/checker/nature"
)

// stepsName is the variable through which every step can be read by its id.
const stepsName = "steps"

// Scope is the set of names that an expression may use. It is immutable and
// safe for concurrent use; compilations of one scope and of the scopes derived
// from it take turns.
type Scope struct {
	steps map[string]declared
	vars  map[string]declared

	names  map[string]string   // tokens of what may stand by itself, by name
	tokens map[string]declared // the same, by token
	fields map[string]bool     // names of fields that contain a hyphen
	length int                 // of the longest name among all these, in code points
	env    nature.Nature       // what expr's checker sees

	// compiling guards the natures, which expr's checker annotates and which
	// derived scopes share.
	compiling *sync.Mutex
}

// declared is one name with its type in both worlds.
type declared struct {
	name       string
	step       bool
	typ        Type
	nature     nature.Nature
	hyphenated []string // fields in typ, at any depth, whose names have hyphens
	// slot is the key under which the evaluation environment holds the value.
	// It is no identifier, so that no local variable can hide it.
	slot string
}

func declare(name string, step bool, t Type) declared {
	slot := "var:" + name
	if step {
		slot = "step:" + name
	}
	return declared{name: name, step: step, typ: t, nature: natureOf(t), hyphenated: hyphenatedFields(t), slot: slot}
}

// NewScope returns the scope with these steps, by id, and variables such as
// "inputs". Ids are taken as they are; an id that cannot stand by itself in an
// expression, such as "a.b", is read as steps["a.b"], and so is a step called
// like a variable. The variable "steps" is always there and cannot be given.
func NewScope(steps, vars map[string]Type) *Scope {
	s := &Scope{steps: map[string]declared{}, vars: map[string]declared{}, compiling: new(sync.Mutex)}
	for id, t := range steps {
		s.steps[id] = declare(id, true, t)
	}
	for name, t := range vars {
		if name != stepsName {
			s.vars[name] = declare(name, false, t)
		}
	}
	return s.assemble()
}

// With returns a scope with more variables. Steps and variables that s already
// has win over them.
func (s *Scope) With(vars map[string]Type) *Scope {
	out := &Scope{steps: s.steps, vars: maps.Clone(s.vars), compiling: s.compiling}
	for name, t := range vars {
		_, isStep := s.steps[name]
		_, isVar := s.vars[name]
		if !isStep && !isVar && name != stepsName {
			out.vars[name] = declare(name, false, t)
		}
	}
	return out.assemble()
}

// WithStep returns a scope in which the step id has type t, whether or not s
// knew the step.
func (s *Scope) WithStep(id string, t Type) *Scope {
	out := &Scope{steps: maps.Clone(s.steps), vars: s.vars, compiling: s.compiling}
	out.steps[id] = declare(id, true, t)
	return out.assemble()
}

// assemble derives what compilations look up.
func (s *Scope) assemble() *Scope {
	s.names, s.tokens, s.fields = map[string]string{}, map[string]declared{}, map[string]bool{}
	natures, ids := map[string]nature.Nature{}, map[string]nature.Nature{}
	add := func(d declared) {
		s.length = max(s.length, utf8.RuneCountInString(d.name))
		for _, name := range d.hyphenated {
			s.fields[name] = true
			s.length = max(s.length, utf8.RuneCountInString(name))
		}
		if nameable(d.name) {
			tok := token(d.name)
			s.names[d.name], s.tokens[tok], natures[tok] = tok, d, d.nature
		}
	}
	for id, d := range s.steps {
		add(d)
		ids[id] = d.nature
	}
	for _, d := range s.vars { // after the steps: a variable wins
		add(d)
	}
	natures[stepsName] = closedNature(ids)
	natures[unknownToken] = nature.Nature{}
	s.env = closedNature(natures)
	return s
}

func (s *Scope) tokenOf(word string) (string, bool) {
	tok, ok := s.names[word]
	return tok, ok
}

func (s *Scope) isStep(word string) bool {
	_, ok := s.steps[word]
	return ok
}

func (s *Scope) isNumber(word string) bool {
	tok, ok := s.tokenOf(word)
	return ok && Float().Accepts(s.tokens[tok].typ)
}

func (s *Scope) longestName() int { return s.length }

func (s *Scope) isField(word string) bool { return s.fields[word] }

// stepIDs and varNames list what suggestions choose from.
func (s *Scope) stepIDs() []string { return sortedKeys(s.steps) }

func (s *Scope) varNames() []string { return sortedKeys(s.vars) }

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
