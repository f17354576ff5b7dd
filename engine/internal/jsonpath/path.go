// Package jsonpath compiles and follows the paths of framework files, such as
// $.data[0].id. Start with [Parse].
package jsonpath

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Bounds of one path. Selections are bounded too, since a few wildcards and
// descendants can multiply small data into very much.
const (
	maxSource      = 8 << 10   // bytes of source
	maxPathNesting = 16        // filters and parentheses inside one another
	maxPathDepth   = 10_000    // how deep descendants and comparisons look into data
	maxPathWork    = 1_000_000 // values that one evaluation may visit
)

// Path is a compiled JSONPath, such as $.data[0].id, as RFC 9535 has it, or in
// one of the looser forms that people write:
//
//	$.                 the value itself, as is $
//	a.b                without the leading $., and with a dot too many at the end
//	$.full-name.2fa    hyphens and leading digits in names
//	$.Imo Number.x     spaces in names; only those around a name do not count
//	$.a.[0], $.a.0     other ways to write $.a[0]
//	$.a[?(@.x == 'y')] parentheses around a filter's condition
//
// A Path is immutable and safe for concurrent use.
type Path struct {
	source   string
	segments []segment
	definite bool
}

// span is a range of code points.
type span struct{ from, to int }

// segment selects from each value that the segments before it selected, or
// from that value and all its descendants. Its place in the source is where
// problems with it are reported.
type segment struct {
	selectors []selector
	descend   bool
	at        span
}

type selectorKind uint8

const (
	selectName selectorKind = iota
	selectIndex
	selectSlice
	selectAll
	selectFilter
)

// selector selects children of one value.
type selector struct {
	kind   selectorKind
	name   string
	index  int   // of selectIndex, and of a name written as a bare number
	bare   bool  // a selectName written as a bare number: in an array, an index
	slice  slice // of selectSlice
	filter *filter
}

// slice holds the bounds of [from:to:step]; those left out are nil.
type slice struct {
	from, to *int
	step     int
}

// Parse compiles a path. It is nil when there are problems; their offsets
// count code points of src.
func Parse(src string) (*Path, []eval.Problem) { return parse(src, false) }

// ParseReference is [Parse] for a reference to an input or a step: a word in
// brackets belongs to the name before it, as in the query parameters of many
// APIs ("filter[kind]").
func ParseReference(src string) (*Path, []eval.Problem) { return parse(src, true) }

func parse(src string, keys bool) (*Path, []eval.Problem) {
	if p, ok := refusePath(src); ok {
		return nil, []eval.Problem{p}
	}
	parser := pathParser{in: []rune(src), keys: keys}
	segments := parser.path()
	if parser.problem != nil {
		return nil, []eval.Problem{*parser.problem}
	}
	return newPath(src, segments), nil
}

func refusePath(src string) (eval.Problem, bool) {
	from, to := eval.TrimmedSpan(src)
	p := eval.Problem{Offset: from, Length: to - from, Code: eval.CodeSyntax}
	switch {
	case len(src) > maxSource:
		p.Code = eval.CodeTooLarge
		p.Message = fmt.Sprintf("path is %d bytes long, at most %d are allowed", len(src), maxSource)
	case !utf8.ValidString(src):
		p.Message = "path is not valid UTF-8"
	case from == to:
		p.Message, p.Hint = "path is empty", "write $. for the whole value"
	default:
		return eval.Problem{}, false
	}
	return p, true
}

func newPath(src string, segments []segment) *Path {
	several := func(s segment) bool {
		return s.descend || len(s.selectors) != 1 || s.selectors[0].kind > selectIndex
	}
	return &Path{source: src, segments: segments, definite: !slices.ContainsFunc(segments, several)}
}

// Source returns the path as it was written, in full even after [Path.Drop].
func (p *Path) Source() string { return p.source }

// Definite reports whether the path leads to one place at most: it is made of
// names and indexes only. Every other path yields a list.
func (p *Path) Definite() bool { return p.definite }

// Names returns the member names that the path begins with, up to the first
// segment that is anything else: $.first.x[0].y begins with first, x.
func (p *Path) Names() []string {
	var names []string
	for _, s := range p.segments {
		if s.descend || len(s.selectors) != 1 || s.selectors[0].kind != selectName {
			break
		}
		names = append(names, s.selectors[0].name)
	}
	return names
}

// Drop returns the path without its first n segments, to be read from the
// value that these lead to; of fewer segments all are dropped. The source and the places
// of problems stay those of the whole path. In a filter, $ is the value that
// the shorter path is read from.
func (p *Path) Drop(n int) *Path {
	return newPath(p.source, p.segments[min(max(n, 0), len(p.segments)):])
}

// Whole reports whether the path selects the value itself and nothing in it.
func (p *Path) Whole() bool { return len(p.segments) == 0 }

// Name returns the path of one name, $.name, whatever characters it holds.
func Name(name string) *Path {
	return newPath(name, []segment{{selectors: []selector{{kind: selectName, name: name}}}})
}
