package script

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// pattern is a regular expression that runs in linear time.
type pattern struct {
	first *regexp.Regexp // matches from the start of a text on
	rest  *regexp.Regexp // matches from the second character on: \b and ^ look back at the first
	names []string       // of the groups, "" for those without

	global, sticky bool
}

var errLookaround = errors.New("look-around and back references in regular expressions can run without end and are not supported")

// newPattern translates a JavaScript regular expression.
func newPattern(source, flags string) (*pattern, error) {
	unicode, dotAll := strings.Contains(flags, "u"), strings.Contains(flags, "s")
	re2, err := parser.TransformRegExp(source, dotAll, unicode)
	var incompatible parser.RegexpErrorIncompatible
	switch {
	case errors.As(err, &incompatible):
		return nil, errLookaround
	case err != nil:
		return nil, fmt.Errorf("the regular expression /%s/ is broken: %w", source, err)
	}
	options := "s"
	if !dotAll {
		options = "-s"
	}
	for _, f := range "im" {
		if strings.ContainsRune(flags, f) {
			options = string(f) + options
		}
	}
	p := &pattern{global: strings.Contains(flags, "g"), sticky: strings.Contains(flags, "y")}
	skip := "(?s:.*?)"
	if p.sticky {
		skip = ""
	}
	body := "((?" + options + ":" + re2 + "))"
	if p.first, err = regexp.Compile(`\A` + skip + body); err != nil {
		return nil, fmt.Errorf("the regular expression /%s/ is not supported: it is too large or not understood", source)
	}
	p.rest = regexp.MustCompile(`\A(?s:.)` + skip + body)
	p.names = p.first.SubexpNames()[1:]
	return p, nil
}

// match returns the places of the first match at or after byte from, and of
// its groups: pairs as in package regexp. It is nil when there is none.
func (p *pattern) match(text string, from int) []int {
	if from == 0 {
		if at := p.first.FindStringSubmatchIndex(text); at != nil {
			return at[2:]
		}
		return nil
	}
	_, size := utf8.DecodeLastRuneInString(text[:from])
	back := from - size
	at := p.rest.FindStringSubmatchIndex(text[back:])
	if at == nil {
		return nil
	}
	at = at[2:]
	for i := range at {
		if at[i] >= 0 {
			at[i] += back
		}
	}
	return at
}

// regexps stands in for RegExp.prototype.exec, through which every method
// that takes a regular expression goes once it is replaced (ECMA-262,
// RegExpExec), except for test. The interpreter's own would backtrack.
type regexps struct {
	*sandbox
	known   map[string]*pattern
	subject subject
}

// maxPatterns bounds the translations that are kept.
const maxPatterns = 500

func (r *regexps) pattern(rx *goja.Object) *pattern {
	source, flags := rx.Get("source").String(), rx.Get("flags").String()
	key := flags + "/" + source
	if p := r.known[key]; p != nil {
		return p
	}
	p, err := newPattern(source, flags)
	if err != nil {
		panic(r.error("SyntaxError", "%s", err))
	}
	if len(r.known) >= maxPatterns {
		clear(r.known)
	}
	r.known[key] = p
	return p
}

func (r *regexps) exec(call goja.FunctionCall) goja.Value {
	r.alive()
	rx, ok := call.This.(*goja.Object)
	if !ok || rx.ClassName() != "RegExp" {
		panic(r.error("TypeError", "exec is called on something that is no regular expression"))
	}
	p := r.pattern(rx)
	text := r.subject.of(call.Argument(0).String())
	moves := p.global || p.sticky
	var from int64
	if moves {
		from = rx.Get("lastIndex").ToInteger()
	}
	var at []int
	if from >= 0 && from <= int64(text.units()) {
		at = p.match(text.text, text.byteOf(int(from)))
	}
	if at == nil {
		if moves {
			r.set(rx, "lastIndex", 0)
		}
		return goja.Null()
	}
	if moves {
		r.set(rx, "lastIndex", text.unitOf(at[1]))
	}
	return r.found(p, text, at)
}

func (r *regexps) test(call goja.FunctionCall) goja.Value {
	return r.rt.ToValue(!goja.IsNull(r.exec(call)))
}

// found makes the array that exec returns.
func (r *regexps) found(p *pattern, text *subject, at []int) goja.Value {
	groups := make([]any, len(at)/2)
	var named *goja.Object
	for i := range groups {
		groups[i] = goja.Undefined()
		if at[2*i] >= 0 {
			groups[i] = text.text[at[2*i]:at[2*i+1]]
		}
		if name := p.names[i]; name != "" {
			if named == nil {
				named = r.rt.CreateObject(nil)
			}
			r.put(named, name, r.rt.ToValue(groups[i]))
		}
	}
	out := r.rt.NewArray(groups...)
	r.put(out, "index", r.rt.ToValue(text.unitOf(at[0])))
	r.put(out, "input", r.rt.ToValue(text.text))
	if named != nil {
		r.put(out, "groups", named)
	} else {
		r.put(out, "groups", goja.Undefined())
	}
	return out
}

// subject is a text with the places of its UTF-16 units, which JavaScript
// counts in, and its bytes, which Go does. The last one is kept: a search for
// all matches asks for the same again and again.
type subject struct {
	text  string
	ascii bool
	bytes []int32 // by unit, and the end
	unit  []int32 // by byte, and the end
}

func (s *subject) of(text string) *subject {
	if s.bytes != nil && s.text == text || s.ascii && s.text == text {
		return s
	}
	*s = subject{text: text, ascii: isASCII(text)}
	if s.ascii {
		return s
	}
	s.unit = make([]int32, len(text)+1)
	for i, r := range text {
		s.unit[i] = int32(len(s.bytes))
		s.bytes = append(s.bytes, int32(i))
		if r > 0xFFFF { // two units; the second is as far as the next character
			s.bytes = append(s.bytes, int32(i+utf8.RuneLen(r)))
		}
	}
	s.unit[len(text)] = int32(len(s.bytes))
	s.bytes = append(s.bytes, int32(len(text)))
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (s *subject) units() int {
	if s.ascii {
		return len(s.text)
	}
	return len(s.bytes) - 1
}

func (s *subject) byteOf(unit int) int {
	if s.ascii {
		return unit
	}
	return int(s.bytes[unit])
}

func (s *subject) unitOf(at int) int {
	if s.ascii {
		return at
	}
	return int(s.unit[at])
}
