package eval

import (
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr/checker/nature"
)

// names are the steps and variables that scopes derived from each other share.
// They change in place: a plan of thousands of steps adds to them one by one.
type names struct {
	// mu guards all that follows, the natures included, which expr's checker
	// annotates.
	mu sync.Mutex

	steps map[string]declared
	vars  map[string]declared

	tokens  map[string]declared      // names that may stand by themselves, by token; a variable wins over a step
	natures map[string]nature.Nature // the same, as expr's checker sees it
	ids     map[string]nature.Nature // steps by id
	fields  map[string]int           // how often a field with a hyphen in its name is declared
	headers map[string]headers       // of steps, by id
	longest int                      // length of the longest name there ever was, in code points
	env     nature.Nature            // the environment of expr's checker
}

func newNames() *names {
	n := &names{
		steps: map[string]declared{}, vars: map[string]declared{},
		tokens: map[string]declared{}, natures: map[string]nature.Nature{}, ids: map[string]nature.Nature{},
		fields: map[string]int{}, headers: map[string]headers{},
	}
	n.natures[stepsName] = closedNature(n.ids)
	n.natures[unknownToken] = nature.Nature{}
	n.env = closedNature(n.natures)
	return n
}

// put declares a name, in the place of one of its kind, which undo restores.
func (n *names) put(d declared) (undo func()) {
	old, had := n.of(d.step)[d.name]
	n.drop(d.step, d.name)
	n.of(d.step)[d.name] = d
	n.longest = max(n.longest, utf8.RuneCountInString(d.name))
	for _, name := range d.hyphenated {
		n.fields[name]++
		n.longest = max(n.longest, utf8.RuneCountInString(name))
	}
	n.refresh(d.name, d.token)
	return func() {
		if n.drop(d.step, d.name); had {
			n.put(old)
		}
	}
}

func (n *names) of(step bool) map[string]declared {
	if step {
		return n.steps
	}
	return n.vars
}

// drop takes a name back.
func (n *names) drop(step bool, name string) {
	d, ok := n.of(step)[name]
	if !ok {
		return
	}
	delete(n.of(step), name)
	for _, name := range d.hyphenated {
		if n.fields[name]--; n.fields[name] == 0 {
			delete(n.fields, name)
		}
	}
	n.refresh(name, d.token)
}

// refresh updates the maps that compilations read, for one name.
func (n *names) refresh(name, token string) {
	if step, ok := n.steps[name]; ok {
		n.ids[name] = step.nature
	} else {
		delete(n.ids, name)
	}
	if token == "" {
		return
	}
	if d, ok := n.find(name); ok {
		n.tokens[token], n.natures[token] = d, d.nature
	} else {
		delete(n.tokens, token)
		delete(n.natures, token)
	}
}

// find returns the declaration of a name that stands by itself.
func (n *names) find(name string) (declared, bool) {
	if d, ok := n.vars[name]; ok {
		return d, true
	}
	d, ok := n.steps[name]
	return d, ok
}

// tokenOf returns the token of a name that may stand by itself.
func (n *names) tokenOf(word string) (string, bool) {
	d, ok := n.find(word)
	return d.token, ok && d.token != ""
}

// isStep reports whether word is a step id.
func (n *names) isStep(word string) bool {
	_, ok := n.steps[word]
	return ok
}

// isNumber reports whether the name may be a number.
func (n *names) isNumber(word string) bool {
	d, ok := n.find(word)
	return ok && d.token != "" && Float().Accepts(d.typ)
}

// isField reports whether some object has a field of this hyphenated name.
func (n *names) isField(word string) bool { return n.fields[word] > 0 }

// stepIDs and varNames list the candidates of suggestions.
func (n *names) stepIDs() []string { return slices.Sorted(maps.Keys(n.steps)) }

func (n *names) varNames() []string { return slices.Sorted(maps.Keys(n.vars)) }
