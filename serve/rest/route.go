package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/pathtemplate"
	"github.com/capstan-run/capstan/spec"
)

// route is a path with the operations behind its methods.
type route struct {
	pattern pattern
	forward *spec.Forward
	methods map[string]*operation
}

// method finds the operation of a method; HEAD is GET without the body.
func (r *route) method(name string) *operation {
	if op := r.methods[name]; op != nil || name != http.MethodHead {
		return op
	}
	return r.methods[http.MethodGet]
}

// pattern is a path template, one template a segment.
type pattern struct {
	segments []*pathtemplate.Template
	tail     bool // more segments may follow
}

func parsePattern(path string) (pattern, error) {
	var p pattern
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment == "" && len(p.segments) == 0 {
			continue
		}
		t, err := pathtemplate.Parse(segment, "")
		if err != nil {
			return p, fmt.Errorf("the path %q cannot be served: %w", path, err)
		}
		for _, name := range t.Names {
			if p.has(name) {
				return p, fmt.Errorf("the path %q cannot be served: variable %q is there twice", path, name)
			}
		}
		p.segments = append(p.segments, t)
	}
	return p, nil
}

// withTail drops a last variable and lets any segments follow.
func (p pattern) withTail() pattern {
	if n := len(p.segments); n > 0 && len(p.segments[n-1].Names) > 0 {
		p.segments = p.segments[:n-1]
	}
	p.tail = true
	return p
}

// match compares a percent-encoded path, segment by segment. Slashes around it
// do not count, but for tail: the rest of the path as it came, from its slash on.
func (p pattern) match(path string) (values map[string]string, tail string, ok bool) {
	if len(p.segments) > 0 {
		path = "/" + strings.TrimLeft(path, "/")
	}
	values = map[string]string{}
	for _, template := range p.segments {
		segment, isSegment := strings.CutPrefix(path, "/")
		if !isSegment {
			return nil, "", false
		}
		path = ""
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment, path = segment[:i], segment[i:]
		}
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return nil, "", false
		}
		found, fits := template.Match(plain)
		if !fits {
			return nil, "", false
		}
		for i, name := range template.Names {
			values[name] = found[i]
		}
	}
	if !p.tail && strings.Trim(path, "/") != "" {
		return nil, "", false
	}
	return values, path, true
}

func (p pattern) has(name string) bool {
	return slices.ContainsFunc(p.segments, func(t *pathtemplate.Template) bool { return slices.Contains(t.Names, name) })
}

// bySpecificity puts literals before text with variables, that before variables
// alone, and longer paths first.
func bySpecificity(a, b *route) int {
	if a.pattern.tail != b.pattern.tail {
		if a.pattern.tail {
			return 1
		}
		return -1
	}
	for i := range min(len(a.pattern.segments), len(b.pattern.segments)) {
		if c := looseness(a.pattern.segments[i]) - looseness(b.pattern.segments[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(b.pattern.segments), len(a.pattern.segments))
}

func looseness(t *pathtemplate.Template) int {
	switch {
	case len(t.Names) == 0:
		return 0
	case strings.Join(t.Texts, "") != "":
		return 1
	}
	return 2
}

// String writes the pattern as a path template, for logs and traces.
func (p pattern) String() string {
	var b strings.Builder
	for _, t := range p.segments {
		b.WriteString("/" + t.String())
	}
	if p.tail {
		b.WriteString("/{...}")
	}
	return cmp.Or(b.String(), "/")
}
