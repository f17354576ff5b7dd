package serve

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/capstan-run/capstan/serve/access"
)

// Mount serves compositions in a mux of the program's own, below a prefix such as
// "/ops/": the page at the prefix itself, the REST API below it and MCP at mcp below it.
// Links, the OpenAPI document and event streams have the prefix as well, so no
// http.StripPrefix stands before it; in a router of another kind, mount the mux. With
// OAuth 2 the metadata of the resource is added at its well-known path. As in
// [http.ServeMux.Handle], a pattern that the mux has already is a panic.
//
// REST and MCP of the options stay empty: the program listens. Close the Compositions
// once no request comes any more, in time before the Runner's Runtime.
func Mount(mux *http.ServeMux, prefix string, o CompositionOptions) (*Compositions, error) {
	base := strings.TrimSuffix(prefix, "/")
	clean := base == "" || base != "/" && path.Clean(base) == base && (&url.URL{Path: base}).EscapedPath() == base
	if !strings.HasPrefix(prefix, "/") || !clean {
		return nil, fmt.Errorf("the prefix %q is not a path as in a URL, such as /ops/", prefix)
	}
	if o.REST != "" || o.MCP != "" {
		return nil, errors.New("what is mounted in a mux has no addresses of its own: leave REST and MCP empty")
	}
	var rest, mcp http.Handler
	c, err := compose(o, func(c *Compositions) (err error) {
		if rest, err = c.overREST(base); err == nil {
			mcp, err = c.overMCP()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	mounted := false
	defer func() {
		if !mounted { // the mux panics
			c.Close()
		}
	}()
	mux.Handle(base+"/", rest)
	mux.Handle(base+"/mcp", mcp)
	if oauth, ok := o.Access.Scheme.(*access.ResourceServer); ok {
		mountMetadata(mux, oauth)
	}
	mounted = true
	return c, nil
}

// mountMetadata adds the metadata of a resource to a mux, which has it already where
// compositions of the same resource are mounted twice.
func mountMetadata(mux *http.ServeMux, oauth *access.ResourceServer) {
	at := oauth.MetadataPath()
	_, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}})
	if pattern != at {
		mux.Handle(at, oauth.Metadata())
	}
}
