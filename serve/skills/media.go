package skills

import (
	"path"
	"strings"
)

// mediaType tells the media type of a file by the ending of its name. The table
// is our own: that of the machine differs from one to the next.
func mediaType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return "text/markdown"
	case ".txt", ".text", ".log", ".ini", ".cfg", ".conf", ".toml",
		".sh", ".bash", ".ps1", ".bat", ".py", ".rb", ".pl", ".go", ".rs", ".java", ".kt", ".c", ".h", ".cpp", ".cs",
		".ts", ".tsx", ".jsx", ".sql", ".graphql", ".proto", ".tf", ".j2", ".mustache", ".tmpl":
		return "text/plain"
	case ".csv":
		return "text/csv"
	case ".tsv":
		return "text/tab-separated-values"
	case ".css":
		return "text/css"
	case ".js", ".mjs", ".cjs":
		return "text/javascript"
	case ".html", ".htm":
		return "text/html"
	case ".xhtml":
		return "application/xhtml+xml"
	case ".xml", ".xsd", ".xsl":
		return "application/xml"
	case ".json", ".ipynb":
		return "application/json"
	case ".jsonl", ".ndjson":
		return "application/x-ndjson"
	case ".yaml", ".yml":
		return "application/yaml" // RFC 9512
	case ".pdf":
		return "application/pdf"
	case ".zip":
		return "application/zip"
	case ".gz":
		return "application/gzip"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

// active reports whether a browser that opens a file of this type might run
// what is in it, or show something that looks like a page of ours.
func active(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	switch media {
	case "text/html", "application/xhtml+xml", "application/xml", "image/svg+xml", "text/javascript", "application/pdf":
		return true
	}
	return false
}
