package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Extension adds methods to the protocol, for instance those of skills.
type Extension struct {
	Name string // as clients know it, for instance io.modelcontextprotocol/skills
	// Methods answer requests by name, skills/list. An error that is
	// fs.ErrNotExist reaches the client as parameters that name nothing; so does
	// the text of any error. Calls are concurrent.
	Methods map[string]func(ctx context.Context, params map[string]any) (map[string]any, error)
}

// extend registers the methods with the SDK, which must know them from the
// start: it reads its table without a lock.
func (s *Server) extend() error {
	for _, e := range s.opts.Extensions {
		for method := range e.Methods {
			// The middleware answers; this only makes the method known.
			err := sdk.AddReceivingCustomMethod(s.sdk, method, func(context.Context, *sdk.ServerSession, *extensionParams) (*extensionJSON, error) {
				return nil, errors.New("not reached")
			})
			if err != nil {
				return fmt.Errorf("extension %q: method %q belongs to the protocol", e.Name, method)
			}
		}
	}
	return nil
}

func (s *Server) extended(method string) func(context.Context, map[string]any) (map[string]any, error) {
	for _, e := range s.opts.Extensions {
		if serve := e.Methods[method]; serve != nil {
			return serve
		}
	}
	return nil
}

// extensionParams keep the parameters as they came.
type extensionParams struct {
	sdk.ParamsBase
	values map[string]any
}

func (p *extensionParams) UnmarshalJSON(data []byte) error {
	value, err := jsonvalue.DecodeInput(data)
	if err != nil {
		return err
	}
	var ok bool
	if p.values, ok = value.(map[string]any); !ok && value != nil {
		return errors.New("the parameters are not an object")
	}
	meta, _ := p.values["_meta"].(map[string]any)
	p.SetMeta(meta)
	delete(p.values, "_meta")
	return nil
}

type extensionJSON struct {
	resultJSON
	values map[string]any
}

func (r *extensionJSON) MarshalJSON() ([]byte, error) {
	all := maps.Clone(r.values)
	if all == nil {
		all = map[string]any{}
	}
	if len(r.Meta) > 0 {
		all["_meta"] = r.Meta
	}
	if r.ResultType != "" {
		all["resultType"] = r.ResultType
	}
	return json.Marshal(all)
}

func (s *Server) callExtension(ctx context.Context, r *request, params *extensionParams) (sdk.Result, error) {
	given := map[string]any{}
	if params != nil && params.values != nil {
		given = params.values
	}
	values, err := s.extended(r.method)(ctx, given)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalidParams("%v", err)
	case err != nil:
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: err.Error()}
	}
	return &extensionJSON{r.complete(), values}, nil
}
