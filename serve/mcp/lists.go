package mcp

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// pageSize is how many entries one answer to a list request has at most.
const pageSize = 500

func (r *request) list() *listJSON {
	return &listJSON{resultJSON: r.keepable(r.offer.TTL.Milliseconds(), r.offer.scope)}
}

// The parameters of a list request may be a nil pointer.

func (r *request) listTools(params *sdk.ListToolsParams) (_ sdk.Result, err error) {
	all := make([]toolJSON, len(r.offer.served))
	for i, t := range r.offer.served {
		all[i] = t.json(r.modern)
	}
	res := r.list()
	res.Tools, err = pageOf(all, cmp.Or(params, &sdk.ListToolsParams{}).Cursor, func(t toolJSON) string { return t.Name }, &res.NextCursor)
	return res, err
}

func (r *request) listResources(ctx context.Context, params *sdk.ListResourcesParams) (_ sdk.Result, err error) {
	all := []Resource{}
	for _, entry := range r.offer.Resources {
		files := []Resource{entry}
		if entry.List != nil {
			if files, err = entry.List(ctx); err != nil {
				return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: fmt.Sprintf("cannot list %q: %v", entry.URI, err)}
			}
		}
		for _, f := range files {
			f.Name = cmp.Or(f.Name, f.URI)
			all = append(all, f)
		}
	}
	res := r.list()
	res.Resources, err = pageOf(all, cmp.Or(params, &sdk.ListResourcesParams{}).Cursor, func(f Resource) string { return f.URI }, &res.NextCursor)
	return res, err
}

func (r *request) listTemplates(params *sdk.ListResourceTemplatesParams) (_ sdk.Result, err error) {
	all := append([]Template{}, r.offer.Templates...)
	for i := range all {
		all[i].Name = cmp.Or(all[i].Name, all[i].URITemplate)
	}
	res := r.list()
	res.Templates, err = pageOf(all, cmp.Or(params, &sdk.ListResourceTemplatesParams{}).Cursor, func(t Template) string { return t.URITemplate }, &res.NextCursor)
	return res, err
}

func (r *request) listPrompts(params *sdk.ListPromptsParams) (_ sdk.Result, err error) {
	res := r.list()
	res.Prompts, err = pageOf(r.offer.Prompts, cmp.Or(params, &sdk.ListPromptsParams{}).Cursor, func(p Prompt) string { return p.Name }, &res.NextCursor)
	return res, err
}

// pageOf cuts out of all the page that cursor points to, and sets next to the
// cursor of the one after it, if any. A cursor is the key of the last entry
// served, so that a list that changes in between loses none that stays.
func pageOf[T any](all []T, cursor string, key func(T) string, next *string) (*[]T, error) {
	start := 0
	if cursor != "" {
		last, err := base64.RawURLEncoding.DecodeString(cursor)
		at := slices.IndexFunc(all, func(entry T) bool { return key(entry) == string(last) })
		if err != nil || at < 0 {
			return nil, invalidParams("unknown cursor: start the list anew")
		}
		start = at + 1
	}
	end := min(start+pageSize, len(all))
	if end < len(all) {
		*next = base64.RawURLEncoding.EncodeToString([]byte(key(all[end-1])))
	}
	page := append([]T{}, all[start:end]...) // an empty list is [], not null
	return &page, nil
}
