package framework

import (
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/spec"
)

// isolate gives imported exposures and aggregates the APIs of their own file, under
// another name where the importing file uses that name for something else. An API
// that their file does not consume they take from the importing file.
func (l *loading) isolate(out *whole) {
	i := &isolation{loading: l, out: out, names: map[string]string{}}
	for u := range out.units {
		for op := range calls(u) {
			op.Call = i.call(u.File, op.Call)
		}
	}
	for _, x := range out.Exposures {
		for _, r := range x.Routes {
			if r.Forward != nil {
				r.Forward.Target = spec.Reworded(r.Forward.Target, i.name(x.File, r.Forward.Target.Value))
			}
		}
	}
}

type isolation struct {
	*loading
	out   *whole
	names map[string]string // file and namespace -> namespace in out
}

func (i *isolation) call(file string, call spec.Str) spec.Str {
	namespace, operation, ok := spec.SplitCall(call.Value)
	if !ok {
		return call
	}
	return spec.Reworded(call, i.name(file, namespace)+"."+operation)
}

// name returns the name of a file's namespace in the whole.
func (i *isolation) name(file, namespace string) string {
	f := i.frames[file]
	if f == nil || file == i.out.Name || !f.hasSection("consumes") {
		return namespace
	}
	id := file + "\x00" + namespace
	if name, ok := i.names[id]; ok {
		return name
	}
	i.names[id] = namespace
	at := slices.IndexFunc(consumesSection.of(f), func(c *spec.API) bool { return c.Namespace.Value == namespace })
	if at < 0 {
		return namespace
	}
	own := consumesSection.of(f)[at]
	if there := slices.IndexFunc(i.out.APIs, func(c *spec.API) bool { return c.Pos == own.Pos }); there >= 0 {
		i.names[id] = i.out.APIs[there].Namespace.Value
		return i.names[id]
	}
	free := namespace
	for n := 2; i.out.Described(free) != nil; n++ {
		free = fmt.Sprintf("%s~%d", namespace, n)
	}
	i.out.APIs = append(i.out.APIs, consumesSection.as(own, spec.Reworded(own.Namespace, free)))
	i.names[id] = free
	return free
}

// addPathInputs declares the variables of paths that the file does not
// declare: of a consumed path those that no bind provides.
func addPathInputs(f *whole) {
	bound := map[string]bool{}
	for _, b := range f.Binds {
		for _, k := range b.Keys {
			bound[k.Name.Value] = true
		}
	}
	for _, a := range f.APIs {
		for _, op := range a.Operations {
			for _, in := range undeclared(op.Params, paramInput, op.Path, bound) {
				op.Params = append(slices.Clip(op.Params), &spec.Param{Input: *in})
			}
		}
	}
	for _, x := range f.Exposures {
		for _, r := range x.Routes {
			for _, op := range r.Operations {
				for _, in := range undeclared(op.Unit.Inputs, self, r.Path, nil) {
					in.Convert = true
					op.Unit.Inputs = append(slices.Clip(op.Unit.Inputs), in)
				}
			}
		}
	}
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
				Name: spec.At(path.Pos, name), In: spec.At(path.Pos, "path"), Type: spec.At(path.Pos, "string"),
				Required: true, Pos: path.Pos,
			})
		}
	}
	return out
}
