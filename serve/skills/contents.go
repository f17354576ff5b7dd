package skills

import (
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/folder"
	"github.com/capstan-run/capstan/serve/internal/media"
)

// listing is the answer of /skills/{name}/contents.
type listing struct {
	Name  string   `json:"name"`
	Files []listed `json:"files"`
}

type listed struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	Type string `json:"type"`
}

// contents lists the files of a skill's folder.
func (h *Handler) contents(w http.ResponseWriter, r *http.Request, s *served) {
	h.within(w, r, s, func(root *os.Root) error {
		files, err := folder.List(root)
		if err != nil {
			return err
		}
		out := listing{Name: s.skill.Name.Value, Files: []listed{}}
		for _, f := range files {
			out.Files = append(out.Files, listed{f.Path, f.Size, media.Type(f.Path)})
		}
		send(w, r, out)
		return nil
	})
}

// file answers with one file.
func (h *Handler) file(w http.ResponseWriter, r *http.Request, s *served, names []string) {
	h.within(w, r, s, func(root *os.Root) error {
		f, err := folder.Find(root, names)
		switch {
		case err != nil:
			return err
		case f.Size > folder.MaxFile:
			return errTooLarge
		}
		in, err := root.Open(path.Join(names...))
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		label(w.Header(), f.Path)
		w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			_, err = io.CopyN(w, in, f.Size) // as long as was announced
			h.abortOn(err)
		}
		return nil
	})
}

// within opens the folder of a skill for do, and answers its errors.
// do returns nil once it has answered.
func (h *Handler) within(w http.ResponseWriter, r *http.Request, s *served, do func(*os.Root) error) {
	if s.open == nil {
		answer.Refuse(w, r, http.StatusNotFound, "this skill has no files")
		return
	}
	root, err := s.open()
	if err != nil {
		h.log.Warn("the folder of a skill cannot be opened", "skill", s.skill.Name.Value, "error", err)
		answer.Refuse(w, r, http.StatusNotFound, "the folder of this skill cannot be read; the server's log says why")
		return
	}
	defer func() { _ = root.Close() }()
	switch err := do(root); {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		answer.Refuse(w, r, http.StatusNotFound, "there is no such file; those there are stand in /skills/"+url.PathEscape(s.skill.Name.Value)+"/contents")
	case errors.Is(err, errTooLarge):
		answer.Refuse(w, r, http.StatusForbidden, "this is larger than what is served: 10 MiB for a file, 50 MiB for a download")
	case errors.Is(err, folder.ErrTooMany):
		answer.Refuse(w, r, http.StatusForbidden, "the folder of this skill holds more than what is served: 5000 files, folders 32 deep")
	default:
		h.log.Warn("a file of a skill cannot be read", "skill", s.skill.Name.Value, "error", err)
		answer.Refuse(w, r, http.StatusInternalServerError, "this cannot be read; the server's log says why")
	}
}

// abortOn cuts an answer short that has begun and cannot be ended well, so that
// the client does not take it for whole.
func (h *Handler) abortOn(err error) {
	if err != nil {
		h.log.Debug("an answer was cut short", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// label sets the type of a file. Browsers neither guess nor run it: a type that could hold
// script is offered for saving, and has no rights if it is opened all the same.
func label(header http.Header, name string) {
	kind := media.Type(name)
	if strings.HasPrefix(kind, "text/") {
		header.Set("Content-Type", kind+"; charset=utf-8")
	} else {
		header.Set("Content-Type", kind)
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Cache-Control", "no-cache")
	if slices.Contains(active, kind) {
		header.Set("Content-Disposition", attachment(path.Base(name)))
	}
}

// attachment is the Content-Disposition of a file to be saved (RFC 6266).
func attachment(name string) string {
	if value := mime.FormatMediaType("attachment", map[string]string{"filename": name}); value != "" {
		return value
	}
	return "attachment"
}

// active are the types of files that a browser might run, or show as a page that
// looks like one of ours.
var active = []string{"text/html", "application/xhtml+xml", "application/xml", "image/svg+xml", "text/javascript", "application/pdf"}
