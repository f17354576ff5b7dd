package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

const (
	// maxRounds is how often one request of the session era may ask.
	maxRounds = 10
	// questionKey names the one question of an Ask on the wire.
	questionKey = "answer"
)

func (s *Server) callTool(ctx context.Context, r *request, params *sdk.CallToolParamsRaw) (sdk.Result, error) {
	tool, call, res, err := s.begin(ctx, r, params)
	for round := 0; err == nil; round++ {
		switch {
		case res.Ask == nil:
			return r.called(tool.Tool, res), nil
		case !call.canAsk:
			return r.failed(fmt.Errorf("%s needs an answer that this client cannot ask for: %s", tool.Name, res.Ask.Message)), nil
		case r.modern:
			return r.ask(tool.Tool, res.Ask, s.seal), nil
		case round == maxRounds:
			return r.failed(fmt.Errorf("%s asked %d times; giving up", tool.Name, maxRounds)), nil
		}
		answer, err := elicit(ctx, r.session, res.Ask)
		if err != nil {
			return r.failed(fmt.Errorf("asking for an answer: %w", err)), nil
		}
		next := *call
		next.State, next.Answer = res.Ask.State, answer
		call = &next
		res = s.invoke(ctx, tool.Tool, call)
	}
	return nil, err
}

// begin calls the tool, or takes up the call that has begun.
func (s *Server) begin(ctx context.Context, r *request, params *sdk.CallToolParamsRaw) (*served, *ToolCall, *ToolResult, error) {
	if x := r.exchange; x != nil && x.early != nil {
		s.early.taken(x)
		s.exchanges.streams(x)
		return x.early.tool, x.early.call, x.takeUp(ctx), nil
	}
	tool := r.offer.tool(params.Name)
	if tool == nil {
		return nil, nil, nil, invalidParams("there is no tool %q", params.Name)
	}
	call, err := s.newCall(ctx, r, tool, params)
	if err != nil {
		return nil, nil, nil, err
	}
	if ctx.Err() != nil { // also of a call that has begun
		return tool, call, &ToolResult{IsError: true, Content: []Content{Text("the call was cancelled")}}, nil
	}
	s.exchanges.streams(r.exchange)
	return tool, call, s.invoke(ctx, tool.Tool, call), nil
}

func (s *Server) newCall(ctx context.Context, r *request, tool *served, params *sdk.CallToolParamsRaw) (*ToolCall, error) {
	call := &ToolCall{Arguments: map[string]any{}, canAsk: r.canAsk()}
	text := s.ids.out(params.Arguments)
	args, err := jsonvalue.DecodeInput(text)
	if err != nil {
		return nil, invalidParams("the arguments of %q are not JSON", params.Name)
	}
	if name, twice := jsonvalue.RepeatedName(string(text)); twice && args != nil { // one of its values would be lost
		return nil, invalidParams("the arguments of %q have %q twice in one object; leave one", params.Name, name)
	}
	if args != nil {
		given, ok := args.(map[string]any)
		if !ok {
			return nil, invalidParams("the arguments of %q are not an object", params.Name)
		}
		var twice string
		if call.Arguments, twice = tool.arguments(given); twice != "" {
			return nil, invalidParams("the arguments of %q have %q under two names; leave one", params.Name, twice)
		}
	}
	if params.RequestState != "" {
		if call.State, err = s.seal.open(tool.Name, params.RequestState); err != nil {
			return nil, invalidParams("%v", err)
		}
	}
	if response, ok := params.InputResponses[questionKey].(*sdk.ElicitResult); ok {
		call.Answer = &Answer{response.Action, response.Content}
	}
	if token := params.GetProgressToken(); token != nil {
		call.progress = func(done, total float64, message string) {
			// A client that is gone misses the report, nothing else.
			_ = r.session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{
				ProgressToken: token, Progress: done, Total: total, Message: message,
			})
		}
	}
	return call, nil
}

// invoke runs the tool and turns its error or panic into a result.
func (s *Server) invoke(ctx context.Context, tool *Tool, call *ToolCall) (res *ToolResult) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked("tool "+tool.Name, p)
			res = &ToolResult{IsError: true, Content: []Content{Text(fmt.Sprintf("internal error in tool %q", tool.Name))}}
		}
	}()
	res, err := tool.Call(ctx, call)
	switch {
	case err != nil:
		return &ToolResult{IsError: true, Content: []Content{Text(err.Error())}}
	case res == nil:
		return &ToolResult{}
	}
	return res
}

// called is the answer to a call that is through.
func (r *request) called(tool *Tool, res *ToolResult) *callJSON {
	out := &callJSON{resultJSON: r.complete(), Content: append([]Content{}, res.Content...), IsError: res.IsError}
	if res.Structured == nil {
		return out
	}
	data, err := json.Marshal(res.Structured)
	if err != nil {
		return r.failed(fmt.Errorf("the result of %s is not JSON", tool.Name))
	}
	if len(res.Content) == 0 {
		out.Content = append(out.Content, Text(string(data)))
	}
	if r.modern || bytes.HasPrefix(data, []byte("{")) {
		out.Structured = data
	}
	return out
}

func (r *request) failed(err error) *callJSON {
	return &callJSON{resultJSON: r.complete(), Content: []Content{Text(err.Error())}, IsError: true}
}

// ask puts the question in the result; the client calls again with the answer.
func (r *request) ask(tool *Tool, ask *Ask, seal *seal) sdk.Result {
	return &askJSON{
		resultJSON:    resultJSON{ResultType: "input_required"},
		InputRequests: sdk.InputRequestMap{questionKey: ask.elicitation()},
		RequestState:  seal.close(tool.Name, ask.State),
	}
}

// elicit asks a client of the session era while its call waits.
func elicit(ctx context.Context, session *sdk.ServerSession, ask *Ask) (*Answer, error) {
	res, err := session.Elicit(ctx, ask.elicitation())
	if err != nil {
		if ctx.Err() != nil {
			return nil, errors.New("the call was cancelled")
		}
		return nil, err
	}
	return &Answer{res.Action, res.Content}, nil
}

func (a *Ask) elicitation() *sdk.ElicitParams {
	schema := a.Schema
	if schema == nil {
		schema = map[string]any{"type": "object", "properties": map[string]any{}}
	}
	return &sdk.ElicitParams{Mode: "form", Message: a.Message, RequestedSchema: schema}
}

// canAsk reports whether the client announced elicitation by form. One that names
// no mode means forms.
func (r *request) canAsk() bool {
	req, ok := r.Request.(*sdk.CallToolRequest)
	if !ok {
		return false
	}
	return asksByForm(req.ClientCapabilities())
}

func asksByForm(caps *sdk.ClientCapabilities) bool {
	return caps != nil && caps.Elicitation != nil && (caps.Elicitation.Form != nil || caps.Elicitation.URL == nil)
}
