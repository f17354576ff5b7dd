package control

import (
	"errors"
	"io"
	"net/http"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// ErrStopping is returned by Options.Reload while the server stops, which takes
// up nothing any more.
var ErrStopping = errors.New("the server is stopping")

// reload takes up the file as it is now.
func (h *Handler) reload(w http.ResponseWriter, r *http.Request) {
	if !h.onFile(w, r, h.o.Reload != nil) {
		return
	}
	if !h.reloading.TryLock() {
		w.Header().Set("Retry-After", "1")
		answer.Refuse(w, r, http.StatusConflict, "a reload is under way; ask again when it is done")
		return
	}
	defer h.reloading.Unlock()
	err := h.o.Reload(r.Context())
	if errors.Is(err, ErrStopping) {
		answer.Refuse(w, r, http.StatusServiceUnavailable, "the file was not taken up: "+err.Error())
		return
	}
	if err != nil {
		h.o.Log.Warn("the file was not reloaded", "error", err)
		answer.Refuse(w, r, http.StatusUnprocessableEntity, "the file was not taken up, what was served before goes on: "+err.Error())
		return
	}
	h.o.Log.Info("the file was reloaded")
	answer.JSON(w, r, http.StatusOK, map[string]string{"status": "applied"})
}

// validate lists the problems of the file as it is now.
func (h *Handler) validate(w http.ResponseWriter, r *http.Request) {
	if h.onFile(w, r, h.o.Validate != nil) {
		answer.JSON(w, r, http.StatusOK, h.o.Validate(r.Context()))
	}
}

// onFile refuses a request that the server cannot serve, and one with a body: the
// answer would be about another text than the one the client sent.
func (h *Handler) onFile(w http.ResponseWriter, r *http.Request, possible bool) bool {
	if !possible {
		answer.Refuse(w, r, http.StatusForbidden, "this server was started in a way that does not allow it; restart it to take up changes")
		return false
	}
	if r.Body == nil {
		return true
	}
	switch n, err := io.ReadFull(r.Body, make([]byte, 1)); {
	case n > 0:
		answer.Refuse(w, r, http.StatusUnsupportedMediaType, "send no body: this is about the file that is served, as it is on the server now")
		return false
	case err != io.EOF:
		answer.Refuse(w, r, http.StatusBadRequest, "the body could not be read")
		return false
	}
	return true
}
