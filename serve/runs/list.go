package runs

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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
	values, err := query(r, "status", "capability", "label", "input", "since", "before", "waiting", "q", "cursor", "limit")
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
	f.Capability, f.Waiting, f.Text = values.Get("capability"), values.Get("waiting"), values.Get("q")
	if f.Labels, err = pairs(values, "label"); err != nil {
		return f, err
	}
	if f.Inputs, err = pairs(values, "input"); err != nil {
		return f, err
	}
	if f.Since, err = pointInTime(values, "since"); err != nil {
		return f, err
	}
	if f.Before, err = pointInTime(values, "before"); err != nil {
		return f, err
	}
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

// pairs reads a parameter NAME:VALUE that may be repeated. All of them must hold, so two
// values of one name are a mistake.
func pairs(values url.Values, parameter string) (map[string]string, error) {
	if len(values[parameter]) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, given := range values[parameter] {
		name, value, ok := strings.Cut(given, ":")
		if old, again := out[name]; !ok || name == "" || again && old != value {
			return nil, refuse(http.StatusBadRequest, "%s is NAME:VALUE, repeated for more names", parameter)
		}
		out[name] = value
	}
	return out, nil
}

// pointInTime reads a time, or a day in UTC.
func pointInTime(values url.Values, parameter string) (time.Time, error) {
	text := values.Get(parameter)
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, refuse(http.StatusBadRequest, "%s is a time, such as 2026-05-22T10:00:00Z, or a day, such as 2026-05-22", parameter)
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
