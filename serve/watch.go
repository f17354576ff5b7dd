package serve

import (
	"context"
	"errors"
	"maps"
	"os"
	"time"
)

// LoadFunc makes the endpoints anew, and returns the files that they depend on.
type LoadFunc func(ctx context.Context) (endpoints []*Endpoint, files []string, err error)

// watchEvery is how often files are looked at. A change counts once it has been
// still for that long, so that a file is not read half written.
const watchEvery = 500 * time.Millisecond

// Watch serves files anew when they change, until stop is called. loaded is when what
// is served now began to be loaded: a change since then is one, too. While they cannot
// be served, the last good version stays; the server's log has the reason. It ends when
// the server stops.
func Watch(s *Server, files []string, loaded time.Time, load LoadFunc) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.watch(ctx, files, loaded, load)
	}()
	return func() { cancel(); <-done }
}

func (s *Server) watch(ctx context.Context, files []string, loaded time.Time, load LoadFunc) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	last := look(files)
	served := asLoaded(last, loaded)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := look(files)
		still := maps.Equal(now, last)
		last = now
		if !still || maps.Equal(now, served) {
			continue
		}
		served, loaded = now, time.Now()
		more, err := s.Reload(ctx, load)
		if errors.Is(err, ErrStopping) {
			return
		}
		s.reloaded(ctx, err)
		if err == nil {
			files = more
			last = look(files)
			served = asLoaded(last, loaded)
		}
	}
}

// reloaded reports whether changed files are served.
func (s *Server) reloaded(ctx context.Context, err error) {
	if err != nil {
		s.log.WarnContext(ctx, "the changed files cannot be served; the last good version stays", "error", err.Error())
		return
	}
	s.log.InfoContext(ctx, "the changed files are served now")
}

// sighting is how files were seen.
type sighting map[string]state

type state struct{ size, changed int64 }

// tick is by how much the time of a change may be too early: that of a file is the one
// of the system's last clock tick.
const tick = 10 * time.Millisecond

// asLoaded is a sighting without the files that changed after a load began, which it
// may have read before. A file from the future did not.
func asLoaded(seen sighting, began time.Time) sighting {
	out := maps.Clone(seen)
	maps.DeleteFunc(out, func(_ string, s state) bool {
		return s.changed > began.Add(-tick).UnixNano() && s.changed <= time.Now().UnixNano()
	})
	return out
}

func look(files []string) sighting {
	out := sighting{}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			out[f] = state{info.Size(), info.ModTime().UnixNano()}
		}
	}
	return out
}
