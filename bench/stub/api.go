package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// api is the whole API: the five calls of a workflow, and one route for each of the
// long benchmarks.
func api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /organizations", posted(`"name"`, organization))
	mux.HandleFunc("POST /portal/generate_link", posted(`"`+organizationID+`"`, link))
	mux.HandleFunc("GET /connections", listed("organization_id", organizationID, connections))
	mux.HandleFunc("GET /directories", listed("organization_id", organizationID, directories))
	mux.HandleFunc("GET /directory_users", listed("directory", directoryID, users))
	mux.HandleFunc("GET /counts/{id}", count)
	mux.HandleFunc("GET /numbers", numbers)
	mux.HandleFunc("GET /jobs/{id}", new(jobs).get)
	mux.HandleFunc("GET /records", records)
	return mux
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func refuse(w http.ResponseWriter, want string) {
	answer(w, http.StatusUnprocessableEntity, fmt.Appendf(nil, `{"message": %q}`, "wanted "+want))
}

// posted answers a body that has the text want.
func posted(want, text string) http.HandlerFunc {
	body := []byte(text)
	return func(w http.ResponseWriter, r *http.Request) {
		if got, err := io.ReadAll(r.Body); err != nil || !bytes.Contains(got, []byte(want)) {
			refuse(w, want)
			return
		}
		answer(w, http.StatusCreated, body)
	}
}

// listed answers a query whose parameter name is want.
func listed(name, want, text string) http.HandlerFunc {
	body := []byte(text)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get(name) != want {
			refuse(w, name+"="+want)
			return
		}
		answer(w, http.StatusOK, body)
	}
}

// count answers with the number after the one in the path: steps that read each
// other count.
func count(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		refuse(w, "a number")
		return
	}
	answer(w, http.StatusOK, fmt.Appendf(nil, `{"id": "%d", "next": "%d"}`, n, n+1))
}

// numbers lists as many numbers as are asked for.
func numbers(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	body := []byte(`{"data": [`)
	for i := range n {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"id": "%d"}`, i)
	}
	answer(w, http.StatusOK, append(body, `]}`...))
}

// jobs are ready after as many looks as their ids say: "7-1000" after 1,000.
type jobs struct{ looks sync.Map }

func (j *jobs) get(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	var n int64
	if _, err := fmt.Sscanf(id, "%d-%d", new(int64), &n); err != nil {
		refuse(w, "NAME-LOOKS")
		return
	}
	looks, _ := j.looks.LoadOrStore(id, new(atomic.Int64))
	state := "pending"
	if looks.(*atomic.Int64).Add(1) >= n {
		j.looks.Delete(id)
		state = "ready"
	}
	answer(w, http.StatusOK, fmt.Appendf(nil, `{"id": %q, "state": %q}`, id, state))
}

// records is a listing of pages that are all alike but for their cursors. The query
// has the number of pages and of records on each.
func records(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	pages, _ := strconv.Atoi(q.Get("pages"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	page, _ := strconv.Atoi(q.Get("after"))
	body := []byte(`{"object": "list", "data": [`)
	for i := range limit {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"id": "rec_%08d", "text": %q}`, page*limit+i, filler)
	}
	after := "null"
	if page+1 < pages {
		after = fmt.Sprintf(`"%d"`, page+1)
	}
	answer(w, http.StatusOK, fmt.Appendf(body, `], "list_metadata": {"before": null, "after": %s}}`, after))
}
