package skills

import (
	"archive/zip"
	"compress/flate"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// download answers with all files of a skill's folder as a zip. The same files
// give the same bytes: they are sorted, and have no times of their own.
func (h *Handler) download(w http.ResponseWriter, r *http.Request, s *served) {
	h.within(w, r, s, func(root *os.Root) error {
		files, err := list(root)
		if err != nil {
			return err
		}
		var all int64
		for _, f := range files {
			if all += f.size; f.size > maxFile || all > maxZip {
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
func pack(w io.Writer, root *os.Root, files []file, s *served) error {
	out := zip.NewWriter(w)
	out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	if !slices.ContainsFunc(files, isSkillFile) {
		entry, err := out.CreateHeader(header(file{path: skillFile}))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(entry, skillText(s)); err != nil {
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
func put(w io.Writer, root *os.Root, f file) error {
	in, err := root.Open(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_, err = io.CopyN(w, in, f.size)
	return err
}

func isSkillFile(f file) bool { return strings.EqualFold(f.path, skillFile) }

func header(f file) *zip.FileHeader {
	h := &zip.FileHeader{Name: f.path, Method: zip.Deflate, Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(0o644)
	if f.executable {
		h.SetMode(0o755)
	}
	return h
}
