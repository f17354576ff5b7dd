package operations

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/suggest"

	"github.com/capstan-run/capstan/internal/words"
)

// profile is an operation's words, taken apart.
type profile struct {
	id    string
	verb  string   // class of its action
	own   []string // words of its path, id and summary
	tags  []string // words of its tags
	thing []string // words of the path's end: its things
}

func newProfile(s *Summary) profile {
	p := profile{id: s.ID}
	var fixed []string
	for segment := range strings.SplitSeq(s.Path, "/") {
		if segment != "" && !strings.Contains(segment, "{") {
			fixed = append(fixed, segment)
		}
	}
	path := words.Split(strings.Join(fixed, " "), nil)
	p.own = nouns(slices.Concat(path, words.Split(s.ID, nil), words.Split(s.Summary, nil)))
	p.tags = nouns(words.Split(strings.Join(s.Tags, " "), nil))
	p.thing = pathThing(fixed)
	p.verb = operationVerb(s)
	return p
}

// pathThing returns the words of the last fixed segment of a path, and of the
// one before it where the last begins with a verb: /portal/generate_link deals
// with a portal's link.
func pathThing(fixed []string) []string {
	if len(fixed) == 0 {
		return nil
	}
	last := words.Split(fixed[len(fixed)-1], nil)
	if len(fixed) > 1 && len(last) > 0 && knownClass(last[0]) {
		last = append(last[1:], words.Split(fixed[len(fixed)-2], nil)...)
	}
	return nouns(last)
}

// verbClass returns the class of a verb; an unknown verb is its own class.
func verbClass(verb string) string {
	if class := words.Verb(verb); class != "" {
		return class
	}
	return verb
}

func knownClass(verb string) bool { return words.Verb(verb) != "" }

func isRead(class string) bool { return class == "list" || class == "get" }

// operationVerb judges the action of an operation: by its method, except that a GET
// lists or gets, and a POST creates unless its summary starts with another verb.
func operationVerb(s *Summary) string {
	first := ""
	if w := words.Split(s.Summary, nil); len(w) > 0 {
		first = verbClass(w[0])
	}
	switch s.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		last := s.Path[strings.LastIndexByte(s.Path, '/')+1:]
		if first == "list" || first != "get" && !strings.Contains(last, "{") {
			return "list"
		}
		return "get"
	case "PUT", "PATCH":
		return "update"
	case "DELETE":
		return "delete"
	}
	if first == "" || isRead(first) {
		return "create"
	}
	return first
}

// hasWord reports whether list holds word, spelt the same or, for long words,
// almost the same.
func hasWord(list []string, word string) bool {
	return slices.ContainsFunc(list, func(w string) bool {
		return w == word || min(len(w), len(word)) >= 6 && isNear(w, word, 1)
	})
}

// nearlySame reports whether two ids differ by a slip of the pen.
func nearlySame(a, b string) bool {
	if strings.EqualFold(strings.Join(words.Split(a, nil), ""), strings.Join(words.Split(b, nil), "")) {
		return true
	}
	allowed := 1
	if min(len(a), len(b)) >= 24 {
		allowed = 2
	}
	return min(len(a), len(b)) >= 6 && isNear(a, b, allowed)
}

// maxNear bounds the texts that are compared letter by letter.
const maxNear = 200

// isNear reports whether at most so many slips of the pen lie between two words.
func isNear(a, b string, slips int) bool {
	return max(len(a)-len(b), len(b)-len(a)) <= 4*slips && len(a) <= maxNear && suggest.Distance(a, b) <= slips
}
