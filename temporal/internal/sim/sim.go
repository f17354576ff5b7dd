// Package sim simulates, in virtual time, many runs that look at one API again and again,
// from several workers, under the number of requests that the API takes a second. It
// compares the places where the limit of an API can be held. See docs/scale.md.
package sim

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Limiter is the place that holds the limit of an API.
type Limiter string

// The limiters.
const (
	// None sends every request at once. The API refuses those that are too many; they are
	// sent again after a second, twice as long each time, a minute at most.
	None Limiter = "none"
	// Share gives each worker an equal part of the rate. A request waits in its worker.
	Share Limiter = "share"
	// Queue has the server hand out tasks of one queue at the rate
	// (worker.Options.TaskQueueActivitiesPerSecond). A request waits in the server. Every
	// partition of the queue has an equal part of the rate.
	Queue Limiter = "queue"
	// Workflow has one workflow that hands out times to send at. A worker asks it every
	// AskEvery for as many as it has requests, which wait in the worker.
	Workflow Limiter = "workflow"
)

// Config is what is simulated.
type Config struct {
	Runs     int           // that look
	Start    time.Duration // the first looks are spread evenly at random over it
	Every    time.Duration // from the end of a look to the next one of the run
	Window   time.Duration // what is simulated, from 0
	Workers  int
	Slots    int           // requests that a worker has at once, those that wait in it included
	Latency  time.Duration // of a request, on average; each has from half to one and a half
	Rate     float64       // requests a second that the API takes
	Burst    int           // requests that it takes at once after a pause
	Limiter  Limiter
	Parts    int           // partitions of the queue, for Queue
	AskEvery time.Duration // for Workflow
	Seed     uint64
}

// Result is what happened in the window.
type Result struct {
	Looks   int           // that the API answered
	Refused int           // requests that the API refused, each sent again
	P50     time.Duration // of the time that a look waited after it was due
	P99     time.Duration
	Max     time.Duration
	Busy    float64 // the part of the workers' slots that was taken, on average
	Asks    int     // requests to the workflow that holds the limit
}

// Actions are the actions of the server in the window: one for each look, sent again or
// not, and one for each request to the workflow.
func (r Result) Actions() int { return r.Looks + r.Refused + r.Asks }

// look is a request of a run on its way.
type look struct {
	due    time.Duration
	worker int
	tries  int // that the API refused
}

type kind int

const (
	wants  kind = iota // a run wants to look
	passed             // the server hands its task out
	send               // its request leaves
	ask                // a worker asks the workflow
)

type event struct {
	at   time.Duration
	seq  int // in the order of their making, among those of one time
	kind kind
	look look
}

func earlier(a, b event) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

func sooner(a, b time.Duration) bool { return a < b }

// world is a simulation on its way.
type world struct {
	c       Config
	random  *rand.Rand
	events  heap[event]
	made    int                   // events
	slots   []heap[time.Duration] // when the slots of each worker are free; of all, with Queue
	limits  []bucket              // of workers, of partitions, of the workflow
	api     bucket
	waiting [][]look // at each worker, for the workflow
	delays  []time.Duration
	busy    time.Duration
	r       Result
}

// Run simulates. The same configuration has the same result.
func Run(c Config) Result {
	w := &world{c: c, random: rand.New(rand.NewPCG(c.Seed, 1)), events: heap[event]{less: earlier}, waiting: make([][]look, c.Workers)}
	w.api = bucket{rate: c.Rate, burst: max(c.Burst, 1)}
	pools, limits := c.Workers, 1
	switch c.Limiter {
	case Share:
		limits = c.Workers
	case Queue:
		pools, limits = 1, max(c.Parts, 1)
	}
	for range pools {
		w.slots = append(w.slots, heap[time.Duration]{items: make([]time.Duration, c.Slots*c.Workers/pools), less: sooner})
	}
	for range limits {
		w.limits = append(w.limits, bucket{rate: c.Rate / float64(limits), burst: 1})
	}
	for range c.Runs {
		at := time.Duration(w.random.Float64() * float64(c.Start))
		w.add(at, wants, w.newLook(at))
	}
	for len(w.events.items) > 0 && w.events.items[0].at <= c.Window {
		w.happens(w.events.pop())
	}
	w.r.Busy = float64(w.busy) / float64(c.Window) / float64(c.Workers*c.Slots)
	if slices.Sort(w.delays); len(w.delays) > 0 {
		w.r.P50, w.r.P99, w.r.Max = w.delays[len(w.delays)/2], w.delays[len(w.delays)*99/100], w.delays[len(w.delays)-1]
	}
	return w.r
}

func (w *world) add(at time.Duration, k kind, l look) {
	w.made++
	w.events.push(event{at, w.made, k, l})
}

func (w *world) newLook(due time.Duration) look {
	return look{due: due, worker: w.random.IntN(w.c.Workers)}
}

func (w *world) happens(e event) {
	switch e.kind {
	case wants:
		w.wants(e.at, e.look)
	case passed:
		w.begin(0, e.at, nil, e.look)
	case send:
		w.send(e.at, e.look)
	case ask:
		w.ask(e.at, e.look.worker)
	}
}

func (w *world) wants(now time.Duration, l look) {
	switch w.c.Limiter {
	case Queue:
		w.add(w.limits[w.random.IntN(len(w.limits))].reserve(now), passed, l)
	case Share:
		w.begin(l.worker, now, &w.limits[l.worker], l)
	case Workflow:
		if w.waiting[l.worker] = append(w.waiting[l.worker], l); len(w.waiting[l.worker]) == 1 {
			w.add(now+w.c.AskEvery, ask, l)
		}
	default:
		w.begin(l.worker, now, nil, l)
	}
}

// ask has the workflow hand out a time to each look of a worker that has a slot.
func (w *world) ask(now time.Duration, worker int) {
	w.r.Asks++
	waiting := w.waiting[worker]
	for len(waiting) > 0 && w.slots[worker].items[0] <= now {
		w.begin(worker, now, &w.limits[0], waiting[0])
		waiting = waiting[1:]
	}
	if w.waiting[worker] = waiting; len(waiting) > 0 {
		w.add(max(now+w.c.AskEvery, w.slots[worker].items[0]), ask, look{worker: worker})
	}
}

// begin gives a look the slot that is free first, until its request has ended. The request
// leaves when limit lets it.
func (w *world) begin(pool int, now time.Duration, limit *bucket, l look) {
	held := max(now, w.slots[pool].pop())
	at := held
	if limit != nil {
		at = limit.reserve(held)
	}
	ends := at + time.Duration((0.5+w.random.Float64())*float64(w.c.Latency))
	w.slots[pool].push(ends)
	w.busy += max(0, min(ends, w.c.Window)-held)
	w.add(at, send, l)
}

// A refused request is sent again after again, twice as long each time, and at most longest.
const (
	again   = time.Second
	longest = time.Minute
)

func (w *world) send(now time.Duration, l look) {
	if !w.api.takes(now) {
		w.r.Refused++
		wait := min(again<<min(l.tries, 10), longest)
		l.tries++
		w.add(now+wait, wants, l)
		return
	}
	w.r.Looks++
	w.delays = append(w.delays, now-l.due)
	next := now + w.c.Latency + w.c.Every
	w.add(next, wants, w.newLook(next))
}
