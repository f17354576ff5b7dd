package operations

import (
	"cmp"
	"math"
	"slices"

	"github.com/capstan-run/capstan/internal/words"
)

// The weights of a word by where an operation has it.
const (
	weightOwn         = 1
	weightTag         = 0.6
	weightDescription = 0.4
)

// enough is the part of the words, rare ones counting more, that an operation has to be
// found.
const enough = 0.5

// Search returns the operations that a text describes, best first: those that have half
// or more of the words that any has, in their id, path, summary, tags or description. Rare words count
// more than frequent ones, a word of the name more than one of the description. A plural
// is its singular, and a verb any other that means the same ("remove", "delete").
func (s *Set) Search(text string) []Summary {
	asked := unique(nouns(words.Split(text, nil)))
	places := make([]map[string]float64, s.Len())
	count := map[string]int{}
	for i := range places {
		places[i] = s.weights(i)
		for _, word := range asked {
			if weightOf(places[i], word) > 0 {
				count[word]++
			}
		}
	}
	type candidate struct {
		Summary
		score float64
	}
	var found []candidate
	for i, has := range places {
		var total, covered, sum float64
		for _, word := range asked {
			if count[word] == 0 {
				continue // no operation has it, so it distinguishes none
			}
			rare, weight := math.Log(1+float64(len(places)+1)/float64(count[word]+1)), weightOf(has, word)
			total += rare
			sum += rare * weight
			if weight > 0 {
				covered += rare
			}
		}
		if covered > 0 && covered >= enough*total {
			found = append(found, candidate{s.about.Operations[i], sum})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.Path), len(b.Path)))
	})
	out := make([]Summary, len(found))
	for i, c := range found {
		out[i] = c.Summary
	}
	return out
}

// weights returns the words of an operation with the weight of the best place of each.
func (s *Set) weights(i int) map[string]float64 {
	p := newProfile(&s.about.Operations[i])
	has := map[string]float64{}
	for _, place := range []struct {
		words  []string
		weight float64
	}{
		{append(p.own, p.verb), weightOwn},
		{p.tags, weightTag},
		{nouns(words.Split(s.doc.Operation(i).Description, nil)), weightDescription},
	} {
		for _, word := range place.words {
			has[word] = max(has[word], place.weight)
		}
	}
	return has
}

// weightOf returns the weight of a word of the text: spelt the same, as another
// verb of its class, or for long words almost the same.
func weightOf(has map[string]float64, word string) float64 {
	best := max(has[word], has[verbClass(word)])
	if best > 0 || len(word) < 6 {
		return best
	}
	for known, weight := range has {
		if len(known) >= 6 && isNear(known, word, 1) {
			best = max(best, weight)
		}
	}
	return best
}
