package mcp

import (
	"encoding/json"

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

// askJSON is the answer to a call that needs input first (2026-07-28,
// multi-round-trip requests).
type askJSON struct {
	resultJSON
	InputRequests sdk.InputRequestMap `json:"inputRequests"`
	RequestState  string              `json:"requestState,omitempty"`
}
