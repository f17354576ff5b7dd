package runs

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/answer"
)

// How many runs a page of the list has.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// page of the list of runs.
type listPage struct {
	Runs []document.Entry `json:"runs"`
	Next string           `json:"next,omitempty"` // the cursor of the next page
}

// list answers with runs, newest first.
func (h *Handler) list(w http.ResponseWriter, r *http.Request) {
	filter, err := listFilter(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	limit := filter.Limit
	filter.Limit++ // one more shows whether there is a next page
	states, err := h.live.List(r.Context(), access.Caller(r.Context()), filter)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	page := listPage{Runs: []document.Entry{}}
	if len(states) > limit {
		states = states[:limit]
		page.Next = cursorOf(states[limit-1])
		next := r.URL.Query()
		next.Set("cursor", page.Next)
		w.Header().Set("Link", "<"+h.url("/runs?"+next.Encode())+`>; rel="next"`)
	}
	for _, s := range states {
		page.Runs = append(page.Runs, document.EntryOf(s))
	}
	answer.JSON(w, r, http.StatusOK, page)
}

// listFilter reads which runs are asked for.
func listFilter(r *http.Request) (durable.Filter, error) {
	f := durable.Filter{Limit: defaultLimit}
	values, err := query(r, "status", "capability", "cursor", "limit")
	if err != nil {
		return f, err
	}
	for _, word := range strings.FieldsFunc(strings.Join(values["status"], ","), func(c rune) bool { return c == ',' }) {
		status := durable.Status(word)
		if !slices.Contains(durable.RunStatuses, status) {
			return f, refuse(http.StatusBadRequest, "there is no status %q; a run is one of %v", word, durable.RunStatuses)
		}
		f.Status = append(f.Status, status)
	}
	slices.Sort(f.Status)
	f.Status = slices.Compact(f.Status)
	f.Capability = values.Get("capability")
	if limit := values.Get("limit"); limit != "" {
		if f.Limit, err = strconv.Atoi(limit); err != nil || f.Limit < 1 || f.Limit > maxLimit {
			return f, refuse(http.StatusBadRequest, "the limit is a number from 1 to %d", maxLimit)
		}
	}
	if cursor := values.Get("cursor"); cursor != "" {
		if f.After, err = markOf(cursor); err != nil {
			return f, refuse(http.StatusBadRequest, "the cursor is none that a page of this list gave as next")
		}
	}
	return f, nil
}

// cursorOf stands for the place of a run in the list.
func cursorOf(s durable.State) string {
	data, err := json.Marshal(durable.Mark{Started: s.Started, ID: s.ID})
	if err != nil {
		return "" // a time and a text have a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func markOf(cursor string) (m durable.Mark, err error) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	return m, err
}
