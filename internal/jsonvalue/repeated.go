package jsonvalue

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// mostRepeated bounds the places that [Repeated] lists.
const mostRepeated = 32

// Repeated lists where an object in text has a name twice: the names on the way,
// joined by dots, each place once for all items of a list ("data.id"). JSON does
// not define which of the values counts (RFC 8259, section 4). text must be valid
// JSON. The work is one pass over it. Where there are very many places the list
// ends in "", which stands for anywhere.
func Repeated(text string) []string {
	s := &repeats{text: text}
	for s.at < len(text) {
		s.step()
	}
	return s.found
}

// RepeatedName returns the first name that an object in text has twice. text must
// be valid JSON.
func RepeatedName(text string) (name string, found bool) {
	s := &repeats{text: text}
	for s.at < len(text) {
		if s.step(); len(s.found) > 0 {
			return s.open[len(s.open)-1].name, true
		}
	}
	return "", false
}

// repeats is a walk over the tokens of a text.
type repeats struct {
	text  string
	at    int
	open  []level
	found []string
}

// level is an array or object that is open.
type level struct {
	object bool
	// key reports that the next string of an object is a name. name is the last
	// one met.
	key  bool
	name string
	few  []string            // names so far, while they are few
	many map[string]struct{} // else
}

func (s *repeats) step() {
	switch c := s.text[s.at]; c {
	case '"':
		s.string()
		return
	case '{', '[':
		s.push(c == '{')
	case '}', ']':
		if len(s.open) > 0 {
			s.open = s.open[:len(s.open)-1]
		}
	case ',':
		if n := len(s.open); n > 0 {
			s.open[n-1].key = s.open[n-1].object
		}
	}
	s.at++
}

// push opens a level in the memory of an earlier one of its depth.
func (s *repeats) push(object bool) {
	var few []string
	if n := len(s.open); n < cap(s.open) {
		few = s.open[:n+1][n].few[:0]
	}
	s.open = append(s.open, level{object: object, key: object, few: few})
}

// string passes a string over and, where it is a name, notes it.
func (s *repeats) string() {
	start := s.at
	plain := true
	for s.at++; s.at < len(s.text) && s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			plain = false
			s.at++
		}
	}
	s.at++
	n := len(s.open)
	if n == 0 || !s.open[n-1].key || s.at > len(s.text) {
		return
	}
	name := s.text[start+1 : s.at-1]
	if !plain || !utf8.ValidString(name) {
		name = decoded(s.text[start:s.at])
	}
	top := &s.open[n-1]
	top.key, top.name = false, name
	if top.has(name) {
		s.note()
	}
}

// decoded is a name as a decoder reads it.
func decoded(quoted string) string {
	var name string
	_ = json.Unmarshal([]byte(quoted), &name)
	return name
}

// has reports whether the object had the name before, and adds it.
func (l *level) has(name string) bool {
	const few = 16
	if l.many == nil && len(l.few) < few {
		if slices.Contains(l.few, name) {
			return true
		}
		l.few = append(l.few, name)
		return false
	}
	if l.many == nil {
		l.many = make(map[string]struct{}, 4*few)
		for _, known := range l.few {
			l.many[known] = struct{}{}
		}
	}
	_, had := l.many[name]
	l.many[name] = struct{}{}
	return had
}

func (s *repeats) note() {
	if len(s.found) > mostRepeated {
		return
	}
	var names []string
	for _, l := range s.open {
		if l.object {
			names = append(names, l.name)
		}
	}
	place := strings.Join(names, ".")
	if slices.Contains(s.found, place) {
		return
	}
	if len(s.found) == mostRepeated {
		place = ""
	}
	s.found = append(s.found, place)
}
