package paging

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// goTo readies the request of the page at an address that an answer holds. Only the
// server that answered is asked, under the scheme that it was asked under, so no
// credential goes elsewhere. An address of the same path keeps the filters that
// the caller asked for; of another path it is taken whole, as it stands for the
// whole question. Errors continue a sentence about the page.
func (w *walk) goTo(address string) error {
	hr, err := request.Build(context.Background(), &w.req)
	if err != nil {
		return err
	}
	next, err := hr.URL.Parse(address)
	if err != nil || !looksLikeAddress(address) {
		return fmt.Errorf("names its next page as %q, which is no address", w.shown(address))
	}
	if next.User != nil || !sameServer(hr.URL, next) {
		return fmt.Errorf("has its next page at %s, which is another server; nothing was sent there", request.Site(next)+next.EscapedPath())
	}
	path := next.EscapedPath()
	for _, at := range [...]*url.URL{hr.URL, next} {
		place := at.EscapedPath() + "?" + at.RawQuery
		if w.seen[place] && at == next {
			return errors.New("leads back to a page that was read already: the server's pages go round in a circle")
		}
		w.seen[place] = true
	}
	if w.linked == nil {
		w.linked = map[string]bool{}
	}
	if _, fixed := operations.SplitQuery(w.req.Op.Path); path != hr.URL.EscapedPath() || fixed != "" {
		w.moveTo(hr.URL, path)
	}
	return w.setQuery(next)
}

// looksLikeAddress reports an address as answers have them: whole, or a path or
// query of their own server. A bare word is a cursor for a parameter that is not
// known.
func looksLikeAddress(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "?")
}

// sameServer reports whether next is on the server that was asked. A server behind
// a proxy often writes its addresses with http where it is asked under https.
func sameServer(asked, next *url.URL) bool {
	if asked.Scheme == "https" && next.Scheme == "http" && next.Port() == "" {
		upgraded := *next
		upgraded.Scheme, next = "https", &upgraded
	}
	return strings.EqualFold(request.Origin(asked), request.Origin(next))
}

// moveTo makes the next request one of another path, with the headers and cookies
// of the one before.
func (w *walk) moveTo(server *url.URL, path string) {
	inAddress := func(p *operations.Param) bool { return p.In != operations.InHeader && p.In != operations.InCookie }
	op := *w.req.Op
	op.Path, op.Params = path, slices.DeleteFunc(slices.Clone(op.Params), inAddress)
	op.Servers = nil // the address is whole
	args := slices.DeleteFunc(slices.Clone(w.req.Args), func(a operations.Arg) bool { return inAddress(a.Param) })
	w.req.Op, w.req.Args, w.req.BaseURL = &op, args, request.Site(server)
	maps.DeleteFunc(w.linked, func(string, bool) bool { return true })
}
