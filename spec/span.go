package spec

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/diag"
)

// Span is a part of one file, from the start of From to the end of To.
type Span struct{ From, To diag.Pos }

// Has reports whether a place lies in the span.
func (s Span) Has(p diag.Pos) bool {
	return p.File == s.From.File && s.From.Compare(p) <= 0 && p.Compare(s.To) <= 0
}

// Problems assigns the problems of loading the file to its units. One belongs
// to every unit that its place is in, and to every unit that uses the
// operation, the API or the bind that its place is in; a unit with an error
// must not run. own are the problems of no such part, which the units share:
// with an error among them nothing in the file may run. The rest lies in
// parts that no unit uses, and keeps none from running.
func (f *File) Problems(list diag.List) (own diag.List, of map[*Unit]diag.List) {
	of = map[*Unit]diag.List{}
	pieces := f.pieces(list)
	for _, d := range list {
		found := false
		for _, p := range pieces.at(d.Pos) {
			found = true
			for _, u := range p.units {
				if last := len(of[u]) - 1; last < 0 || !same(of[u][last], d) {
					of[u] = append(of[u], d)
				}
			}
		}
		if !found {
			own.Add(d)
		}
	}
	return own, of
}

func same(a, b diag.Diagnostic) bool {
	return a.Pos == b.Pos && a.Code == b.Code && a.Message == b.Message
}

// piece is a span with the units that a problem in it belongs to.
type piece struct {
	Span
	units  []*Unit
	around int // index of the smallest piece around it, -1 for none
}

// pieces are sorted by their start, those around others first. Each is within
// another one or apart from it.
type pieces []piece

// at returns the pieces that hold a place.
func (ps pieces) at(p diag.Pos) []piece {
	i, _ := slices.BinarySearchFunc(ps, p, func(x piece, p diag.Pos) int { return cmp.Or(x.From.Compare(p), -1) })
	var out []piece
	for i--; i >= 0; i = ps[i].around {
		if ps[i].Has(p) {
			out = append(out, ps[i])
		}
	}
	return out
}

// pieces returns the pieces of the file that are units or are used by units.
func (f *File) pieces(list diag.List) pieces {
	users := map[Span][]*Unit{}
	add := func(spans []Span, units ...*Unit) {
		for _, s := range spans {
			users[s] = append(users[s], units...)
		}
	}
	byName := map[[2]string][]*Unit{} // API, or API and operation
	for _, u := range f.Units {
		add(u.Spans, u)
		for _, s := range u.Steps {
			if op, ok := s.Action.(*Operation); ok {
				for _, name := range [][2]string{{op.API.Value}, {op.API.Value, op.Operation.Value}} {
					byName[name] = append(byName[name], u)
				}
			}
		}
	}
	for _, a := range f.APIs {
		add(a.Spans, byName[[2]string{a.Namespace.Value}]...)
		for _, op := range a.Operations {
			add(op.Spans, byName[[2]string{a.Namespace.Value, op.Name.Value}]...)
		}
	}
	for _, b := range f.Binds {
		wrong := func(d diag.Diagnostic) bool {
			return slices.ContainsFunc(b.Spans, func(s Span) bool { return s.Has(d.Pos) })
		}
		if len(b.Keys) > 0 && slices.ContainsFunc(list, wrong) { // without keys it may be any that a text names
			add(b.Spans, f.naming(b, users)...)
		}
	}
	return nested(users)
}

// nested sorts pieces and finds for each the one around it.
func nested(users map[Span][]*Unit) pieces {
	var out pieces
	for s := range maps.Keys(users) {
		out = append(out, piece{Span: s, units: users[s], around: -1})
	}
	slices.SortFunc(out, func(a, b piece) int { return cmp.Or(a.From.Compare(b.From), b.To.Compare(a.To)) })
	for i := range out {
		j := i - 1
		for j >= 0 && !out[j].Has(out[i].From) {
			j = out[j].around
		}
		out[i].around = j
	}
	return out
}

// naming returns the units with text, or with an API or operation
// that they use, that has a name of the bind.
func (f *File) naming(b *Bind, users map[Span][]*Unit) []*Unit {
	var out []*Unit
	lines := map[string][][]byte{}
	for s, units := range users {
		if lines[s.From.File] == nil {
			lines[s.From.File] = bytes.SplitAfter(f.Texts[s.From.File], []byte("\n"))
		}
		all := lines[s.From.File]
		from, to := max(s.From.Line-1, 0), min(s.To.Line, len(all))
		text := bytes.Join(all[min(from, to):to], nil)
		if slices.ContainsFunc(b.Keys, func(k BindKey) bool { return bytes.Contains(text, []byte(k.Name.Value)) }) {
			out = append(out, units...)
		}
	}
	return out
}
