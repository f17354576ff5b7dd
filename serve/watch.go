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

// Watch serves files anew when they change, until stop is called. While they cannot be
// served, the last good version stays; the server's log has the reason. It ends when
// the server stops.
func Watch(s *Server, files []string, load LoadFunc) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.watch(ctx, files, load)
	}()
	return func() { cancel(); <-done }
}

func (s *Server) watch(ctx context.Context, files []string, load LoadFunc) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	served := look(files)
	last := served
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
		served = now
		more, err := s.Reload(ctx, load)
		if errors.Is(err, ErrStopping) {
			return
		}
		s.reloaded(ctx, err)
		if err == nil {
			files = more
			served = look(files)
			last = served
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

func look(files []string) sighting {
	out := sighting{}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			out[f] = state{info.Size(), info.ModTime().UnixNano()}
		}
	}
	return out
}
