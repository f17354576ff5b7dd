package runs

import (
	"cmp"
	"net/url"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// document makes the document of a run, with its needs in the words of this
// API.
func (h *Handler) document(run *document.Run, show bool) *document.Run {
	return run.Served(show).Worded(func(next document.Next, hint string) string { return h.next(run.Run, next, hint) })
}

// next describes, as requests, how a run goes on.
func (h *Handler) next(run string, next document.Next, hint string) string {
	step := "POST " + h.url("/runs/"+url.PathEscape(run)+"/steps/"+url.PathEscape(next.Step))
	switch next.Kind {
	case document.NextFinish:
		return step + ` with {"result": ...} once it is done`
	case document.NextWait:
		return "it goes on by itself"
	case document.NextRetry:
		return cmp.Or(hint, "POST "+h.url("/runs/"+url.PathEscape(run)+"/retry")+" takes it up again")
	case document.NextSettle:
		if next.Policy == durable.Unsafe || next.Policy == durable.Probed {
			return hint + ", then " + step + ` with {"happened": true, "result": ...} or {"happened": false}`
		}
	}
	return hint
}
