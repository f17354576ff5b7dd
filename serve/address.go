package serve

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/loopback"
)

// Apart returns the endpoints that have a place of their own. For each of the others it
// returns a reason: an earlier one is served there. Endpoints that one thing made may
// share an address.
func Apart(endpoints []*Endpoint) (kept []*Endpoint, refused []engine.Refusal) {
	for _, e := range endpoints {
		if i := slices.IndexFunc(kept, e.meets); i >= 0 {
			refused = append(refused, engine.Refusal{Name: e.name(), Kind: e.Type + " exposure", Reason: e.taken(kept[i])})
		} else {
			kept = append(kept, e)
		}
	}
	return kept, refused
}

// meets reports whether two endpoints cannot be served both.
func (e *Endpoint) meets(other *Endpoint) bool {
	shared := other.owner != nil && other.owner == e.owner && other.Address == e.Address && other.Path != e.Path
	return !e.Chosen && !other.Chosen && !shared && loopback.Meet(e.Address, other.Address)
}

// taken reports that an endpoint is where another one is served.
func (e *Endpoint) taken(other *Endpoint) diag.Diagnostic {
	d := diag.Diagnostic{Code: "address-taken", Severity: diag.Error, Hint: "give one of the two another port"}
	d.Message = fmt.Sprintf("%s %q cannot be served: %s is taken by %s %q", e.Type, e.name(), other.Address, other.Type, other.name())
	if e.declared != nil {
		d.Pos, d.EndColumn = e.declared.Namespace.Whole()
		d.Pos = cmp.Or(d.Pos, e.declared.Pos)
	}
	if other.declared != nil {
		d.Related = []diag.Related{{Pos: other.declared.Pos, Message: "the first one"}}
	}
	return d
}

// name is that of an endpoint in Options.Ports.
func (e *Endpoint) name() string { return cmp.Or(e.Namespace, e.Type) }

// at is the handler of an address: requests go to the endpoint with the longest path.
func at(address string, endpoints []*Endpoint) http.Handler {
	var here []*Endpoint
	for _, e := range endpoints {
		if e.stdio == nil && e.Address == address {
			here = append(here, e)
		}
	}
	if len(here) == 1 && here[0].Path == "" {
		return here[0].handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var best *Endpoint
		for _, e := range here {
			below := e.Path == "" || r.URL.Path == e.Path || strings.HasPrefix(r.URL.Path, e.Path+"/")
			if below && (best == nil || len(e.Path) > len(best.Path)) {
				best = e
			}
		}
		if best == nil {
			http.NotFound(w, r)
			return
		}
		best.handler.ServeHTTP(w, r)
	})
}

// URL is where an endpoint is found while it is served, with the port that the
// system chose where its address has 0. It is "" over stdio.
func (s *Server) URL(e *Endpoint) string {
	if e.stdio != nil {
		return ""
	}
	address := e.Address
	s.mu.Lock()
	if p := s.ports[address]; p != nil {
		address = asAsked(address, p.listener.Addr().String())
	}
	s.mu.Unlock()
	return "http://" + address + cmp.Or(e.shown, e.Path, "/")
}

// asAsked is an address that was asked for, with the port that it got: the
// system has other words for some hosts, [::] for 0.0.0.0.
func asAsked(asked, got string) string {
	host, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(got)
	if err != nil || err2 != nil || host == "" {
		return got
	}
	return net.JoinHostPort(host, port)
}
