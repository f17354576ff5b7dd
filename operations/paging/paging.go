// Package paging reads lists whole, page by page. Start with [All].
package paging

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// MaxPages is the page cap of [All] when none is given.
const MaxPages = 1000

// Options shape a walk. The zero value and nil are the defaults.
type Options struct {
	// MaxPages is the page cap; 0 means [MaxPages].
	MaxPages int
	// Keep returns the part of a page's Value that is kept; nil keeps all of it. A
	// walk keeps nothing else of a page that it has passed, but it reads, compares and
	// counts pages as they came. An item that is kept must be at its place in its
	// list, and the list at its own in the page.
	Keep func(page any) any
}

// All sends req, then again for each further page, and returns one Response
// with the items of all pages as its Value: the list itself, or the last page's
// object with its list replaced. Body is that Value as JSON, or with Options.Keep
// the last page's; Attempts and Duration are sums. A page of a status other than 2xx ends the walk and is
// returned as it is.
//
// How to page is read from the operation, see [Supported]; a Link header with
// rel="next" is followed where there is one, on the same server and path only, an
// address in the answer on the same server. It is an error when the operation does not page, when a page repeats the
// cursor or content of an earlier one, and when more than
// Options.MaxPages would be needed: a part is never passed off as the whole.
func All(ctx context.Context, call operations.Caller, req *operations.Request, opts *Options) (*operations.Response, error) {
	p := pagingOf(req.Op)
	if p.style == notPaged {
		return nil, unpageable(req)
	}
	o := *cmp.Or(opts, &Options{})
	maxPages := cmp.Or(max(o.MaxPages, 0), MaxPages)
	w := newWalk(p, req)
	w.keep = o.Keep
	for page := 1; ; page++ {
		resp, err := call(ctx, &w.req)
		if err != nil || resp.Status < 200 || resp.Status > 299 {
			return resp, err
		}
		if w.req.BaseURL == "" {
			w.req.BaseURL = resp.BaseURL // a Caller may choose the server
		}
		more, err := w.add(resp)
		if err != nil {
			return nil, w.fail(resp, "page %d %v", page, err)
		}
		if !more {
			return w.result(resp)
		}
		if page == maxPages {
			return nil, w.tooMany(resp, page)
		}
	}
}

// walk is the state of one walk through the pages.
type walk struct {
	paging
	req  operations.Request // of the next page
	seen map[string]bool    // cursors and links
	// linked holds the parameters that a Link header brought in, nil while there
	// was none.
	linked map[string]bool
	list   string // where the first page has its list, "" for the page itself
	pages  int
	// repeated is Response.Repeated of all pages.
	repeated []string
	last     []byte // previous page's body
	keep     func(page any) any
	page     any // the last one, as it is kept
	items    []any
	count    int // of all items, kept or not

	attempts int
	took     time.Duration
}

func newWalk(p paging, req *operations.Request) *walk {
	w := &walk{paging: p, req: *req, seen: map[string]bool{}, items: []any{}}
	if p.param == nil {
		return w
	}
	if v := req.Arg(operations.InQuery, p.param.Name); v != nil {
		w.seen[fmt.Sprint(v)] = true // a walk may start in the middle
	}
	return w
}

// add takes a page in and readies the request of the next, if there is one.
// Errors continue a sentence about the page.
func (w *walk) add(resp *operations.Response) (more bool, err error) {
	items, name, err := listOf(w.req.Op, resp)
	switch {
	case err != nil:
		return false, err
	case w.pages == 0:
		w.list = name
	case w.list != name:
		return false, fmt.Errorf("is of another form than the pages before it, whose list was %s", listPlace(w.list))
	}
	for _, place := range resp.Repeated {
		if w.decides(place) {
			return false, fmt.Errorf("has %s twice in one object: JSON does not define which value counts, so it is not certain what follows", placeText(place))
		}
	}
	w.pages++
	if counts := w.style == byNumber || w.style == byOffset; counts && len(items) > 0 && bytes.Equal(w.last, resp.Body) {
		return false, fmt.Errorf("repeats the page before it: the server ignores %q", w.param.Name)
	}
	w.last = resp.Body
	w.count += len(items)
	w.collect(resp.Value, items)
	for _, place := range resp.Repeated {
		if !slices.Contains(w.repeated, place) {
			w.repeated = append(w.repeated, place)
		}
	}
	w.attempts += resp.Attempts
	w.took += resp.Duration

	if link, ok := nextLink(resp.Header); ok {
		return true, w.follow(link)
	}
	next, more, err := w.nextValue(resp, items)
	if err == nil && !more && saysMore(resp.Value) {
		err = errors.New("says that more follows, and not where")
	}
	if err != nil || !more {
		return false, err
	}
	if w.style == byURL {
		return true, w.goTo(fmt.Sprint(next))
	}
	if key := fmt.Sprint(next); w.style == byCursor || w.style == byLastID {
		if w.seen[key] {
			return false, fmt.Errorf("leads back to a page that was read already (cursor %q): the server's pages go round in a circle", w.shown(key))
		}
		w.seen[key] = true
	}
	w.set(w.param, next)
	return true, nil
}

// collect takes in what is kept of a page with these items. A page without its list
// has an empty one.
func (w *walk) collect(page any, items []any) {
	if items == nil {
		page = w.withList(page, []any{})
	}
	if w.page = page; w.keep != nil {
		w.page = w.keep(page)
	}
	kept, _ := w.listIn(w.page)
	w.items = append(w.items, kept...)
}

// listIn returns the list of a page, if the page still has it.
func (w *walk) listIn(page any) (items []any, ok bool) {
	if w.list != "" {
		object, _ := page.(map[string]any)
		page = object[w.list]
	}
	items, ok = page.([]any)
	return items, ok
}

// withList returns the page with another list in its place.
func (w *walk) withList(page any, items []any) any {
	if w.list == "" {
		return items
	}
	object := maps.Clone(page.(map[string]any))
	object[w.list] = items
	return object
}

func listPlace(name string) string {
	if name == "" {
		return "the page itself"
	}
	return strconv.Quote(name)
}

// set gives the next request one argument, on a fresh list.
func (w *walk) set(p *operations.Param, v any) {
	args := slices.DeleteFunc(slices.Clone(w.req.Args), func(a operations.Arg) bool { return a.Param.In == p.In && a.Param.Name == p.Name })
	w.req.Args = append(args, operations.Arg{Param: p, Value: v})
}

// nextValue finds the value of the moving parameter for the next page; an
// error continues a sentence about the page.
func (w *walk) nextValue(resp *operations.Response, items []any) (next any, more bool, err error) {
	switch w.style {
	case byURL:
		address := firstAt(resp.Value, w.next)
		return address, address != "" && !saysLastFlag(resp.Value), nil
	case byCursor:
		cursor := firstAt(resp.Value, w.next)
		if cursor == "" && saysMore(resp.Value) {
			return nil, false, errors.New("says that more follows and holds no cursor")
		}
		return cursor, cursor != "" && !saysLast(resp.Value), nil
	case byLastID:
		if !w.goesOn(resp, items) {
			return nil, false, nil
		}
		id := firstAt(items[len(items)-1], [][]string{{"id"}})
		if id == "" {
			return nil, false, errors.New("ends in an item without an id, which the next page would need")
		}
		return id, true, nil
	case byNumber:
		n := w.current(1)
		if total, known := integer(firstAt(resp.Value, totalPages)); known && !saysMore(resp.Value) {
			return n + 1, n < total && !saysLast(resp.Value), nil
		}
		return n + 1, w.goesOn(resp, items), nil
	default:
		return w.current(0) + len(items), w.goesOn(resp, items), nil
	}
}

// goesOn judges a page without a cursor: it is the last if it is marked so, is
// empty, or has fewer items than were asked for. Link headers that name no next
// page mark it too, and so does their absence after pages that had one.
func (w *walk) goesOn(resp *operations.Response, items []any) bool {
	switch {
	case len(items) == 0 || saysLast(resp.Value) || w.linked != nil:
		return false
	case saysMore(resp.Value):
		return true
	}
	return len(resp.Header.Values("Link")) == 0 && !w.isShort(items)
}

// isShort reports a page with fewer items than were asked for.
func (w *walk) isShort(items []any) bool {
	if w.size == nil {
		return false
	}
	n, ok := integer(w.req.Arg(operations.InQuery, w.size.Name))
	return ok && len(items) < n
}

// current is the moving parameter's value in the last request, or its value
// when not sent: its default, else first.
func (w *walk) current(first int) int {
	if n, ok := integer(w.req.Arg(operations.InQuery, w.param.Name)); ok {
		return n
	}
	if s := w.param.Schema; s != nil && s.HasDefault {
		if n, ok := integer(s.Default); ok {
			return n
		}
	}
	return first
}

// follow takes the next request's arguments from a Link header's URL.
func (w *walk) follow(link string) error {
	hr, err := request.Build(context.Background(), &w.req)
	if err != nil {
		return err
	}
	next, err := hr.URL.Parse(link)
	if err != nil {
		return errors.New("has a Link header that is not a URL")
	}
	if request.Origin(next) != request.Origin(hr.URL) || next.EscapedPath() != hr.URL.EscapedPath() {
		return fmt.Errorf("links to its next page at %s, which is another server or path; nothing was sent there", request.Site(next)+next.EscapedPath())
	}
	if w.seen[next.RawQuery] {
		return errors.New("links back to a page that was read already: the server's pages go round in a circle")
	}
	w.seen[next.RawQuery] = true
	if w.linked == nil {
		w.linked = map[string]bool{}
	}
	return w.setQuery(next)
}

// setQuery takes over the query of a link, as plain text: each name may be a
// parameter that the operation documents or one only the server knows. The
// filters that the caller asked for stay, so that a link cannot widen a filter.
func (w *walk) setQuery(next *url.URL) error {
	query, err := url.ParseQuery(next.RawQuery)
	if err != nil {
		return errors.New("leads to an address whose query is broken")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !w.moves(name) && !w.linked[name] && w.given(name) {
			continue
		}
		w.linked[name] = true
		values := make([]any, len(query[name]))
		for i, v := range query[name] {
			values[i] = v
		}
		w.set(&operations.Param{Name: name, In: operations.InQuery, Schema: &operations.Schema{}, Style: "form", Explode: true}, values)
	}
	return nil
}

// moves reports a parameter that moves on to the next page. Of an answer that
// holds an address it may be any that pages are asked for with.
func (w *walk) moves(name string) bool {
	if w.param != nil {
		return name == w.param.Name
	}
	return slices.Contains(movers[:], name) || slices.ContainsFunc(cursorParams, func(c cursorParam) bool { return c.name == name })
}

func (w *walk) given(name string) bool {
	return slices.ContainsFunc(w.req.Args, func(a operations.Arg) bool { return a.Param.In == operations.InQuery && a.Param.Name == name })
}

// result makes the one response of all pages from the last.
func (w *walk) result(last *operations.Response) (_ *operations.Response, err error) {
	r := *last
	r.Value, r.Attempts, r.Duration, r.Repeated = w.page, w.attempts, w.took, w.repeated
	if _, listed := w.listIn(w.page); listed && w.pages > 1 {
		r.Value = w.withList(w.page, w.items)
	}
	if w.keep == nil && (w.pages > 1 || w.count == 0) {
		r.Body, err = jsonvalue.Encode(r.Value)
	}
	return &r, err
}
