// Package runs serves capabilities as a REST API of durable runs, with a page for
// people and an OpenAPI document of it all. Start with [New]. A caller, as package
// access names it, sees and finishes only its own runs; one without a name sees all.
package runs

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/capstan-run/capstan/serve/live"
)

// Options shape a Handler. The zero value works.
type Options struct {
	// Base is the path the handler is mounted under, as clients see it and as
	// requests carry it: "/onboarding". "" is the root.
	Base string
	// Guard wraps everything but the page's own files and /health, which hold
	// no caller's data: it answers requests that carry no valid bearer key
	// itself, with 401. With a Guard the page asks for a key and the OpenAPI
	// document asks for one. Nil lets every caller in.
	Guard func(http.Handler) http.Handler
	// Origins are sites besides this server's own with pages that may change
	// things: "https://console.example". A browser's request from any other is
	// refused with 403, since it may not be a person's wish.
	Origins []string

	MaxWait   time.Duration // the longest Prefer: wait that is honoured; 0 means one minute
	Heartbeat time.Duration // of quiet event streams; 0 means 15 s
	// Streams is how many event streams may be open at once; 0 means 1000.
	// Further ones get 503, and so do those of a Caller that has as many as are
	// still free: one alone gets half.
	Streams int
	MaxBody int64        // bytes of a request's body; 0 means 1 MiB
	Log     *slog.Logger // receives failures; nil is silent
}

// Handler serves runs over HTTP. It is safe for concurrent use.
type Handler struct {
	o       Options
	live    *live.Runs
	mux     *http.ServeMux
	routes  map[string]*route // by pattern
	foreign *http.CrossOriginProtection
	metrics *metrics
	files   map[string]file // of the page
	log     *slog.Logger

	places *places // of event streams
}

// New returns a handler for l's capabilities and runs. The maker of l closes it:
// that ends event streams and waits, while reading goes on.
func New(l *live.Runs, o Options) (*Handler, error) {
	o.MaxWait = cmp.Or(o.MaxWait, time.Minute)
	o.Heartbeat = cmp.Or(o.Heartbeat, 15*time.Second)
	o.Streams = cmp.Or(o.Streams, 1000)
	o.MaxBody = cmp.Or(o.MaxBody, 1<<20)
	o.Base = strings.TrimSuffix(o.Base, "/")
	if o.Base != "" && o.Base[0] != '/' {
		return nil, fmt.Errorf("the base path %q does not begin with a slash", o.Base)
	}
	h := &Handler{
		o: o, live: l, mux: http.NewServeMux(), routes: map[string]*route{}, foreign: http.NewCrossOriginProtection(),
		metrics: newMetrics(), log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)), places: &places{all: o.Streams, held: map[string]int{}},
	}
	for _, origin := range o.Origins {
		if err := h.foreign.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("the origin %q cannot be trusted: %w", origin, err)
		}
	}
	var err error
	if h.files, err = pageFiles(); err != nil {
		return nil, err
	}
	h.register()
	return h, nil
}

// url is where clients find a path of ours.
func (h *Handler) url(path string) string { return h.o.Base + path }
