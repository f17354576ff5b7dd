package load

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// found is a document of the repository that fits an API. index is the apis.yml that
// lists it, "" for none.
type found struct{ path, why, index string }

// fit is how well a document of the repository fits an API.
type fit struct {
	*candidate
	name       int  // 2: equal, 1: one begins with the other
	server     bool // it has the API's host
	all        bool // it has all operations that the file names
	has        int  // how many of them; of a described API, that have the same name
	exact      int  // of a described API: operations with server and path
	near       int  // and those with the path alone
	documented *consumed.Documented
	set        *operations.Set
}

// nameFit compares the name of an API with those of a document.
func nameFit(c *candidate, api string) int {
	name, best := slugOf(api), 0
	for _, n := range c.names {
		switch {
		case name == "" || n == "":
		case n == name:
			return 2
		case strings.HasPrefix(n, name+"-") || strings.HasPrefix(name, n+"-"):
			best = 1
		}
	}
	return best
}

// serverFit reports whether a document has a server on the host of a base URL.
func serverFit(c *candidate, base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || strings.Contains(u.Host, "{") {
		return false
	}
	return slices.ContainsFunc(c.hosts, func(server string) bool {
		host, _, _ := strings.Cut(server, "/")
		pattern := operations.Expand(host, strings.Clone, func(string) string { return "*" })
		ok, err := path.Match(pattern, strings.ToLower(u.Host))
		return ok && err == nil && strings.Trim(pattern, "*.") != ""
	})
}

// search finds the document of an API that the file only names: in the nearest
// folder upwards that has one which fits.
func (d *documents) search(name string, ids []string, base string) (*found, error) {
	for _, at := range d.upwards() {
		var fits []fit
		for _, c := range d.shared.in(d.within, at) {
			f := fit{candidate: c, name: nameFit(c, name), server: serverFit(c, base)}
			for _, id := range ids {
				if _, ok := slices.BinarySearch(c.ids, id); ok {
					f.has++
				}
			}
			f.all = f.has == len(ids) && f.has > 0
			if f.fits(name, len(ids)) {
				fits = append(fits, f)
			}
		}
		best, err := best(fits, name)
		if best != nil {
			return &found{best.path, best.why(len(ids)), best.index}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// fits reports whether a document may be that of an API which the file only names.
// A document that is built in has no rival but one of the same name.
func (f *fit) fits(name string, ids int) bool {
	if slices.Contains(catalog.Builtins(), name) {
		return f.name == 2
	}
	return f.all || f.name == 2 || (f.name == 1 || f.server) && f.has > 0
}

// order sorts fits, the best first.
func order(a, b fit) int {
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(b.exact, a.exact), cmp.Compare(b.near, a.near),
		cmp.Compare(yes(b.all), yes(a.all)), cmp.Compare(b.name/2, a.name/2), cmp.Compare(b.has, a.has),
		cmp.Compare(yes(b.server), yes(a.server)), cmp.Compare(b.name, a.name), cmp.Compare(yes(b.index != ""), yes(a.index != "")),
	)
}

// best returns the one that fits best; two that fit equally, and are not the same
// text, are an error.
func best(fits []fit, api string) (*fit, error) {
	if len(fits) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(fits, order)
	var equal []string
	for _, f := range fits {
		if order(f, fits[0]) == 0 && (f.hash != fits[0].hash || f.path == fits[0].path) {
			equal = append(equal, f.path)
		}
	}
	if len(equal) == 1 {
		return &fits[0], nil
	}
	return nil, &spec.FileError{
		Code:    "ambiguous-document",
		Message: fmt.Sprintf("%d OpenAPI documents of the repository fit the API %q equally: %s", len(equal), api, strings.Join(equal, ", ")),
		Hint:    fmt.Sprintf("choose one with --openapi %s=%s, or name it in .capstan.yaml", api, equal[0]),
	}
}

// why is the reason why the document was chosen.
func (f *fit) why(ids int) string {
	var out []string
	switch {
	case f.name == 2:
		out = append(out, "it has the name of the API")
	case f.server:
		out = append(out, "it has the server of the API")
	case f.name == 1:
		out = append(out, "its name begins as that of the API")
	}
	switch n := f.exact + f.near; {
	case n > 0:
		out = append(out, fmt.Sprintf("%d of the operations", n))
	case f.all && ids == 1:
		out = append(out, "it has the operation that the file names")
	case f.all:
		out = append(out, fmt.Sprintf("it has all %d operations that the file names", ids))
	}
	if f.index != "" {
		out = append(out, "listed in "+f.index)
	}
	return strings.Join(out, ", ")
}

// maxTried bounds the documents that are compiled to find that of one API.
const maxTried = 4

// searchDescribed finds the document of an API that the file describes: one with its
// name or its server, which has its operations.
func (d *documents) searchDescribed(ctx context.Context, c *spec.API) (*fit, error) {
	for _, at := range d.upwards() {
		var fits []fit
		for _, f := range d.likely(at, c) {
			if len(fits) >= maxTried {
				break
			}
			doc, err := d.shared.compile(ctx, d.within, f.path)
			if err != nil {
				continue // a document that cannot be read is no document of this API
			}
			if f.set, err = doc.Set(c.Namespace.Value); err != nil {
				continue
			}
			f.documented = consumed.Match(c, f.set)
			f.exact, f.near = f.documented.Exact, f.documented.Near
			if f.name == 0 {
				f.near = 0
			}
			f.has = f.documented.SameNames()
			if f.exact+f.near > 0 {
				fits = append(fits, f)
			}
		}
		if best, err := best(fits, c.Namespace.Value); best != nil || err != nil {
			return best, err
		}
	}
	return nil, nil
}

// likely returns the documents of a folder that may be that of an API, those with
// the most of its paths first.
func (d *documents) likely(at string, c *spec.API) []fit {
	var out []fit
	paths := map[*candidate]int{}
	for _, doc := range d.shared.in(d.within, at) {
		f := fit{candidate: doc, name: nameFit(doc, c.Namespace.Value), server: serverFit(doc, c.BaseURI.Value)}
		if f.name == 0 && !f.server {
			continue
		}
		for _, op := range c.Operations {
			if doc.mayHave(c, op) {
				paths[doc]++
			}
		}
		if paths[doc] > 0 {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b fit) int {
		return cmp.Or(cmp.Compare(paths[b.candidate], paths[a.candidate]), order(a, b))
	})
	return out
}

// mayHave reports whether a document has the path of an operation, or the end of it
// below a longer base. One that lacks a place for a parameter has no path of its own.
func (c *candidate) mayHave(api *spec.API, op *spec.ConsumedOperation) bool {
	own := route(op.Path.Value)
	full := own
	if u, err := url.Parse(api.BaseURI.Value); err == nil {
		full = strings.TrimSuffix(route(u.Path), "/") + own
	}
	for rest := full; rest != ""; {
		if c.routes[rest] {
			return true
		}
		next := strings.IndexByte(rest[1:], '/')
		if next < 0 {
			break
		}
		rest = rest[1+next:]
	}
	for p := range c.routes { // "/books/{}" may be what "/books" was to be
		if strings.ReplaceAll(p, "/{}", "") == strings.ReplaceAll(own, "/{}", "") {
			return true
		}
	}
	return false
}
