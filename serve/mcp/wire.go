package mcp

import (
	"encoding/json"
	"strconv"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// toolJSON is a tool in a list. The SDK's own leaves out hints that are false.
type toolJSON struct {
	Name         string           `json:"name"`
	Title        string           `json:"title,omitempty"`
	Description  string           `json:"description,omitempty"`
	InputSchema  map[string]any   `json:"inputSchema"`
	OutputSchema map[string]any   `json:"outputSchema,omitempty"`
	Annotations  *annotationsJSON `json:"annotations,omitempty"`
}

type annotationsJSON struct {
	Title string `json:"title,omitempty"`
	*Hints
}

func (t *served) json(modern bool) toolJSON {
	out := toolJSON{Name: t.name, Title: t.Title, Description: t.Description, InputSchema: t.schema}
	if modern || t.OutputSchema["type"] == "object" {
		out.OutputSchema = t.OutputSchema
	}
	if t.Hints != nil {
		out.Annotations = &annotationsJSON{t.Title, t.Hints}
	}
	return out
}

// resultJSON is the part that every result has from 2026-07-28 on; before, it
// is empty and leaves nothing in the JSON.
type resultJSON struct {
	sdk.ResultBase
	ResultType string `json:"resultType,omitempty"`
	TTL        *int64 `json:"ttlMs,omitempty"`
	CacheScope string `json:"cacheScope,omitempty"`
}

type listJSON struct {
	resultJSON
	NextCursor string      `json:"nextCursor,omitempty"`
	Tools      *[]toolJSON `json:"tools,omitempty"`
	Resources  *[]Resource `json:"resources,omitempty"`
	Templates  *[]Template `json:"resourceTemplates,omitempty"`
	Prompts    *[]Prompt   `json:"prompts,omitempty"`
}

type readJSON struct {
	resultJSON
	Contents []Contents `json:"contents"`
}

type getPromptJSON struct {
	resultJSON
	Description string    `json:"description,omitempty"`
	Messages    []Message `json:"messages"`
}

type callJSON struct {
	resultJSON
	Content    []Content       `json:"content"`
	Structured json.RawMessage `json:"structuredContent,omitempty"`
	IsError    bool            `json:"isError"`
}

// size is about the length of the JSON.
func (c *callJSON) size() int {
	n := len(c.Structured)
	for _, piece := range c.Content {
		if text, ok := piece.wire.(*sdk.TextContent); ok {
			n += len(text.Text)*9/8 + 32
		}
	}
	return n
}

// append appends the JSON of a result that encoding/json writes in these bytes, too.
// From 2026-07-28 on it names the server.
func (c *callJSON) append(to, server []byte) []byte {
	to = append(to, '{')
	if c.ResultType != "" {
		to = append(append(to, `"_meta":{"`+sdk.MetaKeyServerInfo+`":`...), server...)
		to = append(append(to, `},"resultType":"`...), c.ResultType...)
		to = append(to, `",`...)
	}
	to = append(to, `"content":[`...)
	for i, piece := range c.Content {
		if i > 0 {
			to = append(to, ',')
		}
		to = piece.append(to)
	}
	to = append(to, ']')
	if len(c.Structured) > 0 {
		to = append(append(to, `,"structuredContent":`...), c.Structured...)
	}
	to = append(to, `,"isError":`...)
	return append(strconv.AppendBool(to, c.IsError), '}')
}

// askJSON is the answer to a call that needs input first (2026-07-28,
// multi-round-trip requests).
type askJSON struct {
	resultJSON
	InputRequests sdk.InputRequestMap `json:"inputRequests"`
	RequestState  string              `json:"requestState,omitempty"`
}
