package runs

import (
	"bytes"
	"net/http"
	"net/url"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/graph"
	"github.com/capstan-run/capstan/internal/timeline"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/live"
)

// summary is a capability in the list of them.
type summary struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// description is a capability with its inputs, steps and outputs.
type description struct {
	summary
	Inputs  []inputOf  `json:"inputs"`
	Steps   []stepOf   `json:"steps"`
	Outputs []outputOf `json:"outputs"`
	Links   links      `json:"links"`
}

type inputOf struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Required    bool   `json:"required"`
	Description string `json:"description,omitempty"`
	Schema      any    `json:"schema"`
}

type stepOf struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Description string `json:"description,omitempty"`
	Operation   string `json:"operation,omitempty"`
	Effect      string `json:"effect,omitempty"`
}

type outputOf struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Sensitive bool   `json:"sensitive,omitempty"`
}

type links struct {
	Runs  string `json:"runs"`
	Graph string `json:"graph"`
}

func summaryOf(p *engine.Program) summary {
	return summary{Name: p.Name(), Title: p.Title(), Description: p.Description()}
}

// capabilities lists the served capabilities.
func (h *Handler) capabilities(w http.ResponseWriter, r *http.Request) {
	list := []summary{}
	for _, p := range h.live.Programs() {
		list = append(list, summaryOf(p))
	}
	answer.JSON(w, r, http.StatusOK, map[string]any{"capabilities": list})
}

// capability describes one.
func (h *Handler) capability(w http.ResponseWriter, r *http.Request) {
	p := h.live.Program(r.PathValue("name"))
	if p == nil {
		h.fail(w, r, live.ErrNoCapability)
		return
	}
	at := h.url("/capabilities/" + url.PathEscape(p.Name()))
	d := description{
		summary: summaryOf(p), Inputs: []inputOf{}, Steps: []stepOf{}, Outputs: []outputOf{},
		Links: links{Runs: at + "/runs", Graph: at + "/graph.svg"},
	}
	schemas, _ := p.InputSchema()["properties"].(map[string]any)
	for _, in := range p.Plan().Inputs {
		d.Inputs = append(d.Inputs, inputOf{in.Name, in.Type, in.Required, in.Description, schemas[in.Name]})
	}
	for _, s := range p.Plan().Steps {
		d.Steps = append(d.Steps, stepOf{s.ID, s.Kind, s.Description, s.Operation, s.Effect})
	}
	for _, o := range p.Plan().Outputs {
		d.Outputs = append(d.Outputs, outputOf{o.Name, o.Type, o.Sensitive})
	}
	answer.JSON(w, r, http.StatusOK, d)
}

// graph draws one.
func (h *Handler) graph(w http.ResponseWriter, r *http.Request) {
	p := h.live.Program(r.PathValue("name"))
	if p == nil {
		h.fail(w, r, live.ErrNoCapability)
		return
	}
	h.draw(w, r, graph.Of(p.Plan()))
}

// graphOfRun draws the capability of a run as it was when the run was started, with the
// outcomes of its steps.
func (h *Handler) graphOfRun(w http.ResponseWriter, r *http.Request) {
	p, run, err := h.withPlan(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.draw(w, r, graph.OfRun(p.Plan(), run))
}

// timeline answers with when the steps of a run happened.
func (h *Handler) timeline(w http.ResponseWriter, r *http.Request) {
	p, run, err := h.withPlan(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer.JSON(w, r, http.StatusOK, timeline.Of(run, p.Plan(), time.Now()))
}

// withPlan returns the run that is asked for, with its program.
func (h *Handler) withPlan(r *http.Request) (*engine.Program, *document.Run, error) {
	owner, id := access.Caller(r.Context()), r.PathValue("id")
	p, err := h.live.ProgramOf(r.Context(), owner, id)
	if err != nil {
		return nil, nil, err
	}
	run, err := h.live.Inspect(r.Context(), owner, id)
	return p, run, err
}

func (h *Handler) draw(w http.ResponseWriter, r *http.Request, g graph.Graph) {
	var svg bytes.Buffer
	if err := graph.SVG(&svg, g); err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	answer.Body(w, r, http.StatusOK, "image/svg+xml", svg.Bytes())
}
