package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// codeNoResource is "resource not found" up to 2025-11-25; later it is a matter
// of invalid parameters.
const codeNoResource = -32002

func (r *request) readResource(ctx context.Context, params *sdk.ReadResourceParams) (sdk.Result, error) {
	uri := params.URI
	read, mimeType := r.reader(uri)
	if read == nil {
		return nil, r.noResource(uri)
	}
	contents, err := read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, r.noResource(uri)
	case err != nil:
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: fmt.Sprintf("cannot read %q: %v", uri, err)}
	case contents == nil:
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: fmt.Sprintf("cannot read %q: it gave nothing", uri)}
	}
	c := *contents
	c.URI, c.MIMEType = cmp.Or(c.URI, uri), cmp.Or(c.MIMEType, mimeType)
	// Contents may change at any time: they are not to be kept.
	return &readJSON{r.keepable(0, "private"), []Contents{c}}, nil
}

// reader finds the source of uri: a resource at that address, else the directory
// it lies in, else the first template it fits.
func (r *request) reader(uri string) (read func(context.Context) (*Contents, error), mimeType string) {
	var dir *Resource
	for i := range r.offer.Resources {
		entry := &r.offer.Resources[i]
		if entry.List == nil && entry.URI == uri {
			return func(ctx context.Context) (*Contents, error) { return entry.Read(ctx, uri) }, entry.MIMEType
		}
		if entry.List != nil && dir == nil && strings.HasPrefix(uri, strings.TrimSuffix(entry.URI, "/")+"/") {
			dir = entry
		}
	}
	if dir != nil {
		return func(ctx context.Context) (*Contents, error) { return dir.Read(ctx, uri) }, dir.MIMEType
	}
	for i := range r.offer.Templates {
		if vars := r.offer.templates[i].match(uri); vars != nil {
			t := &r.offer.Templates[i]
			return func(ctx context.Context) (*Contents, error) { return t.Read(ctx, uri, vars) }, t.MIMEType
		}
	}
	return nil, ""
}

func (r *request) noResource(uri string) error {
	code := int64(codeNoResource)
	if r.modern {
		code = jsonrpc.CodeInvalidParams
	}
	data, _ := json.Marshal(map[string]string{"uri": uri})
	return &jsonrpc.Error{Code: code, Message: fmt.Sprintf("there is no resource %q", uri), Data: data}
}

func (r *request) getPrompt(ctx context.Context, params *sdk.GetPromptParams) (sdk.Result, error) {
	p := r.offer.prompts[params.Name]
	if p == nil {
		return nil, invalidParams("there is no prompt %q", params.Name)
	}
	args := params.Arguments
	if args == nil {
		args = map[string]string{}
	}
	for _, a := range p.Arguments {
		if _, given := args[a.Name]; a.Required && !given {
			return nil, invalidParams("prompt %q needs the argument %q", p.Name, a.Name)
		}
	}
	filled, err := p.Get(ctx, args)
	if err != nil {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: fmt.Sprintf("prompt %q: %v", p.Name, err)}
	}
	return &getPromptJSON{r.complete(), cmp.Or(filled.Description, p.Description), append([]Message{}, filled.Messages...)}, nil
}
