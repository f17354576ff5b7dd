package operations

import (
	"cmp"
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
// suggested for one that reads, nor the other way round. So there may be none. They
// are for a person to read; nothing is ever run on the strength of them.
func (s *Set) Suggest(w Want, n int) []Summary {
	meant := readWant(w)
	known := make([]profile, len(s.about.Operations))
	count := make(map[string]int)
	for i := range s.about.Operations {
		known[i] = newProfile(&s.about.Operations[i])
		for _, word := range unique(slices.Concat(known[i].own, known[i].tags)) {
			count[word]++
		}
	}
	weight := func(word string) float64 {
		return math.Log(1 + float64(len(known)+1)/float64(count[word]+1))
	}
	type candidate struct {
		Summary
		score float64 // 0 to 1
	}
	var found []candidate
	for i := range known {
		if score := meant.compare(&known[i], weight); score >= minScore {
			found = append(found, candidate{s.about.Operations[i], score})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.Path), len(b.Path)))
	})
	var out []Summary
	for _, c := range found[:min(n, len(found))] {
		if c.score >= found[0].score-nearBest {
			out = append(out, c.Summary)
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
	case len(all) > 0 && words.Verb(all[0]) != "":
		m.verb, all = words.Verb(all[0]), all[1:]
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

// compare returns how well an operation fits, from 0 to 1.
func (m *meaning) compare(p *profile, weight func(string) float64) float64 {
	if nearlySame(m.id, p.id) && !words.Contradict(m.id, p.id) {
		return 0.98
	}
	covered, own := m.coverage(p, weight)
	verb := m.verbScore(p)
	precision := m.precision(p)
	if !own || verb < 0 || precision == 0 && !isRead(p.verb) {
		return 0
	}
	hinted := 0.0
	for _, h := range m.hints {
		if slices.Contains(p.own, h) || slices.Contains(p.tags, h) {
			hinted++
		}
	}
	hinted = min(hinted/3, 1)
	return 0.6*covered + 0.22*verb + 0.13*precision + 0.05*hinted
}

// coverage returns how much of the meaning the operation's words cover, rare
// words counting more, and whether any was found outside its tags (a verb alone,
// such as "check", does not count).
func (m *meaning) coverage(p *profile, weight func(string) float64) (covered float64, own bool) {
	var total, sum float64
	for _, noun := range m.nouns {
		w := weight(noun)
		total += w
		switch {
		case hasWord(p.own, noun):
			sum += w
			own = own || noun != m.verb || len(m.nouns) == 1
		case hasWord(p.tags, noun):
			sum += 0.6 * w
		}
	}
	if total == 0 {
		return 0, false
	}
	return sum / total, own
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
