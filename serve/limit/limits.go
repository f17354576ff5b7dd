package limit

import (
	"cmp"
	"log/slog"
	"time"
)

// Options bound the use that clients make of a server. The
// zero value is the defaults.
type Options struct {
	Body   int64 // bytes of one request's body; 0 is 10 MiB
	Bodies int64 // bytes read of all bodies being handled at once; 0 is 256 MiB
	Header int   // bytes of one request's headers, request line included; 0 is 64 KiB

	ReadHeader time.Duration // for the headers to arrive; 0 is 10 s
	Read       time.Duration // for the body to arrive, once its handler runs; 0 is 60 s
	Write      time.Duration // for the client to take the bytes of one write; a stream may last longer; 0 is 60 s
	Idle       time.Duration // for the next request on a connection; 0 is 2 min

	Connections int           // open connections; more are closed at once; 0 is 8192
	Concurrent  int           // requests handled at once, streams included; 0 is 4096
	Wait        time.Duration // for a turn, when that many are; 0 is 1 s. As many as Concurrent may wait

	Log *slog.Logger // hears of panics and refused connections; nil is silent
}

func (l Options) filled() Options {
	fill(&l.Body, 10<<20)
	fill(&l.Bodies, 256<<20)
	fill(&l.Header, 64<<10)
	fill(&l.ReadHeader, 10*time.Second)
	fill(&l.Read, time.Minute)
	fill(&l.Write, time.Minute)
	fill(&l.Idle, 2*time.Minute)
	fill(&l.Connections, 8192)
	fill(&l.Concurrent, 4096)
	fill(&l.Wait, time.Second)
	l.Log = cmp.Or(l.Log, slog.New(slog.DiscardHandler))
	return l
}

func fill[T int | int64 | time.Duration](v *T, standard T) {
	if *v <= 0 {
		*v = standard
	}
}
