package dialect

import (
	"errors"
	"testing"

	"github.com/capstan-run/capstan/spec"
)

// FuzzFramework checks that no text makes the decoder panic, in either profile,
// that whatever it reports lies within a text that was read, and that the
// model holds what later stages rely on.
func FuzzFramework(f *testing.F) {
	seed(f)
	for _, text := range []string{
		"ikanos: 1\nconsumes: [{from: self, import: a, as: b}]\nexposes: {rest: {operations: {a: 1}}}\n",
		"naftiko: '0.3'\ncapability: {exposes: [{type: control, management: [], observability: {traces: {local: {buffer-size: -1}}}}]}\n",
		"capability: x\naggregates: {a: {flows: {b: {ref: a.b, steps: [{}, 1, null]}}}}\n",
		"exposes: [{type: mcp, tools: {t: {ref: a.t, outputParameters: {items: [[]], x: $.y}}}}]\naggregates: [{namespace: a, flows: [{name: t, ref: a.u}, {name: u, ref: a.t}]}]\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, strict := range []bool{false, true} {
			s, diags := Read("f.yaml", src)
			open := func(from, path string) (string, []byte, error) {
				if path == "gone" {
					return "", nil, errors.New("gone")
				}
				return path, src, nil
			}
			m, more := s.File(spec.Options{Strict: strict, Open: open})
			texts := s.Texts()
			if m != nil {
				texts = m.Texts
			}
			checkPlaces(t, texts, append(diags, more...))
			if m == nil {
				continue
			}
			for _, u := range m.Units {
				if u.Pos.Line == 0 {
					t.Error("a unit without a place")
				}
			}
		}
	})
}
