package script

import (
	"math"
	"strings"

	"github.com/dop251/goja"
)

// guardText bounds the methods that make a text much longer than their
// arguments.
func (s *sandbox) guardText() {
	proto := s.prototype("String")
	s.guard(proto, "repeat", func(call goja.FunctionCall) {
		s.checkText(float64(len(call.This.String())) * math.Abs(call.Argument(0).ToFloat()))
	})
	for _, name := range []string{"padStart", "padEnd"} {
		s.guard(proto, name, func(call goja.FunctionCall) { s.checkText(call.Argument(0).ToFloat()) })
	}
	s.guard(proto, "concat", func(call goja.FunctionCall) {
		total := float64(len(call.This.String()))
		for _, a := range call.Arguments {
			total += float64(len(a.String()))
			s.checkText(total)
		}
	})
	s.guard(proto, "replace", func(call goja.FunctionCall) { s.checkReplace(call, false) })
	s.guard(proto, "replaceAll", func(call goja.FunctionCall) { s.checkReplace(call, true) })
	s.guard(s.rt.Get("String").(*goja.Object), "raw", func(call goja.FunctionCall) {
		if o, ok := call.Argument(0).(*goja.Object); ok {
			s.checkLength(o.Get("raw"))
		}
	})
}

// checkText refuses a text of n units; NaN is no length and left to the method.
func (s *sandbox) checkText(n float64) {
	if n > float64(s.maxText) {
		s.tooLong("a text", s.maxText)
	}
}

// checkReplace bounds the length of a replacement's result, from above: each match may
// become the replacement, in which $& and its like stand for the match, and
// $` and $' for all before and after it (ECMA-262, GetSubstitution).
func (s *sandbox) checkReplace(call goja.FunctionCall, all bool) {
	if goja.IsUndefined(call.This) || goja.IsNull(call.This) {
		return
	}
	if _, ok := goja.AssertFunction(call.Argument(1)); ok {
		return // the script makes each piece itself, and can be stopped there
	}
	text, with := call.This.String(), call.Argument(1).String()
	size := func(matches int) float64 {
		n, dollars := float64(len(text)), float64(strings.Count(with, "$"))
		context := float64(strings.Count(with, "$`") + strings.Count(with, "$'"))
		return n + float64(matches)*(float64(len(with))+context*n) + dollars*n
	}
	if size(len(text)+1) <= float64(s.maxText) {
		return
	}
	matches := 1
	if rx, ok := call.Argument(0).(*goja.Object); ok && rx.ClassName() == "RegExp" {
		if p := s.regexps.pattern(rx); p.global {
			matches = s.countMatches(p, text)
		}
	} else if all {
		matches = strings.Count(text, call.Argument(0).String())
	}
	s.checkText(size(matches))
}

func (s *sandbox) countMatches(p *pattern, text string) int {
	n := 0
	for from := 0; from <= len(text); n++ {
		s.alive()
		at := p.match(text, from)
		if at == nil {
			break
		}
		if from = at[1]; at[0] == at[1] {
			from++
			for from < len(text) && text[from]&0xC0 == 0x80 { // within a character
				from++
			}
		}
	}
	return n
}
