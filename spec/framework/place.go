package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
)

// placeAll gives inputs that a REST operation inherits their place, and declares the
// variables of paths and addresses that the file does not declare: of a consumed path
// those that no bind provides. A variable that is another spelling of the one declared
// input or parameter that has no place in the path is that one.
func (l *loading) placeAll() {
	bound := map[string]bool{}
	for _, b := range l.out.Binds {
		for _, k := range b.Keys {
			bound[k.Name.Value] = true
		}
	}
	for _, a := range l.out.APIs {
		f := l.frames[a.File]
		for _, op := range a.Operations {
			op.Path = f.spelledAsDeclared(op, bound)
			for _, in := range undeclared(op.Params, paramInput, op.Path, bound) {
				op.Params = append(slices.Clip(op.Params), &spec.Param{Input: *in})
			}
		}
	}
	for _, x := range l.out.Exposures {
		for _, r := range x.Routes {
			for _, op := range r.Operations {
				f := l.frames[x.File]
				f.spellAsPath(op.Unit, r.Path)
				if op.Unit.Ref.IsSet() {
					placeInputs(op, r)
				}
				imply(op.Unit, r.Path)
				f.placeless(op.Unit, r.Path)
			}
		}
		for _, d := range x.Documents {
			if !d.Location.IsSet() {
				l.frames[x.File].spellAsPath(d.Unit, d.URI)
				imply(d.Unit, d.URI)
			}
		}
	}
}

// spellAsPath gives inputs that have their place in a path the names that the path has.
func (f *frame) spellAsPath(u *spec.Unit, path spec.Str) {
	variables := pathVariables(path.Value)
	for _, name := range variables {
		like := slices.DeleteFunc(otherSpellings(u.Inputs, self, name), func(in *spec.Input) bool {
			return slices.Contains(variables, in.Name.Value) || in.In.IsSet() && in.In.Value != "path"
		})
		if slices.ContainsFunc(u.Inputs, func(in *spec.Input) bool { return in.Name.Value == name }) || len(like) == 0 {
			continue
		}
		if len(like) > 1 {
			f.ambiguousVariable(path, name, like[0].Name.Value, like[1].Name.Value)
			continue
		}
		f.noteVariable(path, name, fmt.Sprintf("is the input %q", like[0].Name.Value), like[0].Name.Value)
		renamed := *like[0]
		renamed.Name = spec.Reworded(renamed.Name, name)
		u.Inputs = slices.Clone(u.Inputs)
		u.Inputs[slices.Index(u.Inputs, like[0])] = &renamed
	}
}

// imply declares the variables of the path or address at which a unit is served.
func imply(u *spec.Unit, path spec.Str) {
	variables := pathVariables(path.Value)
	for i, in := range u.Inputs {
		if !in.In.IsSet() && slices.Contains(variables, in.Name.Value) {
			placed := *in
			placed.In, placed.Required = spec.At(in.Pos, "path"), true
			u.Inputs = slices.Clone(u.Inputs)
			u.Inputs[i] = &placed
		}
	}
	for _, in := range undeclared(u.Inputs, self, path, nil) {
		in.Type, in.Convert, in.Implied = spec.Str{}, true, true // its type is that of the parameter it feeds
		u.Inputs = append(slices.Clip(u.Inputs), in)
	}
}

// placeless reports inputs that a REST request would have to bring in a path that has
// no place for them: nothing could call the operation.
func (f *frame) placeless(u *spec.Unit, path spec.Str) {
	variables := pathVariables(path.Value)
	for _, in := range u.Inputs {
		if in.In.Value == "path" && !slices.Contains(variables, in.Name.Value) {
			f.ReportAt(in.Name, "path-parameter-without-place", "%q is an input in the path, and %s has no place for it", in.Name.Value, path.Value).Hint =
				fmt.Sprintf("write path: %s/{{%s}}", strings.TrimRight(path.Value, "/"), in.Name.Value)
		}
	}
}

// spelledAsDeclared returns the path of an operation with its variables as the
// parameters are spelt that belong in it.
func (f *frame) spelledAsDeclared(op *spec.ConsumedOperation, bound map[string]bool) spec.Str {
	path := op.Path
	variables := pathVariables(path.Value)
	for _, name := range variables {
		like := slices.DeleteFunc(otherSpellings(op.Params, paramInput, name), func(p *spec.Param) bool {
			return p.In.Value != "path" || slices.Contains(variables, p.Name.Value)
		})
		exact := slices.ContainsFunc(op.Params, func(p *spec.Param) bool { return p.Name.Value == name && p.In.Value == "path" })
		switch {
		case exact || bound[name] || len(like) == 0:
		case len(like) > 1:
			f.ambiguousVariable(op.Path, name, like[0].Name.Value, like[1].Name.Value)
		default:
			f.noteVariable(op.Path, name, fmt.Sprintf("is the parameter %q of %s", like[0].Name.Value, op.Name.Value), like[0].Name.Value)
			path = spec.Reworded(path, pathVariable.ReplaceAllStringFunc(path.Value, func(s string) string {
				if pathVariable.FindStringSubmatch(s)[1] == name {
					return "{{" + like[0].Name.Value + "}}"
				}
				return s
			}))
		}
	}
	return path
}

// otherSpellings returns the inputs with names that differ from one by case, "-" and
// "_" only.
func otherSpellings[T any](inputs []T, input func(T) *spec.Input, name string) []T {
	var out []T
	for _, t := range inputs {
		if other := input(t).Name.Value; other != name && words.Fold(other) == words.Fold(name) {
			out = append(out, t)
		}
	}
	return out
}

func (f *frame) noteVariable(path spec.Str, name, message, meant string) {
	r := f.ReportAt(variableAt(path, name), "other-spelling", "{%s} %s", name, message)
	r.Severity, r.Hint = diag.Info, "write {"+meant+"}"
}

func (f *frame) ambiguousVariable(path spec.Str, name, a, b string) {
	f.ReportAt(variableAt(path, name), "ambiguous-binding", "{%s} could be %q or %q", name, a, b).Hint = "give both the same name"
}

// variableAt is the name of a variable where it stands in a path.
func variableAt(path spec.Str, name string) spec.Str {
	for _, m := range pathVariable.FindAllStringSubmatchIndex(path.Value, -1) {
		if path.Value[m[2]:m[3]] != name || path.Style == spec.Block {
			continue
		}
		pos, _ := path.Span(len([]rune(path.Value[:m[2]])), len([]rune(name)))
		return spec.Str{Value: name, Pos: pos}
	}
	return spec.At(path.Pos, name)
}

// undeclared returns an input for each variable of a path that has none.
func undeclared[T any](inputs []T, input func(T) *spec.Input, path spec.Str, bound map[string]bool) []*spec.Input {
	var out []*spec.Input
	for _, name := range pathVariables(path.Value) {
		known := func(t T) bool {
			in := input(t)
			return in.Name.Value == name && (in.In.Value == "path" || in.In.Value == "environment")
		}
		again := func(in *spec.Input) bool { return in.Name.Value == name }
		if !bound[name] && plainName.MatchString(name) && !slices.ContainsFunc(inputs, known) && !slices.ContainsFunc(out, again) {
			out = append(out, &spec.Input{
				Name: variableAt(path, name), In: spec.At(path.Pos, "path"), Type: spec.At(path.Pos, "string"),
				Required: true, Pos: path.Pos,
			})
		}
	}
	return out
}

// placeInputs sets the place of the inputs that a REST operation
// inherits: from the path where that names them, else from the query of
// requests without a body and from the body of others.
func placeInputs(op *spec.RouteOperation, r *spec.Route) {
	variables := pathVariables(r.Path.Value)
	for i, in := range op.Unit.Inputs {
		if in.In.IsSet() {
			continue
		}
		p := *in
		switch {
		case slices.Contains(variables, p.Name.Value):
			p.In, p.Required = spec.At(p.Pos, "path"), true
		case op.Method.Value == "GET" || op.Method.Value == "DELETE" || op.Method.Value == "HEAD":
			p.In = spec.At(p.Pos, "query")
		default:
			p.In = spec.At(p.Pos, "body")
		}
		op.Unit.Inputs[i] = &p
	}
}

var pathVariable = lazyregexp.New(`\$?\{\{?\s*([^{}\s]+)\s*\}?\}`)

// plainName matches a variable that is a name and no reference.
var plainName = lazyregexp.New(`^[A-Za-z0-9_-]+$`)

func pathVariables(path string) []string {
	var out []string
	for _, m := range pathVariable.FindAllStringSubmatch(path, -1) {
		out = append(out, m[1])
	}
	return out
}
