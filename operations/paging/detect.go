package paging

import (
	"slices"

	"github.com/capstan-run/capstan/operations"
)

// pageStyle is how an operation is asked for its next page.
type pageStyle int

const (
	notPaged pageStyle = iota
	byCursor           // a parameter takes a token from the answer
	byLastID           // a parameter takes the id of the last item
	byNumber           // a parameter counts pages
	byOffset           // a parameter counts items
	byURL              // the answer holds the address of the next page
)

// paging is an operation's way of paging: the parameter that moves on, where
// the answer has its next value, and the parameter for a page's size.
type paging struct {
	style pageStyle
	param *operations.Param // nil where the answer holds an address
	next  [][]string        // paths into the answer, tried in turn
	size  *operations.Param // nil when there is none
}

// Supported reports whether [All] knows how to page through op: a GET with a
// query parameter that by its name is a cursor, page number or offset, or with the
// address of the next page in its documented answer, and an answer that is a list
// or an object with one.
func Supported(op *operations.Operation) bool { return pagingOf(op).style != notPaged }

type cursorParam struct {
	name string
	next [][]string
}

// movers are the names of other parameters that move on to a page.
var movers = [...]string{"starting_after", "startingAfter", "page", "page_number", "pageNumber", "offset", "skip", "start"}

// cursorParams are the parameter names of cursors with where their value comes
// from, as published by the APIs that use them.
var cursorParams = []cursorParam{
	{"after", [][]string{{"list_metadata", "after"}, {"listMetadata", "after"}, {"metadata", "after"}, {"meta", "after"}, {"pagination", "after"}, {"paging", "next", "after"}, {"paging", "cursors", "after"}, {"page_info", "end_cursor"}, {"pageInfo", "endCursor"}, {"next_cursor"}, {"after"}}},
	{"cursor", [][]string{{"next_cursor"}, {"nextCursor"}, {"response_metadata", "next_cursor"}, {"meta", "next_cursor"}, {"metadata", "next_cursor"}, {"pagination", "next_cursor"}, {"pagination", "nextCursor"}, {"paging", "next_cursor"}, {"links", "next_cursor"}, {"cursor", "next"}, {"cursors", "next"}, {"page_info", "end_cursor"}, {"pageInfo", "endCursor"}, {"cursor"}}},
	{"next_cursor", [][]string{{"next_cursor"}, {"meta", "next_cursor"}}},
	{"page_token", [][]string{{"next_page_token"}, {"nextPageToken"}, {"meta", "next_page_token"}, {"pagination", "next_page_token"}}},
	{"pageToken", [][]string{{"nextPageToken"}, {"next_page_token"}}},
	{"next_token", [][]string{{"next_token"}, {"nextToken"}, {"meta", "next_token"}}},
	{"nextToken", [][]string{{"nextToken"}, {"next_token"}}},
	{"pagination_token", [][]string{{"meta", "next_token"}, {"pagination_token"}, {"next_token"}}},
	{"continuation_token", [][]string{{"continuation_token"}, {"next_continuation_token"}}},
	{"continuationToken", [][]string{{"continuationToken"}, {"nextContinuationToken"}}},
	{"page_cursor", [][]string{{"next_page_cursor"}, {"next_cursor"}}},
}

// nextURLs are the members of answers that hold the address of the next page.
var nextURLs = [][]string{
	{"next"}, {"next_url"}, {"nextUrl"}, {"next_page_url"}, {"nextPageUrl"}, {"next_page_uri"}, {"nextPageUri"}, {"next_page"}, {"nextPage"}, {"next_href"},
	{"nextLink"}, {"next_link"}, {"@odata.nextLink"}, {"nextRecordsUrl"},
	{"links", "next"}, {"links", "next", "href"}, {"_links", "next"}, {"_links", "next", "href"}, {"paging", "next"}, {"pagination", "next"}, {"pagination", "next_url"},
	{"meta", "next"}, {"meta", "next_url"}, {"meta", "next_page_url"}, {"page_info", "next"},
}

func pagingOf(op *operations.Operation) paging {
	if op.Method != "GET" || !answersList(op) {
		return paging{}
	}
	p := paging{size: firstParam(op, "limit", "per_page", "perPage", "page_size", "pageSize", "page_limit", "max_results", "maxResults", "count", "size")}
	for _, c := range cursorParams {
		param := op.Param(operations.InQuery, c.name)
		if param == nil {
			continue
		}
		if next := documentedPaths(op.Result(), c.next); len(next) > 0 {
			p.style, p.param, p.next = byCursor, param, next
			return p
		}
	}
	if p.param = firstParam(op, "starting_after", "startingAfter"); p.param != nil {
		p.style = byLastID
	} else if p.param = firstParam(op, "page", "page_number", "pageNumber"); p.param != nil && takesInteger(p.param) {
		p.style = byNumber
	} else if p.param = firstParam(op, "offset", "skip", "start"); p.param != nil && takesInteger(p.param) {
		p.style = byOffset
	} else if p.next = promisedTexts(op.Result(), nextURLs); len(p.next) > 0 {
		p.style, p.param = byURL, nil
	}
	return p
}

// promisedTexts keeps the paths that the schema documents member by member and
// that may end in a text.
func promisedTexts(s *operations.Schema, paths [][]string) [][]string {
	return slices.DeleteFunc(slices.Clone(paths), func(path []string) bool {
		at := s
		for _, name := range path {
			if at = at.Property(name); at == nil {
				return true
			}
		}
		return !at.Is("string")
	})
}

func firstParam(op *operations.Operation, names ...string) *operations.Param {
	for _, name := range names {
		if p := op.Param(operations.InQuery, name); p != nil {
			return p
		}
	}
	return nil
}

func takesInteger(p *operations.Param) bool {
	return p.Schema == nil || len(p.Schema.Types) == 0 || slices.Contains(p.Schema.Types, "integer") || slices.Contains(p.Schema.Types, "number")
}

// answersList reports whether the documented answer is a list or holds one; an
// undocumented one may.
func answersList(op *operations.Operation) bool {
	s := op.Result()
	return s == nil || isArray(s) || len(arrayProperties(s)) > 0 || s.Open && len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0
}

func isArray(s *operations.Schema) bool {
	return s != nil && slices.Contains(s.Flatten().Types, "array")
}

// arrayProperties names the properties that are lists, through compositions.
func arrayProperties(s *operations.Schema) []string {
	var names []string
	s.Any(func(part *operations.Schema) bool {
		for _, p := range part.Properties {
			if isArray(p.Schema) {
				names = append(names, p.Name)
			}
		}
		return false
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// documentedPaths keeps the paths that an answer of schema s can hold. A cursor
// parameter with a next value that is documented nowhere would end a walk after its
// first page, so it does not count.
func documentedPaths(s *operations.Schema, paths [][]string) [][]string {
	var out [][]string
	for _, path := range paths {
		if mayHold(s, path) {
			out = append(out, path)
		}
	}
	return out
}

func mayHold(s *operations.Schema, path []string) bool {
	if s == nil || len(path) == 0 {
		return true
	}
	return s.Any(func(part *operations.Schema) bool {
		if isArray(part) {
			return false
		}
		i := slices.IndexFunc(part.Properties, func(p operations.Property) bool { return p.Name == path[0] })
		if i >= 0 {
			return mayHold(part.Properties[i].Schema, path[1:])
		}
		bare := len(part.Properties)+len(part.AllOf)+len(part.OneOf)+len(part.AnyOf) == 0
		return bare && (part.Open || len(part.Types) == 0)
	})
}
