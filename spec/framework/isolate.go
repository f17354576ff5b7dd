package framework

import (
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/spec"
)

// isolate gives imported exposures and aggregates the APIs of their own file, under
// another name where the importing file uses that name for something else. An API
// that their file does not consume they take from the importing file.
func (l *loading) isolate() {
	for _, u := range l.units() {
		for _, op := range calls(u) {
			if namespace, operation, ok := splitCall(op.Call.Value, l.consumedBy(u.File)); ok {
				op.Call = spec.Reworded(op.Call, l.apiOf(u.File, namespace)+"."+operation)
			}
		}
	}
	for _, x := range l.out.Exposures {
		for _, r := range x.Routes {
			if r.Forward != nil {
				r.Forward.Target = spec.Reworded(r.Forward.Target, l.apiOf(x.File, r.Forward.Target.Value))
			}
		}
	}
}

// consumedBy returns the APIs that calls in a file may name.
func (l *loading) consumedBy(file string) []*spec.API {
	if f := l.frames[file]; f != nil && f.hasSection("consumes") {
		return consumesSection.of(f)
	}
	return l.out.APIs
}

// apiOf returns the name of a file's namespace in the whole.
func (l *loading) apiOf(file, namespace string) string {
	f := l.frames[file]
	if f == nil || file == l.out.Name || !f.hasSection("consumes") {
		return namespace
	}
	id := file + "\x00" + namespace
	if name, ok := l.renamed[id]; ok {
		return name
	}
	l.renamed[id] = namespace
	at := slices.IndexFunc(consumesSection.of(f), func(c *spec.API) bool { return c.Namespace.Value == namespace })
	if at < 0 {
		return namespace
	}
	own := consumesSection.of(f)[at]
	if there := slices.IndexFunc(l.out.APIs, func(c *spec.API) bool { return c.Pos == own.Pos }); there >= 0 {
		l.renamed[id] = l.out.APIs[there].Namespace.Value
		return l.renamed[id]
	}
	free := namespace
	for n := 2; l.out.Described(free) != nil; n++ {
		free = fmt.Sprintf("%s~%d", namespace, n)
	}
	l.out.APIs = append(l.out.APIs, consumesSection.as(own, spec.Reworded(own.Namespace, free)))
	l.renamed[id] = free
	return free
}
