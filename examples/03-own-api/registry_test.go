package ownapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// registry is a stub of the imaginary API, with the parts that make a
// capability's life hard: things take a few looks to come true, and another
// ship's certificate is newer than ours.
type registry struct {
	mu    sync.Mutex
	key   string
	looks int
	calls []string
}

const lateAfter = 2 // looks before an inspection is completed

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, req.Method+" "+req.URL.RequestURI())
	if req.Header.Get("Authorization") != "Bearer "+r.key {
		reply(w, http.StatusUnauthorized, map[string]any{"message": "who are you?"})
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ships", r.register)
	mux.HandleFunc("POST /inspections", r.book)
	mux.HandleFunc("GET /inspections/insp_7", r.inspection)
	mux.HandleFunc("GET /certificates", r.certificates)
	mux.ServeHTTP(w, req)
}

func (r *registry) register(w http.ResponseWriter, req *http.Request) {
	var ship map[string]any
	if err := json.NewDecoder(req.Body).Decode(&ship); err != nil || ship["imo"] == nil {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"message": "a ship needs an imo number"})
		return
	}
	ship["object"], ship["id"] = "ship", "ship_7"
	reply(w, http.StatusCreated, ship)
}

func (r *registry) book(w http.ResponseWriter, req *http.Request) {
	var in map[string]any
	if err := json.NewDecoder(req.Body).Decode(&in); err != nil || in["ship_id"] != "ship_7" {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"message": "no such ship"})
		return
	}
	in["object"], in["id"], in["state"] = "inspection", "insp_7", "booked"
	reply(w, http.StatusCreated, in)
}

func (r *registry) inspection(w http.ResponseWriter, _ *http.Request) {
	r.looks++
	state := "running"
	if r.looks > lateAfter {
		state = "completed"
	}
	reply(w, http.StatusOK, map[string]any{
		"object": "inspection", "id": "insp_7", "ship_id": "ship_7", "port": "NLRTM", "state": state,
	})
}

func (r *registry) certificates(w http.ResponseWriter, req *http.Request) {
	data := []any{certificate("cert_9", "ship_9", "DK-2026-0001"), certificate("cert_7", "ship_7", "NL-2026-0042")}
	if req.URL.Query().Get("ship_id") == "ship_7" {
		data = data[1:]
	}
	reply(w, http.StatusOK, map[string]any{
		"object": "list", "data": data, "list_metadata": map[string]any{"before": nil, "after": nil},
	})
}

func certificate(id, ship, number string) map[string]any {
	return map[string]any{"object": "certificate", "id": id, "ship_id": ship, "number": number}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-ID", fmt.Sprintf("req_%d", status))
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
