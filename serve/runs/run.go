package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/live"
)

// start starts a run: 200 when it ended within Prefer: wait, else 202.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) {
	id, show, err := h.begin(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.settle(w, r, id, show, http.StatusAccepted)
}

func (h *Handler) begin(w http.ResponseWriter, r *http.Request) (id string, show bool, err error) {
	if h.live.Program(r.PathValue("name")) == nil {
		return "", false, live.ErrNoCapability
	}
	if show, err = showSensitive(r); err != nil {
		return "", false, err
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return "", false, err
	}
	body, err := h.body(w, r, "inputs", "labels")
	if err != nil {
		return "", false, err
	}
	inputs, err := inputsOf(body)
	if err != nil {
		return "", false, err
	}
	labels, err := labelsIn(body)
	if err != nil {
		return "", false, err
	}
	id, err = h.live.Start(r.Context(), live.Start{
		Capability: r.PathValue("name"), Inputs: inputs, Owner: access.Caller(r.Context()), Key: key, Labels: labels,
	})
	return id, show, err
}

// inputsOf returns the inputs in a body, nil for none.
func inputsOf(body map[string]any) (engine.Inputs, error) {
	inputs, ok := body["inputs"].(map[string]any)
	if given := body["inputs"]; !ok && given != nil {
		return nil, refuseAt("/inputs", "the inputs are an object, by name")
	}
	return inputs, nil
}

// labelsIn reads the labels of the run that is to be started.
func labelsIn(body map[string]any) (map[string]string, error) {
	given, ok := body["labels"].(map[string]any)
	if !ok && body["labels"] != nil {
		return nil, refuseAt("/labels", "the labels are an object of texts, by name")
	}
	labels := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, ok := given[name].(string)
		if !ok {
			return nil, refuseAt("/labels/"+answer.Token(name), "a label is text")
		}
		if err := durable.CheckLabel(name, value); err != nil {
			return nil, refuseAt("/labels/"+answer.Token(name), "%v", err)
		}
		labels[name] = value
	}
	if err := durable.CheckLabels(labels); err != nil {
		return nil, refuseAt("/labels", "%v", err)
	}
	return labels, nil
}

// settle waits for the end of a run as long as the client prefers to, and
// answers with its document: 200 when it ended, else with pending.
func (h *Handler) settle(w http.ResponseWriter, r *http.Request, id string, show bool, pending int) {
	if wait := h.wait(r); wait > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wait + time.Minute)) // not every server has one
		if _, err := h.live.Wait(ctx, access.Caller(r.Context()), id); err != nil {
			h.fail(w, r, err)
			return
		}
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait/time.Second)))
	}
	run, err := h.live.Inspect(r.Context(), access.Caller(r.Context()), id)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	status := pending
	if durable.Status(run.Status).Ended() {
		status = http.StatusOK
	} else {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(run)))
	}
	w.Header().Set("Location", h.url("/runs/"+url.PathEscape(id)))
	answer.JSON(w, r, status, h.document(run, show))
}

// retryAfter is when to ask again, in seconds: soon while something happens,
// when it is due, and now and then while a person is awaited.
func retryAfter(run *document.Run) int {
	switch {
	case run.Status == durable.StatusRunning:
		return 1
	case run.Due != nil:
		return int(min(max(math.Ceil(time.Until(*run.Due).Seconds()), 1), 60))
	}
	return 30
}

// run answers with the run document.
func (h *Handler) run(w http.ResponseWriter, r *http.Request) {
	show, err := showSensitive(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	run, err := h.live.Inspect(r.Context(), access.Caller(r.Context()), r.PathValue("id"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer.JSON(w, r, http.StatusOK, h.document(run, show))
}

// step finishes an external step, or settles one that is in doubt.
func (h *Handler) step(w http.ResponseWriter, r *http.Request) {
	h.change(w, r, http.StatusOK, func(ctx context.Context, owner, id string, body map[string]any) error {
		said, err := signalOf(body)
		if err != nil {
			return err
		}
		said.Step, said.By = r.PathValue("step"), cmp.Or(owner, "rest")
		return h.live.Signal(ctx, owner, id, said)
	}, "result", "happened")
}

// signalOf reads the result of a step, or whether it happened.
func signalOf(body map[string]any) (said engine.Signal, err error) {
	if given, ok := body["happened"]; ok {
		happened, isBool := given.(bool)
		if !isBool {
			return said, refuseAt("/happened", "it is true or false")
		}
		said.Happened = &happened
		if _, ok := body["result"]; ok && !happened {
			return said, refuseAt("/result", "what did not happen has no result")
		}
	}
	said.Result, err = json.Marshal(body["result"])
	return said, err
}

// cancel ends a run.
func (h *Handler) cancel(w http.ResponseWriter, r *http.Request) {
	h.change(w, r, http.StatusOK, func(ctx context.Context, owner, id string, _ map[string]any) error {
		return h.live.Cancel(ctx, owner, id)
	})
}

// retry takes a run that failed or timed out up again, with the inputs corrected that the
// body has.
func (h *Handler) retry(w http.ResponseWriter, r *http.Request) {
	h.change(w, r, http.StatusAccepted, func(ctx context.Context, owner, id string, body map[string]any) error {
		inputs, err := inputsOf(body)
		if err == nil {
			err = h.live.Correct(ctx, owner, id, inputs, cmp.Or(owner, "rest"))
		}
		if err != nil {
			return err
		}
		return h.live.Retry(ctx, owner, id)
	}, "inputs")
}

// change does something to a run, with a body of known members, and answers with its
// document: with pending, where it has not ended then.
func (h *Handler) change(w http.ResponseWriter, r *http.Request, pending int, do func(ctx context.Context, owner, id string, body map[string]any) error, known ...string) {
	owner, id := access.Caller(r.Context()), r.PathValue("id")
	show, err := showSensitive(r)
	if err == nil {
		_, err = h.live.State(r.Context(), owner, id)
	}
	var body map[string]any
	if err == nil {
		body, err = h.body(w, r, known...)
	}
	if err == nil {
		err = do(r.Context(), owner, id, body)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.settle(w, r, id, show, pending)
}
