package skills

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/serve/internal/folder"
)

// maxZip is the size of all files of a download, in bytes.
const maxZip = 50 << 20

// errTooLarge is why a file, or a folder, is not served.
var errTooLarge = errors.New("it is larger than what is served")

// download answers with all files of a skill's folder as a zip. The same files
// give the same bytes: they are sorted, and have no times of their own.
func (h *Handler) download(w http.ResponseWriter, r *http.Request, s *served) {
	h.within(w, r, s, func(root *os.Root) error {
		files, err := folder.List(root)
		if err != nil {
			return err
		}
		var all int64
		for _, f := range files {
			if all += f.Size; f.Size > folder.MaxFile || all > maxZip {
				return errTooLarge
			}
		}
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", attachment(s.skill.Name.Value+".zip"))
		w.Header().Set("Cache-Control", "no-cache")
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			h.abortOn(pack(w, root, files, s))
		}
		return nil
	})
}

// pack writes the zip. A folder without a SKILL.md gets one, made from the
// capability's description of the skill.
func pack(w io.Writer, root *os.Root, files []folder.File, s *served) error {
	out := zip.NewWriter(w)
	out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	if !slices.ContainsFunc(files, isSkillFile) {
		text, err := skillText(s)
		if err != nil {
			return err
		}
		entry, err := out.CreateHeader(header(folder.File{Path: skillFile}))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(entry, text); err != nil {
			return err
		}
	}
	for _, f := range files {
		entry, err := out.CreateHeader(header(f))
		if err != nil {
			return err
		}
		if err := put(entry, root, f); err != nil {
			return err
		}
	}
	return out.Close()
}

// put writes the content of a file, as long as it was when the limits were
// checked. One that has become shorter is an error.
func put(w io.Writer, root *os.Root, f folder.File) error {
	in, err := root.Open(f.Path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_, err = io.CopyN(w, in, f.Size)
	return err
}

func isSkillFile(f folder.File) bool { return strings.EqualFold(f.Path, skillFile) }

func header(f folder.File) *zip.FileHeader {
	h := &zip.FileHeader{Name: f.Path, Method: zip.Deflate, Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(0o644)
	if f.Executable {
		h.SetMode(0o755)
	}
	return h
}
