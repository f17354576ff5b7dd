package framework

import (
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/spec"
)

// isolate gives what was imported the APIs of its own file: an imported
// exposure or aggregate calls what stands beside it there, under a name of its
// own where the importing file uses that name for something else. What its own
// file does not consume it takes from the importing file.
func (l *loading) isolate(out *spec.Framework) {
	i := &isolation{loading: l, out: out, names: map[string]string{}}
	for _, a := range out.Aggregates {
		for _, fl := range a.Flows {
			i.flow(fl)
		}
	}
	for _, x := range out.Exposes {
		EachFlow(x, i.flow)
		for _, r := range x.Routes {
			if r.Forward != nil {
				r.Forward.Target = spec.Reworded(r.Forward.Target, i.name(x.File, r.Forward.Target.Value))
			}
		}
	}
}

type isolation struct {
	*loading
	out   *spec.Framework
	names map[string]string // file and namespace -> namespace in out
}

func (i *isolation) flow(fl *spec.Flow) {
	fl.Call = i.call(fl.File, fl.Call)
	for _, s := range fl.Steps {
		s.Call = i.call(fl.File, s.Call)
	}
}

func (i *isolation) call(file string, call spec.Str) spec.Str {
	namespace, operation, ok := spec.SplitCall(call.Value)
	if !ok {
		return call
	}
	return spec.Reworded(call, i.name(file, namespace)+"."+operation)
}

// name returns what a namespace of a file is called in the whole.
func (i *isolation) name(file, namespace string) string {
	f := i.frames[file]
	if f == nil || file == i.out.File || !f.hasSection("consumes") {
		return namespace
	}
	id := file + "\x00" + namespace
	if name, ok := i.names[id]; ok {
		return name
	}
	i.names[id] = namespace
	at := slices.IndexFunc(f.consumes(), func(c *spec.Consumed) bool { return c.Namespace.Value == namespace })
	if at < 0 {
		return namespace
	}
	own := f.consumes()[at]
	if there := slices.IndexFunc(i.out.Consumes, func(c *spec.Consumed) bool { return c.Pos == own.Pos }); there >= 0 {
		i.names[id] = i.out.Consumes[there].Namespace.Value
		return i.names[id]
	}
	free := namespace
	for n := 2; i.out.Consumed(free) != nil; n++ {
		free = fmt.Sprintf("%s~%d", namespace, n)
	}
	i.out.Consumes = append(i.out.Consumes, renameConsumed(own, spec.Reworded(own.Namespace, free)))
	i.names[id] = free
	return free
}

// addPathInputs declares the variables of paths that the file does not
// declare: of a consumed path those that no bind provides.
func addPathInputs(f *spec.Framework) {
	bound := map[string]bool{}
	for _, b := range f.Binds {
		for _, k := range b.Keys {
			bound[k.Name.Value] = true
		}
	}
	for _, c := range f.Consumes {
		for _, op := range c.Operations {
			op.Params = undeclared(op.Params, op.Path, bound)
		}
	}
	for _, x := range f.Exposes {
		for _, r := range x.Routes {
			for _, op := range r.Operations {
				op.Inputs = undeclared(op.Inputs, r.Path, nil)
			}
		}
	}
}

func undeclared(params []*spec.Param, path spec.Str, bound map[string]bool) []*spec.Param {
	for _, name := range pathVariables(path.Value) {
		known := func(p *spec.Param) bool {
			return p.Name.Value == name && (p.In.Value == "path" || p.In.Value == "environment")
		}
		if bound[name] || !plainName.MatchString(name) || slices.ContainsFunc(params, known) {
			continue
		}
		params = append(slices.Clip(params), &spec.Param{Input: spec.Input{Name: spec.At(path.Pos, name), In: spec.At(path.Pos, "path"), Type: spec.At(path.Pos, "string"), Required: true, Pos: path.Pos}})
	}
	return params
}
