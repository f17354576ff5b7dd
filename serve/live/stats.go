package live

import (
	"maps"
	"sync"

	"github.com/capstan-run/capstan/engine/durable"
)

// Stats count runs since New.
type Stats struct {
	Started map[string]int  // by capability; those started here
	Ended   map[Outcome]int // those that were executed here to their end
}

// Outcome is how a run of a capability ended.
type Outcome struct {
	Capability string
	Status     durable.Status
}

// Stats returns the counts so far.
func (r *Runs) Stats() Stats {
	r.stats.mu.Lock()
	defer r.stats.mu.Unlock()
	return Stats{Started: maps.Clone(r.stats.counts.Started), Ended: maps.Clone(r.stats.counts.Ended)}
}

type stats struct {
	mu     sync.Mutex
	counts Stats
}

func (s *stats) start(capability string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts.Started == nil {
		s.counts.Started = map[string]int{}
	}
	s.counts.Started[capability]++
}

// end counts a run that ended here.
func (s *stats) end(run durable.State) {
	if !run.Status.Ended() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts.Ended == nil {
		s.counts.Ended = map[Outcome]int{}
	}
	s.counts.Ended[Outcome{run.Capability, run.Status}]++
}
