package rest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/spec"
)

// route is a path with what stands behind its methods.
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

// pattern is a path template, segment by segment.
type pattern struct {
	parts []part
	tail  bool // whatever follows matches too
}

// part is a segment: a literal, or variables with text around them.
type part struct {
	literal string
	names   []string // of the variables, in order
	texts   []string // around them, one more than names
}

// parsePattern reads a path with {x} or {{x}} for variables.
func parsePattern(path string) pattern {
	var p pattern
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment == "" && len(p.parts) == 0 {
			continue
		}
		p.parts = append(p.parts, parsePart(segment))
	}
	return p
}

func parsePart(s string) part {
	var out part
	rest, text := s, ""
	for {
		before, after, ok := strings.Cut(rest, "{")
		text += before
		if !ok {
			break
		}
		name, behind, closed := strings.Cut(strings.TrimPrefix(after, "{"), "}")
		if !closed {
			text += "{" + after
			break
		}
		out.texts = append(out.texts, text)
		out.names = append(out.names, strings.TrimSpace(name))
		text, rest = "", strings.TrimPrefix(behind, "}")
	}
	if out.names == nil {
		return part{literal: text}
	}
	out.texts = append(out.texts, text)
	return out
}

// withTail drops a last variable and matches whatever follows.
func (p pattern) withTail() pattern {
	if n := len(p.parts); n > 0 && p.parts[n-1].names != nil {
		p.parts = p.parts[:n-1]
	}
	p.tail = true
	return p
}

// match compares a percent-encoded path, segment by segment. Slashes around it
// do not count, but for tail: what follows, as it came, from its slash on.
func (p pattern) match(path string) (values map[string]string, tail string, ok bool) {
	if len(p.parts) > 0 {
		path = "/" + strings.TrimLeft(path, "/")
	}
	values = map[string]string{}
	for _, part := range p.parts {
		segment, isSegment := strings.CutPrefix(path, "/")
		if !isSegment {
			return nil, "", false
		}
		path = ""
		if i := strings.IndexByte(segment, '/'); i >= 0 {
			segment, path = segment[:i], segment[i:]
		}
		plain, err := url.PathUnescape(segment)
		if err != nil || !part.match(plain, values) {
			return nil, "", false
		}
	}
	if !p.tail && strings.Trim(path, "/") != "" {
		return nil, "", false
	}
	return values, path, true
}

func (p part) match(s string, values map[string]string) bool {
	if p.names == nil {
		return s == p.literal
	}
	s, ok := strings.CutPrefix(s, p.texts[0])
	if !ok {
		return false
	}
	for i, name := range p.names {
		after := p.texts[i+1]
		end := len(s)
		if i+1 < len(p.names) && after != "" {
			end = strings.Index(s, after)
		} else if i+1 == len(p.names) {
			if !strings.HasSuffix(s, after) {
				return false
			}
			end = len(s) - len(after)
		}
		if end <= 0 {
			return false
		}
		values[name] = s[:end]
		s = s[end+len(after):]
	}
	return s == ""
}

func (p pattern) equal(q pattern) bool {
	if len(p.parts) != len(q.parts) || p.tail != q.tail {
		return false
	}
	for i := range p.parts {
		if p.parts[i].key() != q.parts[i].key() {
			return false
		}
	}
	return true
}

// key tells parts apart that match different segments.
func (p part) key() string {
	if p.names == nil {
		return "=" + p.literal
	}
	return "~" + strings.Join(p.texts, "\x00") + "\x00" + strings.Join(p.names, "\x00")
}

func (p pattern) has(name string) bool {
	for _, part := range p.parts {
		for _, n := range part.names {
			if n == name {
				return true
			}
		}
	}
	return false
}

// bySpecificity puts literals before variables, and longer tails first.
func bySpecificity(a, b *route) int {
	if a.pattern.tail != b.pattern.tail {
		if a.pattern.tail {
			return 1
		}
		return -1
	}
	for i := range min(len(a.pattern.parts), len(b.pattern.parts)) {
		x, y := a.pattern.parts[i].names == nil, b.pattern.parts[i].names == nil
		if x != y {
			if x {
				return -1
			}
			return 1
		}
	}
	return len(b.pattern.parts) - len(a.pattern.parts)
}

// String writes the pattern as a path template, for logs and traces.
func (p pattern) String() string {
	var b strings.Builder
	for _, part := range p.parts {
		b.WriteByte('/')
		b.WriteString(part.literal)
		for i, name := range part.names {
			b.WriteString(part.texts[i] + "{" + name + "}")
		}
		if n := len(part.names); n > 0 {
			b.WriteString(part.texts[n])
		}
	}
	if p.tail {
		b.WriteString("/{...}")
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}
