package mcp

// Content is one piece of a tool's result or of a prompt. Make one with Text,
// Image, Audio or Embed.
type Content struct {
	kind     string
	text     string
	data     []byte
	mimeType string
	embedded Contents
}

// Text is plain text.
func Text(text string) Content { return Content{kind: "text", text: text} }

// Image is a picture, for instance of type image/png.
func Image(data []byte, mimeType string) Content {
	return Content{kind: "image", data: data, mimeType: mimeType}
}

// Audio is sound, for instance of type audio/wav. Clients before 2025-03-26 do
// not know it.
func Audio(data []byte, mimeType string) Content {
	return Content{kind: "audio", data: data, mimeType: mimeType}
}

// Embed carries a document, text or bytes, with its address.
func Embed(c Contents) Content { return Content{kind: "resource", embedded: c} }
