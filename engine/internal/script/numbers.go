package script

import (
	"encoding/json"
	"strconv"

	"github.com/dop251/goja"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// A number of the language is a float64. One that it cannot hold, such as an id
// beyond 2^53, is an object in the script's world: it can be passed on, made
// text of and compared with ===, and throws where it is calculated with. Two of
// one value are one object.
type exactNumbers struct {
	objects map[json.Number]*goja.Object // by their canonical form
	numbers map[*goja.Object]json.Number
}

// maxSafe is the number up to which a float64 holds every whole number.
const maxSafe = 1 << 53

// integer copies a whole number into the script's world.
func (s *sandbox) integer(i int) goja.Value {
	if i >= -maxSafe && i <= maxSafe {
		return s.rt.ToValue(i)
	}
	return s.exactNumber(json.Number(strconv.Itoa(i)))
}

// number copies a number of any size into the script's world.
func (s *sandbox) number(n json.Number) goja.Value {
	switch v, _ := jsonvalue.Exact(n); v := v.(type) {
	case int:
		return s.integer(v)
	case float64:
		return s.rt.ToValue(v)
	}
	return s.exactNumber(n)
}

func (s *sandbox) exactNumber(n json.Number) goja.Value {
	form, ok := jsonvalue.Canonical(n).(json.Number)
	if !ok {
		form = n
	}
	if o, ok := s.exact.objects[form]; ok {
		return o
	}
	o := s.rt.NewObject()
	refuse := func(goja.FunctionCall) goja.Value {
		panic(s.error("TypeError", "%s has more digits than a script can calculate with", jsonvalue.Show(n)))
	}
	s.define(o, "toString", func(goja.FunctionCall) goja.Value { return s.rt.ToValue(string(n)) })
	s.define(o, "valueOf", refuse)
	s.define(o, "toJSON", refuse)
	if s.exact.objects == nil {
		s.exact = exactNumbers{map[json.Number]*goja.Object{}, map[*goja.Object]json.Number{}}
	}
	s.exact.objects[form], s.exact.numbers[o] = o, n
	return o
}
