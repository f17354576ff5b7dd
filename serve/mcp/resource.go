package mcp

import (
	"context"
	"encoding/json"
)

// Resource is a document at a fixed address, or a directory of them.
type Resource struct {
	URI         string `json:"uri"`             // absolute, for instance docs://files
	Name        string `json:"name"`            // "" is served as the URI
	Title       string `json:"title,omitempty"` // for people
	Description string `json:"description,omitempty"`
	MIMEType    string `json:"mimeType,omitempty"`

	// Read gives the document at uri: URI itself, or for a directory an address
	// below it as the client wrote it. fs.ErrNotExist reaches the client as
	// a resource that does not exist; the text of any other error reaches it,
	// too. Calls are concurrent.
	Read func(ctx context.Context, uri string) (*Contents, error) `json:"-"`
	// List, if set, makes the resource a directory: its result is listed in its
	// place (their own Read and List are not used), and Read serves
	// every address below URI. It is called for each listing, concurrently.
	List func(ctx context.Context) ([]Resource, error) `json:"-"`
}

// Contents is the contents of a resource: Blob if it is not nil, else Text.
type Contents struct {
	URI      string // "" is the address that was read
	MIMEType string // "" is that of the Resource or Template
	Text     string
	Blob     []byte
}

// MarshalJSON returns the contents with the text or the blob, never both; a text
// may be empty.
func (c Contents) MarshalJSON() ([]byte, error) {
	out := struct {
		URI      string  `json:"uri"`
		MIMEType string  `json:"mimeType,omitempty"`
		Text     *string `json:"text,omitempty"`
		Blob     *[]byte `json:"blob,omitempty"`
	}{URI: c.URI, MIMEType: c.MIMEType}
	if c.Blob != nil {
		out.Blob = &c.Blob
	} else {
		out.Text = &c.Text
	}
	return json.Marshal(out)
}

// Template is a family of resources with addresses of one pattern.
type Template struct {
	// URITemplate has variables in braces, data://users/{id}: simple expansion,
	// RFC 6570 level 1. A variable stands for one or more characters other
	// than "/", "?" and "#", and is percent-decoded.
	URITemplate string `json:"uriTemplate"`
	Name        string `json:"name"`            // "" is served as the template
	Title       string `json:"title,omitempty"` // for people
	Description string `json:"description,omitempty"`
	MIMEType    string `json:"mimeType,omitempty"`

	// Read gives the document at uri, where vars are the values of the
	// variables. They come from the client and may hold anything, "/" and ".."
	// too. Errors as in Resource.
	Read func(ctx context.Context, uri string, vars map[string]string) (*Contents, error) `json:"-"`
}
