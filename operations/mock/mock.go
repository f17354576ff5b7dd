// Package mock answers requests from the OpenAPI document instead of the API,
// in process and without a port. Start with [New].
//
// The answers are stateful enough for a capability to run: a thing that one
// step creates, a later step finds, and a poll comes true after a few looks.
// They are made from the document's examples, constants and enums, so they are
// plausible, not real; every one fits its documented schema. A thing that no
// request can create (a connection that a person sets up) comes into being by
// itself once it is asked for by its parent.
//
// A mock forgets when its process ends. One that is given the same requests at the
// same times has the same things, and an id that has the shape of a documented id is
// taken to exist.
package mock

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/capstan-run/capstan/operations"
)

// Options shapes [New]. Nil and the zero value mean the defaults.
type Options struct {
	// Looks is how often a thing may be looked at before it reaches its final
	// state; 0 means 2, a negative number means that it is there at once.
	Looks int
	// Seed varies ids. Equal seeds give equal answers to equal requests.
	Seed uint64
	// Now is the clock for fields such as created_at; nil means time.Now.
	Now func() time.Time
}

// New returns a Caller with a world of its own. It is safe for concurrent use
// and never touches the network. Its errors are those of the context and of a
// request without an operation; a refusal is a response.
func New(o *Options) operations.Caller {
	if o == nil {
		o = &Options{}
	}
	w := &world{
		looks:    max(o.Looks, 0),
		seed:     o.Seed,
		now:      o.Now,
		items:    map[string][]*item{},
		kinds:    map[string]string{},
		made:     map[string]bool{},
		gone:     map[string]bool{},
		known:    map[string]bool{},
		glances:  map[string]int{},
		repeats:  map[string]int{},
		replayed: map[string]answer{},
	}
	if o.Looks == 0 {
		w.looks = 2
	}
	if w.now == nil {
		w.now = time.Now
	}
	return w.call
}

// world is everything the mock remembers. One mutex guards it all: answers
// take microseconds.
type world struct {
	looks int
	seed  uint64
	now   func() time.Time

	mu       sync.Mutex
	items    map[string][]*item // by kind, oldest first
	kinds    map[string]string  // collection path -> kind, as operations show it
	made     map[string]bool    // kinds that requests create: they do not grow
	gone     map[string]bool    // kind + "/" + identity of deleted things
	known    map[string]bool    // ids that an accepted write mentioned
	glances  map[string]int     // looks at a list, by question
	repeats  map[string]int     // equal requests so far
	replayed map[string]answer  // by operation and idempotency key
	served   int
}

func (w *world) call(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if req == nil || req.Op == nil {
		return nil, errors.New("mock: request without an operation")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.served++
	resp, err := w.reply(req)
	if err != nil || resp.Status >= 300 || req.Goal == nil {
		return resp, err
	}
	if done, failed := req.Goal.Judge(resp); failed || !done && req.Try > w.looks {
		return w.reach(req, resp)
	}
	return resp, nil
}

func (w *world) reply(req *operations.Request) (*operations.Response, error) {
	resp, err := w.respond(req.Op, w.answer(req))
	if err == nil && resp.Status < 300 {
		w.head(req, resp)
	}
	return resp, err
}

// answer judges the request first, so that a mistake shows under the mock as
// it would against the API.
func (w *world) answer(req *operations.Request) answer {
	a, problems := readArgs(req)
	if len(problems) > 0 {
		return refusal(http.StatusUnprocessableEntity, problems)
	}
	key := idempotencyKey(req)
	if past, ok := w.replayed[key]; ok && key != "" {
		return past
	}
	ans := w.act(newRoute(req.Op), a)
	if key != "" {
		w.replayed[key] = ans
	}
	if req.Op.Effect() == operations.Write && ans.status < 300 {
		w.remember(a)
	}
	return ans
}

func (w *world) act(r *route, a *args) answer {
	if message := w.missingParent(r, a); message != "" {
		return notFound(message)
	}
	switch r.verb {
	case list:
		return w.list(r, a)
	case get:
		return w.get(r, a)
	case create:
		return w.create(r, a)
	case update:
		return w.update(r, a)
	case remove:
		return w.remove(r, a)
	case act:
		return w.perform(r, a)
	default:
		return w.plain(r, a)
	}
}

// idempotencyKey names a repeatable request ("" for none), after the header
// that providers spell Idempotency-Key.
func idempotencyKey(req *operations.Request) string {
	v := req.Header.Get("Idempotency-Key")
	if given := req.Arg(operations.InHeader, "Idempotency-Key"); given != nil {
		v = text(given)
	}
	if v == "" {
		return ""
	}
	return req.Op.Method + " " + req.Op.Path + " " + v
}
