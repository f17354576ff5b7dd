package operations

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
)

// Want describes an operation that is meant and does not exist.
type Want struct {
	ID          string // the operationId as written
	StepID      string // of the step that asks, "" when none
	Capability  string // id of the catalogue's capability, "" when none
	Description string // of the step, "" when none
}

// Suggestion is an operation that may be the one that is meant. It is for a
// person to read; nothing is ever run on the strength of it.
type Suggestion struct {
	ID      string
	Method  string
	Path    string
	Summary string
	Score   float64 // 0 to 1
	Why     string  // the evidence for it: `"portal" in its path, POST like create`
}

// minScore is the least score of a suggestion; below it are operations that
// share an area with the wanted one, and suggesting those would mislead.
// nearBest is how far behind the best one it may be.
const (
	minScore = 0.68
	nearBest = 0.13
)

// Suggest returns at most n operations that may be meant, best first. They are
// ranked by the words of their tags, path, id and summary and by their effect,
// not by spelling alone. The nouns of the id must be found in an operation's own
// words: being tagged alike is not enough, and an operation that writes is never
// suggested for one that reads, nor the other way round. So there may be none.
func (s *Set) Suggest(w Want, n int) []Suggestion {
	meant := readWant(w)
	known := make([]profile, len(s.about.Operations))
	count := make(map[string]int)
	for i := range s.about.Operations {
		known[i] = newProfile(&s.about.Operations[i])
		for word := range known[i].all() {
			count[word]++
		}
	}
	weight := func(word string) float64 {
		return math.Log(1 + float64(len(known)+1)/float64(count[word]+1))
	}
	var out []Suggestion
	for i := range known {
		score, why := meant.compare(&known[i], weight)
		if score < minScore {
			continue
		}
		sum := s.about.Operations[i]
		out = append(out, Suggestion{ID: sum.ID, Method: sum.Method, Path: sum.Path, Summary: sum.Summary, Score: score, Why: why})
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(a.Path), len(b.Path)))
	})
	for i := range out {
		if i == n || out[i].Score < out[0].Score-nearBest {
			return out[:i]
		}
	}
	return out
}

// meaning is a [Want], taken apart.
type meaning struct {
	id    string
	verb  string   // class of the action, "" unknown
	nouns []string // the things it is done to, from the id
	hints []string // further words of the step and its capability
}

func readWant(w Want) meaning {
	m := meaning{id: w.ID}
	all := words.Split(w.ID, nil)
	action := words.Split(w.ID[strings.LastIndexAny(w.ID, "_.:/")+1:], nil)
	switch {
	case len(action) < len(all) && len(action) > 0:
		m.verb = verbClass(action[0])
		all = append(slices.Clone(all[:len(all)-len(action)]), action[1:]...)
	case len(all) > 0 && knownVerbs[all[0]] != "":
		m.verb, all = knownVerbs[all[0]], all[1:]
	}
	m.nouns = nouns(all)
	if m.verb != "" && !knownClass(m.verb) {
		m.nouns = append(m.nouns, m.verb) // "authenticate" counts as much as a noun
	}
	for _, text := range [...]string{w.StepID, w.Capability, w.Description} {
		m.hints = append(m.hints, nouns(words.Split(text, nil))...)
	}
	return m
}

// noise are words of ids and prose that describe nothing.
var noise = map[string]bool{
	"controller": true, "api": true, "service": true, "handler": true, "resource": true, "endpoint": true, "v1": true, "v2": true,
	"a": true, "an": true, "the": true, "of": true, "for": true, "to": true, "in": true, "by": true, "on": true, "and": true, "or": true,
	"with": true, "from": true, "is": true, "it": true, "its": true, "that": true, "this": true, "all": true,
}

// nouns returns the telling words in the singular, each once.
func nouns(list []string) []string {
	var out []string
	for _, w := range list {
		if w = words.Singular(w); !noise[w] && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// compare judges an operation.
func (m *meaning) compare(p *profile, weight func(string) float64) (float64, string) {
	if nearlySame(m.id, p.id) {
		return 0.98, "its id is spelt almost the same"
	}
	covered, why, own := m.coverage(p, weight)
	verb := m.verbScore(p)
	precision := m.precision(p)
	if !own || verb < 0 || precision == 0 && !isRead(p.verb) {
		return 0, ""
	}
	hinted := 0.0
	for _, h := range m.hints {
		if slices.Contains(p.own, h) || slices.Contains(p.tags, h) {
			hinted++
		}
	}
	hinted = min(hinted/3, 1)
	score := 0.6*covered + 0.22*verb + 0.13*precision + 0.05*hinted
	if verb == 1 {
		why = append(why, fmt.Sprintf("%s, as %q says", p.method, m.verb))
	}
	return score, strings.Join(why, "; ")
}

// coverage returns how much of the meaning the operation's words cover, rare
// words counting more, and whether any was found outside its tags (a verb alone,
// such as "check", does not count).
func (m *meaning) coverage(p *profile, weight func(string) float64) (covered float64, why []string, own bool) {
	var total, sum float64
	var inOwn, inTags []string
	for _, noun := range m.nouns {
		w := weight(noun)
		total += w
		switch {
		case hasWord(p.own, noun):
			sum, inOwn = sum+w, append(inOwn, fmt.Sprintf("%q", noun))
			own = own || noun != m.verb || len(m.nouns) == 1
		case hasWord(p.tags, noun):
			sum, inTags = sum+0.6*w, append(inTags, fmt.Sprintf("%q", noun))
		}
	}
	if total == 0 {
		return 0, nil, false
	}
	if len(inOwn) > 0 {
		why = append(why, strings.Join(inOwn, ", ")+" in its path, id or summary")
	}
	if len(inTags) > 0 {
		why = append(why, strings.Join(inTags, ", ")+" in its tag")
	}
	return sum / total, why, own
}

// precision is how much of the operation's things is meant: it distinguishes
// /organizations from /organizations/{id}/api_keys.
func (m *meaning) precision(p *profile) float64 {
	if len(p.thing) == 0 {
		return 0
	}
	found := 0
	for _, t := range p.thing {
		if hasWord(m.nouns, t) {
			found++
		}
	}
	return float64(found) / float64(len(p.thing))
}

// verbScore returns 1 when the operation does the action meant, less when it may,
// and -1 when it cannot.
func (m *meaning) verbScore(p *profile) float64 {
	switch {
	case m.verb == "":
		return 0.5
	case m.verb == p.verb || hasWord(p.own, m.verb):
		return 1
	case isRead(m.verb) != isRead(p.verb) && knownClass(m.verb):
		return -1
	case isRead(m.verb) && isRead(p.verb):
		return 0.5
	}
	return 0
}
