// Package suggest finds the word that a misspelt one was probably meant to be.
package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/words"
)

// Closest returns the candidate most like word, or "" when none is like it.
func Closest(word string, candidates []string) string {
	ranked := Rank(word, candidates)
	if len(ranked) == 0 {
		return ""
	}
	return ranked[0]
}

// maxListed bounds the candidates that a hint lists.
const maxListed = 12

// Hint returns the hint for word: the candidate that is most like it, else the
// candidates after a label, such as "it has: ". Without a label, or without
// candidates, it is "".
func Hint(word, label string, candidates []string) string {
	return hint(rank(word, candidates), label, candidates)
}

func hint(close []scored, label string, candidates []string) string {
	if len(close) > 0 {
		return fmt.Sprintf("did you mean %q?", close[0].text)
	}
	candidates = slices.DeleteFunc(slices.Clone(candidates), unnamed)
	if label == "" || len(candidates) == 0 {
		return ""
	}
	list := strings.Join(candidates[:min(len(candidates), maxListed)], ", ")
	if len(candidates) > maxListed {
		list += ", ..."
	}
	return label + list
}

// Agreeing returns the candidates that have a name, and no other verb than word:
// "create-book" is no help where "delete-book" was meant.
func Agreeing(word string, candidates []string) []string {
	return slices.DeleteFunc(slices.Clone(candidates), func(c string) bool { return !agrees(word, c) })
}

func agrees(word, candidate string) bool {
	return !unnamed(candidate) && !words.Contradict(word, candidate)
}

// unnamed reports whether a candidate, or its part behind the namespace, is empty.
func unnamed(candidate string) bool {
	return strings.TrimSpace(candidate) == "" || strings.HasSuffix(candidate, ".")
}

// Rank returns the candidates that are like word, best first; equally good
// ones keep their order and repetitions are dropped. A candidate is like word
// when a third of the longer of the two, at least one letter, turns one into
// the other, or when one begins with the other. Case, hyphens and underscores
// do not count: "baseURL" is "base_url". An empty one, or one with
// another verb, is like no word.
func Rank(word string, candidates []string) []string {
	close := rank(word, candidates)
	out := make([]string, len(close))
	for i, s := range close {
		out[i] = s.text
	}
	return out
}

// scored is a candidate with the number of letters that differ.
type scored struct {
	text  string
	score int
}

func rank(word string, candidates []string) []scored {
	var close []scored
	w := fold(word)
	for i, c := range candidates {
		if slices.Contains(candidates[:i], c) {
			continue
		}
		if score, ok := compare(w, fold(c)); ok && agrees(word, c) {
			close = append(close, scored{c, score})
		}
	}
	slices.SortStableFunc(close, func(a, b scored) int { return cmp.Compare(a.score, b.score) })
	return close
}

// maxSlips is the number of wrong letters up to which a word is a misspelling of
// another, and not another word.
const maxSlips = 2

// Meant returns the candidate that word is a misspelling of, "" where it is like none,
// or like two.
func Meant(word string, candidates []string) string {
	if !slices.ContainsFunc(candidates, func(c string) bool { return mayMean(word, c) }) {
		return ""
	}
	return meant(rank(word, candidates))
}

func meant(close []scored) string {
	if len(close) == 0 || close[0].score > maxSlips || len(close) > 1 && close[1].score == close[0].score {
		return ""
	}
	return close[0].text
}

// Explain completes d, which marks a word that is none of the candidates: with the hint
// of [Hint], and with the word that was meant as its fix.
func Explain(d *diag.Diagnostic, word, label string, candidates []string) {
	close := rank(word, candidates)
	d.Hint, d.Words = hint(close, label, candidates), candidates
	d.Replace(word, meant(close), true)
}

// mayMean reports whether two words have all but maxSlips of their letters in common.
// Otherwise neither is a misspelling of the other, and most words differ by that: it is
// found without an allocation.
func mayMean(a, b string) bool {
	var letters [utf8.RuneSelf]int
	length := [2]int{}
	common := 0
	for i, word := range [2]string{a, b} {
		for _, r := range word {
			switch {
			case r >= utf8.RuneSelf:
				return true // letters of more than a byte are not counted
			case isSeparator(r):
				continue
			}
			length[i]++
			r = unicode.ToLower(r)
			if i == 0 {
				letters[r]++
			} else if letters[r] > 0 {
				letters[r]--
				common++
			}
		}
	}
	return common >= max(length[0], length[1])-maxSlips
}

// minPrefix keeps "i" from suggesting every word that begins with it.
const minPrefix = 3

func compare(a, b []rune) (score int, ok bool) {
	longest := max(len(a), len(b))
	limit := max(1, longest/3)
	if longest <= 1 {
		limit = 0
	}
	if longest-min(len(a), len(b)) <= limit {
		if d := distance(a, b); d <= limit {
			return d, true
		}
	}
	if min(len(a), len(b)) >= minPrefix && isPrefix(a, b) {
		return longest, true // after every misspelling
	}
	return 0, false
}

func isPrefix(a, b []rune) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

// fold drops case and separators, which writers of names use as they please.
func fold(s string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if isSeparator(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s))
}

func isSeparator(r rune) bool { return r == '-' || r == '_' || r == ' ' }

// Distance is the optimal string alignment distance: insertions, deletions,
// replacements and swaps of neighbours, no part edited twice.
func Distance(a, b string) int { return distance([]rune(a), []rune(b)) }

func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
