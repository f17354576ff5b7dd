package control

import (
	"net/http"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// health is the answer of the health paths.
type health struct {
	Status   string    `json:"status"` // UP, or DEGRADED when an exposure does not answer
	Adapters []Adapter `json:"adapters,omitempty"`
}

func (h *Handler) live(w http.ResponseWriter, r *http.Request) {
	answer.JSON(w, r, http.StatusOK, health{Status: up})
}

func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	adapters := h.o.Adapters()
	out, status := health{overall(adapters), adapters}, http.StatusOK
	if out.Status != up {
		status = http.StatusServiceUnavailable
	}
	answer.JSON(w, r, status, out)
}

const up = "UP"

// overall sums adapters up. That the control exposure answers is proved by the
// asking.
func overall(adapters []Adapter) string {
	for _, a := range adapters {
		if a.State != "started" && a.Type != "control" {
			return "DEGRADED"
		}
	}
	return up
}

// status describes the server. Label is the name of the capability, under the key
// that the format's own tools read.
func (h *Handler) status(w http.ResponseWriter, r *http.Request) {
	i, adapters := h.o.Info, h.o.Adapters()
	type capability struct {
		Name        string `json:"name"`
		Label       string `json:"label"`
		Version     string `json:"version,omitempty"`
		SpecVersion string `json:"specVersion,omitempty"`
		File        string `json:"file,omitempty"`
	}
	type engine struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	out := struct {
		Status     string     `json:"status"`
		Capability capability `json:"capability"`
		Engine     engine     `json:"engine"`
		Started    time.Time  `json:"started"`
		Uptime     float64    `json:"uptimeSeconds"`
		Adapters   []Adapter  `json:"adapters"`
	}{
		Status:     overall(adapters),
		Capability: capability{i.Name, i.Name, i.Version, i.SpecVersion, i.File},
		Engine:     engine{"capstan", i.Engine},
		Adapters:   adapters,
		Started:    h.o.Seen.started.UTC(),
		Uptime:     time.Since(h.o.Seen.started).Round(time.Millisecond).Seconds(),
	}
	answer.JSON(w, r, http.StatusOK, out)
}
