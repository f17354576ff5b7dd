package serve

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// distinct refuses two endpoints in one place. Several may share an address when
// one thing made them all.
func distinct(endpoints []*Endpoint) error {
	at := map[string]*Endpoint{}
	for _, e := range endpoints {
		if e.Chosen {
			continue
		}
		if other := at[e.Address]; other != nil && (other.owner == nil || other.owner != e.owner || other.Path == e.Path) {
			return fmt.Errorf("%s %q and %s %q both want %s: give one another port", other.Type, other.Namespace, e.Type, e.Namespace, e.Address)
		}
		at[e.Address] = e
	}
	return nil
}

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
