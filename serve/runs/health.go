package runs

import (
	"net/http"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// alive reports that the process answers.
func (h *Handler) alive(w http.ResponseWriter, r *http.Request) {
	answer.JSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
}

// ready reports whether runs can be started and go on.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.live.Ready(r.Context()); err != nil {
		h.log.Warn("not ready", "error", err)
		answer.Refuse(w, r, http.StatusServiceUnavailable, "runs cannot be started or go on now; the server's log says why")
		return
	}
	answer.JSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
}
