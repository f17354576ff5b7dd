package consumed

import (
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Adopt returns the operations of an API that a file sketches: of an operation that
// the document has, too, everything but the name is the document's, and the other
// operations of the document are there under their ids. own are those of the file,
// as [Set] makes them. They are sent to the file's server with the file's credential,
// where it gives them.
func (d *Documented) Adopt(c *spec.API, own, doc *operations.Set) *operations.Set {
	m := &maker{api: c}
	a := &adopted{doc: doc, finder: newFinder(c, doc), servers: m.server(), security: m.authentication()}
	if !c.BaseURI.IsSet() {
		a.finder.base = nil
	}
	byID := map[string]operations.Summary{}
	for _, s := range a.finder.summaries {
		byID[s.ID] = s
	}
	known := map[string]bool{}
	for _, op := range own.Summaries() {
		known[op.ID] = true
		if like := d.Operation(op.ID); like != nil {
			known[like.ID] = true
			a.add(op.ID, byID[like.ID])
			continue
		}
		sketched, _ := own.Lookup(op.ID)
		a.about.Operations = append(a.about.Operations, op)
		a.ops = append(a.ops, func() *operations.Operation { return sketched })
	}
	for _, s := range a.finder.summaries {
		if !known[s.ID] {
			a.add(s.ID, s)
		}
	}
	a.about.API, a.about.Title, a.about.Version = c.Namespace.Value, doc.Title(), doc.Version()
	return operations.NewSet(a.about, a)
}

// adopted are operations of a document as those of an API that a file sketches.
type adopted struct {
	about    operations.SetInfo
	ops      []func() *operations.Operation
	doc      *operations.Set
	finder   *finder
	servers  []operations.Server
	security []operations.Requirement
}

// add adds an operation of the document under a name, made when it is wanted.
func (a *adopted) add(name string, summary operations.Summary) {
	id := summary.ID
	summary.ID = name
	a.about.Operations = append(a.about.Operations, summary)
	a.ops = append(a.ops, sync.OnceValue(func() *operations.Operation {
		op, _ := a.doc.Lookup(id)
		out := *op
		out.API, out.ID = a.finder.api.Namespace.Value, name
		if a.finder.api.BaseURI.IsSet() {
			out.Path, out.Servers = a.finder.below(op), a.servers
		}
		if a.security != nil {
			out.Security = a.security
		}
		return &out
	}))
}

// below returns the path of a document's operation below the file's base URI.
func (f *finder) below(op *operations.Operation) string {
	path, query, asked := strings.Cut(op.Path, "?")
	if asked {
		query = "?" + query
	}
	for _, server := range serverPaths(op) {
		full := slices.Concat(server, Segments(path))
		if len(f.base) <= len(full) && slices.Equal(full[:len(f.base)], f.base) && len(server) != len(f.base) {
			return "/" + strings.Join(full[len(f.base):], "/") + query
		}
	}
	return op.Path
}

func (a *adopted) Operation(i int) *operations.Operation { return a.ops[i]() }

func (a *adopted) Schemes() []operations.SchemeUse {
	if a.security == nil {
		all, _ := a.doc.Schemes()
		return all
	}
	return slices.Clone(a.security[0])
}

func (a *adopted) Subset([]int) []byte { return nil }
