package mcp

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/fault"
	"github.com/capstan-run/capstan/serve/access"
)

// modernVersion is the version from which on requests stand alone.
const modernVersion = "2026-07-28"

// request is one feature request, with its offer and its session.
type request struct {
	offer  *snapshot
	method string
	sdk.Request
	session  *sdk.ServerSession
	exchange *exchange // that carries it, nil for none
	meta     map[string]any
	modern   bool
}

// features is the middleware through which the SDK serves our offer.
func (s *Server) features(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, req sdk.Request) (res sdk.Result, err error) {
		defer func() {
			if p := recover(); p != nil {
				s.panicked(method, p)
				res, err = nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "internal error while serving " + method}
			}
		}()
		r := &request{offer: s.current.Load(), method: method, Request: req, meta: metaOf(req.GetParams())}
		r.session, _ = req.GetSession().(*sdk.ServerSession)
		version, _ := r.meta[sdk.MetaKeyProtocolVersion].(string)
		r.modern = version >= modernVersion

		ctx, done := s.asked(ctx, r)
		defer done()
		res, err = s.answer(ctx, r, next)
		if err != nil {
			return nil, err
		}
		if r.modern && res != nil {
			identify(res, r.offer.info)
		}
		return res, nil
	}
}

// answer returns the result of one request. All but features is the SDK's.
func (s *Server) answer(ctx context.Context, r *request, next sdk.MethodHandler) (sdk.Result, error) {
	switch params := r.GetParams().(type) {
	case *sdk.ListToolsParams:
		return r.listTools(params)
	case *sdk.ListResourcesParams:
		return r.listResources(ctx, params)
	case *sdk.ListResourceTemplatesParams:
		return r.listTemplates(params)
	case *sdk.ListPromptsParams:
		return r.listPrompts(params)
	case *sdk.CallToolParamsRaw:
		return s.callTool(ctx, r, params)
	case *sdk.ReadResourceParams:
		if !r.modern { // later, that there is none is a status
			s.exchanges.streams(r.exchange)
		}
		return r.readResource(ctx, params)
	case *sdk.GetPromptParams:
		return r.getPrompt(ctx, params)
	case *extensionParams:
		return s.callExtension(ctx, r, params)
	}
	res, err := next(ctx, r.method, r.Request)
	if err != nil {
		return nil, err
	}
	switch res := res.(type) {
	case *sdk.InitializeResult:
		res.ServerInfo, res.Instructions, res.Capabilities = r.offer.info, r.offer.Instructions, s.capabilities(r.offer)
		s.sessions.opened(r.session, access.Caller(ctx))
	case *sdk.DiscoverResult:
		res.Instructions, res.Capabilities = r.offer.Instructions, s.capabilities(r.offer)
		res.TTLMs, res.CacheScope = int(r.offer.TTL.Milliseconds()), r.offer.scope
	}
	return res, nil
}

func (s *Server) panicked(what string, p any) {
	s.log.Error("panic while serving a request", slog.String("request", what), slog.String("panic", fault.Text(p)), slog.String("stack", fault.Stack()))
}

// identify names the server in a result, as the 2026-07-28 era wants.
func identify(res sdk.Result, info *sdk.Implementation) {
	meta := res.GetMeta()
	if meta == nil {
		meta = map[string]any{}
	}
	meta[sdk.MetaKeyServerInfo] = info
	res.SetMeta(meta)
}

// metaOf gives a request's _meta; the parameters may be a nil pointer.
func metaOf(params sdk.Params) map[string]any {
	if params == nil || reflect.ValueOf(params).IsNil() {
		return nil
	}
	return params.GetMeta()
}

// complete is the common part of a finished result.
func (r *request) complete() resultJSON {
	if !r.modern {
		return resultJSON{}
	}
	return resultJSON{ResultType: "complete"}
}

// keepable is the common part of a result that a client may keep for ttl
// milliseconds.
func (r *request) keepable(ttl int64, scope string) resultJSON {
	if !r.modern {
		return resultJSON{}
	}
	return resultJSON{ResultType: "complete", TTL: &ttl, CacheScope: scope}
}

func invalidParams(format string, args ...any) error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf(format, args...)}
}
