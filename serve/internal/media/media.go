// Package media names the media types of files by the endings of their names.
// The table is our own: that of the machine differs from one to the next.
package media

import (
	"path"
	"slices"
	"strings"
)

// Type is the media type of a file, application/octet-stream where the ending is
// not known.
func Type(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if slices.Contains(plain, ext) {
		return "text/plain"
	}
	if t := types[ext]; t != "" {
		return t
	}
	return "application/octet-stream"
}

// IsText reports whether files of a media type are read as text.
func IsText(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json") || strings.HasSuffix(media, "yaml") || strings.HasSuffix(media, "xml")
}

// plain are the endings of plain text, programs included.
var plain = []string{
	".txt", ".text", ".log", ".ini", ".cfg", ".conf", ".toml", ".sh", ".bash", ".ps1", ".bat", ".py", ".rb", ".pl", ".go", ".rs", ".java", ".kt",
	".c", ".h", ".cpp", ".cs", ".ts", ".tsx", ".jsx", ".sql", ".graphql", ".proto", ".tf", ".j2", ".mustache", ".tmpl",
}

var types = map[string]string{
	".md": "text/markdown", ".markdown": "text/markdown", ".csv": "text/csv", ".tsv": "text/tab-separated-values",
	".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".cjs": "text/javascript",
	".html": "text/html", ".htm": "text/html", ".xhtml": "application/xhtml+xml",
	".xml": "application/xml", ".xsd": "application/xml", ".xsl": "application/xml",
	".json": "application/json", ".ipynb": "application/json", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson",
	".yaml": "application/yaml", ".yml": "application/yaml", // RFC 9512
	".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".png":  "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml",
}
