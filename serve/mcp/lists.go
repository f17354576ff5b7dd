package mcp

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// pageSize is how many entries one answer to a list request has at most.
const pageSize = 500

func (r *request) list() *listJSON {
	return &listJSON{resultJSON: r.keepable(r.offer.TTL.Milliseconds(), r.offer.scope())}
}

func (r *request) listTools(params *sdk.ListToolsParams) (sdk.Result, error) {
	var cursor string
	if params != nil {
		cursor = params.Cursor
	}
	all := make([]toolJSON, len(r.offer.Tools))
	for i := range r.offer.Tools {
		all[i] = r.offer.Tools[i].json(r.modern)
	}
	res := r.list()
	page, err := pageOf(all, cursor, func(t toolJSON) string { return t.Name }, &res.NextCursor)
	res.Tools = &page
	return res, err
}

func (r *request) listResources(ctx context.Context, params *sdk.ListResourcesParams) (sdk.Result, error) {
	var cursor string
	if params != nil {
		cursor = params.Cursor
	}
	all := []resourceJSON{}
	for i := range r.offer.Resources {
		entry := &r.offer.Resources[i]
		if entry.List == nil {
			all = append(all, entry.json())
			continue
		}
		files, err := entry.List(ctx)
		if err != nil {
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: fmt.Sprintf("cannot list %q: %v", entry.URI, err)}
		}
		for j := range files {
			all = append(all, files[j].json())
		}
	}
	res := r.list()
	page, err := pageOf(all, cursor, func(f resourceJSON) string { return f.URI }, &res.NextCursor)
	res.Resources = &page
	return res, err
}

func (r *request) listTemplates(params *sdk.ListResourceTemplatesParams) (sdk.Result, error) {
	var cursor string
	if params != nil {
		cursor = params.Cursor
	}
	all := make([]templateJSON, len(r.offer.Templates))
	for i := range r.offer.Templates {
		all[i] = r.offer.Templates[i].json()
	}
	res := r.list()
	page, err := pageOf(all, cursor, func(t templateJSON) string { return t.URITemplate }, &res.NextCursor)
	res.Templates = &page
	return res, err
}

func (r *request) listPrompts(params *sdk.ListPromptsParams) (sdk.Result, error) {
	var cursor string
	if params != nil {
		cursor = params.Cursor
	}
	all := make([]promptJSON, len(r.offer.Prompts))
	for i := range r.offer.Prompts {
		all[i] = r.offer.Prompts[i].json()
	}
	res := r.list()
	page, err := pageOf(all, cursor, func(p promptJSON) string { return p.Name }, &res.NextCursor)
	res.Prompts = &page
	return res, err
}

// pageOf cuts out of all the page that cursor points to, and sets next to the
// cursor of the one after it, if any. A cursor is the key of the last entry
// served, so that a list that changes in between loses none that stays.
func pageOf[T any](all []T, cursor string, key func(T) string, next *string) ([]T, error) {
	start := 0
	if cursor != "" {
		last, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			return nil, invalidParams("unknown cursor: start the list anew")
		}
		for start < len(all) && key(all[start]) != string(last) {
			start++
		}
		if start == len(all) {
			return nil, invalidParams("unknown cursor: start the list anew")
		}
		start++
	}
	end := min(start+pageSize, len(all))
	if end < len(all) {
		*next = base64.RawURLEncoding.EncodeToString([]byte(key(all[end-1])))
	}
	return all[start:end], nil
}
