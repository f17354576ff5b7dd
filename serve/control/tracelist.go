package control

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// traceSummary is one request in the answer of /traces.
type traceSummary struct {
	Trace      string    `json:"traceId"`
	Operation  string    `json:"operation"`
	Exposure   string    `json:"exposure"`
	Status     string    `json:"status"` // OK or ERROR, which is a 5xx
	HTTPStatus int       `json:"httpStatus"`
	Millis     float64   `json:"durationMs"`
	Spans      int       `json:"spanCount"`
	Time       time.Time `json:"timestamp"`
}

// traceSpan is one request in the answer of /traces/{id}.
type traceSpan struct {
	ID         string    `json:"spanId"`
	Parent     string    `json:"parentSpanId,omitempty"`
	Name       string    `json:"name"`
	Kind       string    `json:"kind"`
	Exposure   string    `json:"exposure"`
	Status     string    `json:"status"`
	HTTPStatus int       `json:"httpStatus"`
	Millis     float64   `json:"durationMs"`
	Time       time.Time `json:"timestamp"`
}

// traces lists the kept requests. operation selects those with it in their name,
// status is OK or ERROR.
func (h *Handler) traces(w http.ResponseWriter, r *http.Request) {
	all, keep := h.o.Seen.all()
	operation, status := r.URL.Query().Get("operation"), r.URL.Query().Get("status")
	out := struct {
		Traces []traceSummary `json:"traces"`
		Size   int            `json:"bufferSize"`
		Used   int            `json:"bufferUsed"`
	}{[]traceSummary{}, keep, len(all)}
	for i := range all {
		one := all[i].summary()
		if strings.Contains(one.Operation, operation) && (status == "" || strings.EqualFold(status, one.Status)) {
			out.Traces = append(out.Traces, one)
		}
	}
	answer.JSON(w, r, http.StatusOK, out)
}

// trace answers with the kept requests of one trace, the first first: there are
// several where exposures call each other.
func (h *Handler) trace(w http.ResponseWriter, r *http.Request, id string) {
	var parts []request
	all, _ := h.o.Seen.all()
	for _, one := range all {
		if string(one.trace[:]) == id {
			parts = append(parts, one)
		}
	}
	if len(parts) == 0 {
		answer.Refuse(w, r, http.StatusNotFound, "no request of this trace is kept; /traces lists those that are")
		return
	}
	slices.SortStableFunc(parts, func(a, b request) int { return a.began.Compare(b.began) })
	spans := make([]traceSpan, len(parts))
	for i := range parts {
		spans[i] = parts[i].one()
	}
	one := parts[0].summary()
	one.Spans = len(spans)
	answer.JSON(w, r, http.StatusOK, struct {
		traceSummary
		Parts []traceSpan `json:"spans"`
	}{one, spans})
}

func (r *request) summary() traceSummary {
	return traceSummary{
		Trace: string(r.trace[:]), Operation: r.name, Exposure: r.exposure, Status: r.verdict(), HTTPStatus: r.status,
		Millis: millis(r.took), Spans: 1, Time: r.began.UTC(),
	}
}

func (r *request) one() traceSpan {
	s := traceSpan{
		ID: string(r.id[:]), Name: r.name, Kind: "SERVER", Exposure: r.exposure, Status: r.verdict(), HTTPStatus: r.status,
		Millis: millis(r.took), Time: r.began.UTC(),
	}
	if r.parent != [16]byte{} {
		s.Parent = string(r.parent[:])
	}
	return s
}

// verdict is that of OpenTelemetry's HTTP conventions: a server is not to blame
// for the mistakes of a client.
func (r *request) verdict() string {
	if r.status >= 500 {
		return "ERROR"
	}
	return "OK"
}

func millis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
