package paging

import (
	"fmt"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// unpageable is the error of a walk that cannot begin. It names no server: the
// Caller may choose another than the document's.
func unpageable(req *operations.Request) error {
	e := operations.NewError(req, operations.ReasonPagination, nil, "operation %q has no pagination that Capstan knows (a cursor, page or offset parameter or the address of the next page, and a list in its answer); call it without all", req.Op.ID)
	e.URL = req.Op.Path
	return e
}

// fail ends a walk at the answer that does not fit.
func (w *walk) fail(resp *operations.Response, format string, args ...any) error {
	e := operations.NewError(&w.req, operations.ReasonPagination, nil, format, args...)
	e.Phase, e.Status, e.RequestID = operations.Sent, resp.Status, resp.RequestID
	return e
}

// tooMany ends a walk at the page cap. It names how far the walk came and where
// it would go on.
func (w *walk) tooMany(resp *operations.Response, pages int) error {
	next := ""
	if w.param == nil {
		next = ", the next begins elsewhere"
	} else if v := w.req.Arg(operations.InQuery, w.param.Name); v != nil {
		next = fmt.Sprintf(", the next begins at %s=%s", w.param.Name, w.shown(fmt.Sprint(single(v))))
	}
	larger := ""
	if w.size != nil {
		larger = fmt.Sprintf(", ask for larger pages with %q", w.size.Name)
	}
	return w.fail(resp, "the list goes on after %s, the most that may be read (%s%s); narrow it with a filter%s, or allow more pages: --max-pages, or maxPages in .capstan.yaml",
		words.Count(pages, "page", "pages"), words.Count(w.count, "item", "items"), next, larger)
}

// shown is a cursor within a message.
func (w *walk) shown(cursor string) string {
	return operations.OneLine(operations.Redactors{w.req.Redactor}.String(cursor), 100)
}

// single is the value of a list of one, as a link's query brings them.
func single(v any) any {
	if list, ok := v.([]any); ok && len(list) == 1 {
		return list[0]
	}
	return v
}
