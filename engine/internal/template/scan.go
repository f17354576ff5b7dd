package template

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
)

// tag is a placeholder or a comment in a text; from and to count bytes.
type tag struct {
	from, to int
	slot     int // noSlot for a comment
}

// tagScanner finds the tags of a text.
type tagScanner struct {
	src          string
	uri          bool // {x} and ${x} are tags too
	at           int
	tags         []tag
	placeholders []Placeholder
	problems     []eval.Problem
	sections     int

	// counted bytes of src are points code points: positions only grow.
	counted, points int
}

func scanTags(src string, uri bool) ([]tag, []Placeholder, []eval.Problem) {
	if !utf8.ValidString(src) {
		return nil, nil, []eval.Problem{{Code: eval.CodeSyntax, Message: "text is not valid UTF-8"}}
	}
	s := tagScanner{src: src, uri: uri}
	for s.scan() {
	}
	return s.tags, s.placeholders, s.problems
}

// scan reads up to the next tag and reports whether there may be another one.
func (s *tagScanner) scan() bool {
	open := s.opening()
	if open < 0 || len(s.problems) >= maxProblems {
		return false
	}
	if len(s.placeholders) >= maxPlaceholders {
		s.fail(open, len(s.src), "", "text holds more than %d placeholders", maxPlaceholders)
		s.problems[len(s.problems)-1].Code = eval.CodeTooLarge
		return false
	}
	from, inner, braces := s.braces(open)
	end := strings.Index(s.src[inner:], strings.Repeat("}", braces))
	inside := s.src[inner : inner+max(end, 0)]
	if braces > 1 && strings.HasPrefix(inside, "!") {
		s.at = inner + end + braces
		s.tags = append(s.tags, tag{from, s.at, noSlot})
		return true
	}
	if again := strings.IndexByte(inside, '{'); end < 0 || again >= 0 {
		s.fail(from, inner, "", "%q has no closing %q", s.src[from:inner], strings.Repeat("}", braces))
		s.at = inner + max(again, 0)
		// without any }} ahead, a URI may still hold single braces
		return end >= 0 || s.uri && braces > 1
	}
	s.at = inner + end + braces
	s.tag(from, inner, inner+end)
	return true
}

// opening returns where the next tag opens, -1 when nowhere.
func (s *tagScanner) opening() int {
	mark := "{{"
	if s.uri {
		mark = "{"
	}
	i := strings.Index(s.src[s.at:], mark)
	if i < 0 {
		return -1
	}
	return s.at + i
}

// braces counts the braces of the tag that opens at open. Of three, the first
// is text unless three close it too; a dollar before them belongs to a URI's.
func (s *tagScanner) braces(open int) (from, inner, braces int) {
	rest := s.src[open:]
	switch {
	case strings.HasPrefix(rest, "{{{"):
		end := strings.IndexByte(rest[3:], '}')
		if end >= 0 && strings.HasPrefix(rest[3+end:], "}}}") && !strings.Contains(rest[3:3+end], "{") {
			from, braces = open, 3
			break
		}
		from, braces = open+1, 2
	case strings.HasPrefix(rest, "{{"):
		from, braces = open, 2
	default:
		from, braces = open, 1
	}
	inner = from + braces
	if s.uri && from > s.at && s.src[from-1] == '$' {
		from--
	}
	return from, inner, braces
}

// tag takes in the tag around src[inner:end]; it opens at from and ends where
// the scanner stands.
func (s *tagScanner) tag(from, inner, end int) {
	name := s.src[inner:end]
	if hint, kind := s.control(name); kind != "" {
		if hint != "" {
			s.fail(from, s.at, hint, "%q is %s, which cannot stand in a template", s.src[from:s.at], kind)
		}
		return
	}
	name = strings.TrimLeft(name, "& \t\r\n")
	inner = end - len(name)
	name = strings.TrimRight(name, " \t\r\n")
	if name == "" {
		s.fail(from, s.at, "write a name between the braces", "placeholder is empty")
		return
	}
	offset := s.offset(inner)
	path, problem := placeholderPath(name)
	if problem != nil {
		problem.Offset += offset
		s.problems = append(s.problems, *problem)
		return
	}
	s.tags = append(s.tags, tag{from, s.at, len(s.placeholders)})
	s.placeholders = append(s.placeholders, Placeholder{Name: name, Offset: offset, Length: utf8.RuneCountInString(name), Names: path.Names(), Path: path})
}

// control names the kind of a tag of Mustache that is no variable. The end of a
// section that was reported has no hint: it is not reported again.
func (s *tagScanner) control(inside string) (hint, kind string) {
	if inside == "" {
		return "", ""
	}
	name := strings.TrimSpace(inside[1:])
	switch inside[0] {
	case '#', '^':
		s.sections++
		return fmt.Sprintf("write {{%s}} for the value itself; what depends on it belongs in a step", name), "a section"
	case '/':
		if s.sections--; s.sections >= 0 {
			return "", "the end of a section"
		}
		return "take it out", "the end of a section"
	case '>':
		return "write its text here", "a partial"
	case '=':
		return "braces are the only delimiters", "a change of delimiters"
	}
	return "", ""
}

// placeholderPath reads the name of a placeholder. Outside brackets it is
// stricter than other paths are: a name that looks like an expression is
// refused.
func placeholderPath(name string) (*jsonpath.Path, *eval.Problem) {
	p := &eval.Problem{Length: utf8.RuneCountInString(name), Code: eval.CodeSyntax}
	if name[0] == '$' || name[0] == '.' || name[0] == '[' || name[0] == '*' {
		p.Message, p.Hint = "a placeholder begins with a name", "name the step or the input before it"
		if plain := strings.TrimLeft(name, "$."); plain != "" && plain[0] != '[' && plain[0] != '*' {
			p.Hint = fmt.Sprintf("write {{%s}}", plain)
		}
		return nil, p
	}
	bracketed, at := 0, 0
	for _, r := range name {
		switch {
		case r == '[':
			bracketed++
		case r == ']':
			bracketed--
		case bracketed <= 0 && strings.ContainsRune(`|=<>()!&+?,;"'%^~`+"`\\", r):
			p.Message = fmt.Sprintf("unexpected %q in a placeholder", r)
			p.Hint = "a placeholder is a name, such as {{step.field}}; work out other values in a step"
			p.Offset, p.Length = at, 1
			return nil, p
		}
		at++
	}
	path, problems := jsonpath.ParseReference(name)
	if path == nil {
		return nil, &problems[0]
	}
	return path, nil
}

func (s *tagScanner) fail(from, to int, hint, format string, args ...any) {
	offset := s.offset(from)
	s.problems = append(s.problems, eval.Problem{Offset: offset, Length: utf8.RuneCountInString(s.src[from:to]),
		Code: eval.CodeSyntax, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// offset counts the code points before byte at.
func (s *tagScanner) offset(at int) int {
	if at < s.counted {
		return utf8.RuneCountInString(s.src[:at])
	}
	s.points += utf8.RuneCountInString(s.src[s.counted:at])
	s.counted = at
	return s.points
}
