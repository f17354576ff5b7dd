package serve

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/serve/limit"
)

// port is a listener with the handler that answers there at the time.
type port struct {
	address  string
	listener net.Listener
	server   *http.Server
	handler  handlerBox
}

// listen opens the addresses that are not open yet, all or none: those that were given,
// then those that are chosen among what is left.
func (s *Server) listen(endpoints []*Endpoint) (fresh map[string]*port, err error) {
	fresh = map[string]*port{}
	taken := map[string]bool{"stdio": true}
	defer func() {
		for _, p := range fresh {
			if err != nil {
				_ = p.listener.Close()
			}
		}
	}()
	for _, e := range endpoints {
		if !e.Chosen {
			taken[e.Address] = true
			if err := s.open(e.Address, fresh); err != nil {
				return fresh, cannotListen(e, err)
			}
		}
	}
	for _, e := range endpoints {
		if e.Chosen {
			if err := s.place(e, taken, fresh); err != nil {
				return fresh, cannotListen(e, err)
			}
			taken[e.Address] = true
		}
	}
	return fresh, nil
}

// mostTried bounds the ports that are tried for one that is chosen.
const mostTried = 100

// place gives an endpoint the address that it had before, else the next free one, or
// any for port 0.
func (s *Server) place(e *Endpoint, taken map[string]bool, fresh map[string]*port) error {
	host, first, err := net.SplitHostPort(e.wanted)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	var candidates []string
	for _, old := range s.endpoints {
		if old.Chosen && old.Type == e.Type && old.Namespace == e.Namespace && old.wanted == e.wanted {
			candidates = append(candidates, old.Address)
		}
	}
	for n := number; n <= min(number+mostTried, 65535) && (n == number || number > 0); n++ {
		candidates = append(candidates, net.JoinHostPort(host, strconv.Itoa(n)))
	}
	err = errors.New("no port is free")
	for _, address := range candidates {
		anew := number == 0 && address == e.wanted // another one may have asked for any port, too
		if taken[address] && !anew {
			continue
		}
		if e.Address = address; s.ports[address] != nil && !anew {
			return nil
		}
		var p *port
		if p, err = s.port(address); err == nil {
			p.address = asAsked(address, p.listener.Addr().String())
			fresh[p.address], e.Address = p, p.address
			return nil
		}
	}
	return err
}

// open listens at an address, unless that is done already.
func (s *Server) open(address string, fresh map[string]*port) error {
	if address == "stdio" || s.ports[address] != nil || fresh[address] != nil {
		return nil
	}
	p, err := s.port(address)
	if err == nil {
		fresh[address] = p
	}
	return err
}

// port listens at an address.
func (s *Server) port(address string) (*port, error) {
	l, err := loopback.Listen(address)
	if err != nil {
		return nil, err
	}
	p := &port{address: address, listener: l}
	p.server = limit.Server(&p.handler, s.opts.Limits)
	return p, nil
}

// cannotListen is a listen error without the address, which the message has already.
func cannotListen(e *Endpoint, err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("%s %q cannot listen at %s: %w", e.Type, e.Namespace, e.Address, err)
}
