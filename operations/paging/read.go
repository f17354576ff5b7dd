package paging

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// listOf finds a page's list: the answer itself (name "") or one property of
// it, by the documented schema, else by the usual names.
func listOf(op *operations.Operation, resp *operations.Response) (items []any, name string, err error) {
	switch v := resp.Value.(type) {
	case []any:
		return v, "", nil
	case map[string]any:
		name, err := listName(op, v)
		if err != nil {
			return nil, "", err
		}
		items, _ := v[name].([]any)
		return items, name, nil
	}
	if resp.DecodeErr != nil {
		return nil, "", fmt.Errorf("cannot be read: %w", resp.DecodeErr)
	}
	return nil, "", errors.New("is not a JSON list or object")
}

func listName(op *operations.Operation, v map[string]any) (string, error) {
	documented := arrayProperties(op.Result())
	if len(documented) == 1 {
		return documented[0], checkList(op.Result(), documented[0], v)
	}
	var lists []string
	for name, field := range v {
		if _, ok := field.([]any); ok {
			lists = append(lists, name)
		}
	}
	for _, name := range []string{"data", "items", "results", "values", "records", "entries"} {
		if slices.Contains(lists, name) {
			return name, nil
		}
	}
	if len(lists) != 1 {
		return "", errors.New("holds no list, or several and none that is documented")
	}
	return lists[0], nil
}

// checkList refuses a documented list that is none. Some servers write null, or
// nothing, for no items; not where the document promises a list.
func checkList(s *operations.Schema, name string, v map[string]any) error {
	field, there := v[name]
	list := s.Property(name)
	_, isList := field.([]any)
	switch {
	case isList:
		return nil
	case field != nil:
		return fmt.Errorf("holds no list: %q is something else", name)
	case !slices.Contains(s.Flatten().Required, name), there && list != nil && slices.Contains(list.Types, "null"):
		return nil
	case there:
		return fmt.Errorf("has null for %q, which its document promises to be a list", name)
	}
	return fmt.Errorf("lacks %q, which its document promises", name)
}

// lookup follows object members.
func lookup(v any, path []string) (any, bool) {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// firstAt returns the text of the first scalar at one of the paths, "" when
// there is none.
func firstAt(v any, paths [][]string) string {
	for _, path := range paths {
		if found, ok := lookup(v, path); ok {
			if text, err := jsonvalue.Text(found); err == nil && text != "" {
				return text
			}
		}
	}
	return ""
}

// integer reads a whole number however it was decoded or typed.
func integer(v any) (int, bool) {
	if n, ok := jsonvalue.Exact(v); ok {
		v = n // 2.0 and 2e0 are 2
	}
	text, err := jsonvalue.Text(v)
	if err != nil {
		return 0, false
	}
	var n int
	_, err = fmt.Sscanf(text, "%d", &n)
	return n, err == nil && fmt.Sprint(n) == text
}

var totalPages = [][]string{{"total_pages"}, {"totalPages"}, {"meta", "total_pages"}, {"meta", "totalPages"}, {"pagination", "total_pages"}, {"pagination", "totalPages"}, {"page_count"}}

// decides reports whether a place of the pages, as [Response.Repeated] has it, is
// one that the walk reads: the list, or the marks of whether and where it goes on.
func (w *walk) decides(place string) bool {
	var reads [][]string
	if w.list != "" {
		reads = slices.Concat([][]string{{w.list}}, moreFlags, moreNames, w.next)
	}
	if w.style == byNumber && w.list != "" {
		reads = append(reads, totalPages...)
	}
	if w.style == byLastID {
		reads = append(reads, strings.Split(strings.TrimPrefix(w.list+".id", "."), "."))
	}
	return place == "" || slices.ContainsFunc(reads, func(path []string) bool {
		return strings.HasPrefix(strings.Join(path, ".")+".", place+".")
	})
}

func placeText(place string) string {
	if place == "" {
		return "many names"
	}
	return strconv.Quote(place)
}

// moreFlags are where an answer states outright whether there are further pages.
var moreFlags = [][]string{{"has_more"}, {"hasMore"}, {"meta", "has_more"}, {"pagination", "has_more"}, {"page_info", "has_next_page"}, {"pageInfo", "hasNextPage"}}

// moreNames are members that name the next page, or are null when there is none.
var moreNames = [][]string{{"next"}, {"next_page"}, {"nextPage"}, {"links", "next"}, {"meta", "next_page"}, {"pagination", "next_page"}}

// saysMore and saysLast read an answer's own word on further pages.
func saysMore(v any) bool { more, ok := moreFlag(v); return ok && more }
func saysLast(v any) bool { more, ok := moreFlag(v); return ok && !more }

func moreFlag(v any) (more, ok bool) {
	for _, path := range moreFlags {
		if flag, found := lookup(v, path); found {
			if more, ok = flag.(bool); ok {
				return more, true
			}
		}
	}
	for _, path := range moreNames {
		if next, found := lookup(v, path); found {
			return next != nil && next != "", true
		}
	}
	return false, false
}

// nextLink finds the target of rel="next" in the Link headers (RFC 8288).
func nextLink(h http.Header) (string, bool) {
	for _, header := range h.Values("Link") {
		for header != "" {
			_, rest, found := strings.Cut(header, "<")
			if !found {
				break
			}
			target, params, closed := strings.Cut(rest, ">")
			if !closed {
				break
			}
			// The parameters end where the next link begins.
			mine, _, _ := strings.Cut(params, "<")
			if isNext(mine) {
				return target, true
			}
			header = params
		}
	}
	return "", false
}

// isNext reports whether link parameters hold the relation "next", which may
// stand among others and in any case.
func isNext(params string) bool {
	for _, param := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		value = strings.Trim(strings.TrimRight(strings.TrimSpace(value), ", "), `"`)
		for _, rel := range strings.Fields(value) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}

// saysLastFlag reads the outright flags alone: an address is its own word.
func saysLastFlag(v any) bool {
	for _, path := range moreFlags {
		if flag, found := lookup(v, path); found && flag == false {
			return true
		}
	}
	return false
}
