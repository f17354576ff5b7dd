package mcp

import (
	"encoding/json"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// The shapes below are the protocol's JSON for what a server offers. They are
// ours because the SDK's own leave out false values and list by name, and show
// old clients the fields of new ones.

type toolJSON struct {
	Name         string         `json:"name"`
	Title        string         `json:"title,omitempty"`
	Description  string         `json:"description,omitempty"`
	InputSchema  map[string]any `json:"inputSchema"`
	OutputSchema map[string]any `json:"outputSchema,omitempty"`
	Annotations  *hintsJSON     `json:"annotations,omitempty"`
}

type hintsJSON struct {
	Title       string `json:"title,omitempty"`
	ReadOnly    *bool  `json:"readOnlyHint,omitempty"`
	Destructive *bool  `json:"destructiveHint,omitempty"`
	Idempotent  *bool  `json:"idempotentHint,omitempty"`
	OpenWorld   *bool  `json:"openWorldHint,omitempty"`
}

func (t *Tool) json(modern bool) toolJSON {
	out := toolJSON{Name: t.Name, Title: t.Title, Description: t.Description, InputSchema: t.inputSchema()}
	if modern || t.OutputSchema["type"] == "object" {
		out.OutputSchema = t.OutputSchema
	}
	if h := t.Hints; h != nil {
		out.Annotations = &hintsJSON{t.Title, h.ReadOnly, h.Destructive, h.Idempotent, h.OpenWorld}
	}
	return out
}

func (t *Tool) inputSchema() map[string]any {
	if t.InputSchema == nil {
		return map[string]any{"type": "object"}
	}
	return t.InputSchema
}

type resourceJSON struct {
	URI         string `json:"uri"`
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	MIMEType    string `json:"mimeType,omitempty"`
}

func (r *Resource) json() resourceJSON {
	return resourceJSON{r.URI, or(r.Name, r.URI), r.Title, r.Description, r.MIMEType}
}

type templateJSON struct {
	URITemplate string `json:"uriTemplate"`
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	MIMEType    string `json:"mimeType,omitempty"`
}

func (t *Template) json() templateJSON {
	return templateJSON{t.URITemplate, or(t.Name, t.URITemplate), t.Title, t.Description, t.MIMEType}
}

type promptJSON struct {
	Name        string         `json:"name"`
	Title       string         `json:"title,omitempty"`
	Description string         `json:"description,omitempty"`
	Arguments   []argumentJSON `json:"arguments,omitempty"`
}

type argumentJSON struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required"`
}

func (p *Prompt) json() promptJSON {
	out := promptJSON{Name: p.Name, Title: p.Title, Description: p.Description}
	for _, a := range p.Arguments {
		out.Arguments = append(out.Arguments, argumentJSON(a))
	}
	return out
}

// contentsJSON holds text or a blob, never both; a text may be empty.
type contentsJSON struct {
	URI      string  `json:"uri"`
	MIMEType string  `json:"mimeType,omitempty"`
	Text     *string `json:"text,omitempty"`
	Blob     *[]byte `json:"blob,omitempty"`
}

func (c *Contents) json() contentsJSON {
	out := contentsJSON{URI: c.URI, MIMEType: c.MIMEType}
	if c.Blob != nil {
		out.Blob = &c.Blob
	} else {
		out.Text = &c.Text
	}
	return out
}

func (c Content) json() any {
	switch c.kind {
	case "image", "audio":
		return struct {
			Type     string `json:"type"`
			Data     []byte `json:"data"`
			MIMEType string `json:"mimeType"`
		}{c.kind, append([]byte{}, c.data...), c.mimeType}
	case "resource":
		return struct {
			Type     string       `json:"type"`
			Resource contentsJSON `json:"resource"`
		}{c.kind, c.embedded.json()}
	}
	return struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}{"text", c.text}
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
	NextCursor string          `json:"nextCursor,omitempty"`
	Tools      *[]toolJSON     `json:"tools,omitempty"`
	Resources  *[]resourceJSON `json:"resources,omitempty"`
	Templates  *[]templateJSON `json:"resourceTemplates,omitempty"`
	Prompts    *[]promptJSON   `json:"prompts,omitempty"`
}

type readJSON struct {
	resultJSON
	Contents []contentsJSON `json:"contents"`
}

type getPromptJSON struct {
	resultJSON
	Description string        `json:"description,omitempty"`
	Messages    []messageJSON `json:"messages"`
}

type messageJSON struct {
	Role    string `json:"role"`
	Content any    `json:"content"`
}

type callJSON struct {
	resultJSON
	Content    []any           `json:"content"`
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

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
