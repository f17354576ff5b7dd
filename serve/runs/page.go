package runs

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/capstan-run/capstan/serve/internal/media"
)

//go:embed page
var pageFS embed.FS

// file is one of the page's files.
type file struct {
	data        []byte
	contentType string
	etag        string
}

// pageFiles reads the files of the page, by name.
func pageFiles() (map[string]file, error) {
	files := map[string]file{}
	entries, err := fs.ReadDir(pageFS, "page")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		data, err := fs.ReadFile(pageFS, "page/"+e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		files[e.Name()] = file{data, media.Type(e.Name()) + "; charset=utf-8", fmt.Sprintf("%q", hex.EncodeToString(sum[:8]))}
	}
	return files, nil
}

// policy lets the page load nothing but its own files and connect only to
// this server. Its graphs are pictures that it made itself (blob:).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page answers with the page for people.
func (h *Handler) page(w http.ResponseWriter, r *http.Request) {
	h.sendFile(w, r, h.files["index.html"])
}

// pageFile answers with a file that the page asks for.
func (h *Handler) pageFile(w http.ResponseWriter, r *http.Request) {
	f, ok := h.files[r.PathValue("file")]
	if !ok {
		h.fail(w, r, refuse(http.StatusNotFound, "there is nothing here"))
		return
	}
	h.sendFile(w, r, f)
}

func (h *Handler) sendFile(w http.ResponseWriter, r *http.Request, f file) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Cache-Control", "no-cache") // asked for anew, and unchanged most of the time
	w.Header().Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}
