// Package lazyregexp has regular expressions that are compiled when they are first
// used. Compiling takes 5 to 150 microseconds each; package variables would pay
// that for every command, before main.
package lazyregexp

import (
	"regexp"
	"sync"
)

// Regexp is a [regexp.Regexp]. It is safe for concurrent use. A pattern with a
// mistake panics when it is used: internal/archtest compiles all of them.
type Regexp struct {
	text string
	once sync.Once
	re   *regexp.Regexp
}

// New is for package variables. The compiler lays out what it returns: it costs
// nothing at start.
func New(text string) *Regexp { return &Regexp{text: text} }

func (r *Regexp) compiled() *regexp.Regexp {
	r.once.Do(func() { r.re = regexp.MustCompile(r.text) })
	return r.re
}

// The methods are those of [regexp.Regexp].

func (r *Regexp) MatchString(s string) bool { return r.compiled().MatchString(s) }
func (r *Regexp) Match(b []byte) bool       { return r.compiled().Match(b) }

func (r *Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.compiled().FindAllStringSubmatch(s, n)
}

func (r *Regexp) ReplaceAllFunc(b []byte, with func([]byte) []byte) []byte {
	return r.compiled().ReplaceAllFunc(b, with)
}

func (r *Regexp) ReplaceAllString(s, with string) string {
	return r.compiled().ReplaceAllString(s, with)
}

func (r *Regexp) FindIndex(b []byte) []int { return r.compiled().FindIndex(b) }

func (r *Regexp) FindStringSubmatch(s string) []string { return r.compiled().FindStringSubmatch(s) }

func (r *Regexp) FindString(s string) string { return r.compiled().FindString(s) }

func (r *Regexp) FindStringIndex(s string) []int { return r.compiled().FindStringIndex(s) }

func (r *Regexp) FindStringSubmatchIndex(s string) []int {
	return r.compiled().FindStringSubmatchIndex(s)
}

func (r *Regexp) ReplaceAllStringFunc(s string, with func(string) string) string {
	return r.compiled().ReplaceAllStringFunc(s, with)
}

func (r *Regexp) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return r.compiled().FindAllStringSubmatchIndex(s, n)
}

// String returns the pattern.
func (r *Regexp) String() string { return r.text }

func (r *Regexp) FindAllIndex(b []byte, n int) [][]int { return r.compiled().FindAllIndex(b, n) }

func (r *Regexp) FindAllSubmatch(b []byte, n int) [][][]byte {
	return r.compiled().FindAllSubmatch(b, n)
}
