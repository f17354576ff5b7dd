package plangraph

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
)

// index finds the nodes that expressions mention: inputs as "inputs.NAME", and
// steps.
type index struct {
	places map[string]int // of nodes in the plan's order
	nodes  []string
	odd    []string // nodes with names of more than one word
}

func newIndex(p *document.Plan) *index {
	x := &index{places: map[string]int{}}
	for _, in := range p.Inputs {
		x.add("inputs."+in.Name, in.Name)
	}
	for _, s := range p.Steps {
		x.add(s.ID, s.ID)
	}
	return x
}

func (x *index) add(node, name string) {
	x.places[node] = len(x.nodes)
	x.nodes = append(x.nodes, node)
	if wordEnd(name, 0) != len(name) {
		x.odd = append(x.odd, node)
	}
}

// sources returns the nodes that expressions mention, in the plan's order.
func (x *index) sources(exprs ...string) []string {
	found := map[int]bool{}
	for _, expr := range exprs {
		for _, name := range mentioned(expr) {
			if at, ok := x.places[name]; ok {
				found[at] = true
			}
		}
		for _, node := range x.odd {
			if mentions(expr, node) {
				found[x.places[node]] = true
			}
		}
	}
	var out []string
	for _, at := range slices.Sorted(maps.Keys(found)) {
		out = append(out, x.nodes[at])
	}
	return out
}

var (
	stringLiteral = regexp.MustCompile(`"(\\.|[^"\\])*"|'(\\.|[^'\\])*'`)
	quotedStep    = regexp.MustCompile(`steps\["([^"]*)"\]`)
)

// mentioned returns the words of an expression that are not behind a dot and
// not text, each with the word behind its own dot too, and the ids of
// steps["id"].
func mentioned(expr string) []string {
	var names []string
	for _, m := range quotedStep.FindAllStringSubmatch(expr, -1) {
		names = append(names, m[1])
	}
	expr = stringLiteral.ReplaceAllString(expr, `""`)
	for at := 0; at < len(expr); {
		end := wordEnd(expr, at)
		if end == at {
			at++
			continue
		}
		if at == 0 || expr[at-1] != '.' {
			names = append(names, expr[at:end])
			if end < len(expr) && expr[end] == '.' {
				names = append(names, expr[at:wordEnd(expr, end+1)])
			}
		}
		at = end
	}
	return names
}

// mentions reports whether an expression reads name: as a whole name, not as a
// part of a longer one, not behind a dot and not as text; steps["name"] counts.
func mentions(expr, name string) bool {
	if strings.Contains(expr, `steps["`+name+`"]`) {
		return true
	}
	expr = stringLiteral.ReplaceAllString(expr, `""`)
	for at := 0; ; {
		i := strings.Index(expr[at:], name)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(name)
		if (start == 0 || !nameByte(expr[start-1]) && expr[start-1] != '.') && (end == len(expr) || !nameByte(expr[end])) {
			return true
		}
		at = end
	}
}

// wordEnd returns where the word that starts at a place ends.
func wordEnd(s string, at int) int {
	for at < len(s) && nameByte(s[at]) {
		at++
	}
	return at
}

func nameByte(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}
