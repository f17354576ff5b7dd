package runs

import (
	"net/http"
	"sync"
)

// places are those of event streams. A caller takes another one only while it
// holds fewer than are free, so that no caller can take them all: alone it gets
// half, and the next one half of the rest. Callers without a name
// share all places.
type places struct {
	all   int
	mu    sync.Mutex
	taken int
	held  map[string]int // by caller
}

func (p *places) take(caller string) (leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch free, own := p.all-p.taken, p.held[caller]; {
	case free <= 0:
		return nil, refuse(http.StatusServiceUnavailable, "%d event streams of all callers are open, as many as this server takes; try again later", p.taken)
	case caller != "" && own >= free:
		return nil, refuse(http.StatusServiceUnavailable, "%d event streams of yours are open, as many as one caller may have now; close one, or try again later", own)
	}
	p.taken++
	p.held[caller]++
	return func() { p.leave(caller) }, nil
}

func (p *places) leave(caller string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.held[caller]--; p.held[caller] == 0 {
		delete(p.held, caller)
	}
}
