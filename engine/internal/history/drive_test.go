package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/operations/client"
)

// givenID is the id of the runs that are started under one. The others are stored
// with their first change.
const givenID = "run_of_a_history"

// history is one play of a seed.
type history struct {
	t    *testing.T
	seed uint64
	dir  string
	omit map[string]bool // faults and kills to leave out, by name

	model *model
	up    *upstream
	rt    durable.Runtime
	disk  string // directory of the database; "": in memory

	statuses map[string]int // that drives left the run in
	drive    int            // the drive at hand, from 1

	// The store and the upstream share the following with the drive, under mu.
	mu   sync.Mutex
	used []string // the faults and kills that were there
	log  []string

	rate   float64 // how likely an exchange goes wrong
	deadly float64 // how likely a drive is killed

	dead    bool   // the process at hand was killed
	commits int    // of this drive
	killAt  int    // the commit at which it is killed; 0: none
	after   bool   // once that is made
	moment  string // of an exchange at which it is killed
	killIn  int    // in how many exchanges
}

// Moments of an exchange at which the process can die.
const (
	onArrival = "on arrival"
	onEffect  = "before the answer"
	onAnswer  = "after the answer"
)

var errKilled = errors.New("the process was killed")

func (h *history) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noteLocked(format, args...)
}

func (h *history) noteLocked(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf("%s  ", time.Now().Format("15:04:05"))+fmt.Sprintf(format, args...))
}

// uses reports whether a fault is to strike, and notes that it does.
func (h *history) uses(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.usesLocked(name)
}

func (h *history) usesLocked(name string) bool {
	if h.omit[name] {
		return false
	}
	h.used = append(h.used, name)
	return true
}

// play plays the history in a bubble of fake time.
func (h *history) play(ctx context.Context) {
	r := rand.New(rand.NewPCG(h.seed, 1))
	p := generate(r)
	h.rate = []float64{0, 0.1, 0.3, 0.6}[r.IntN(4)]
	h.deadly = []float64{0, 0.3, 0.6}[r.IntN(3)]
	in := inputs{lot: ownLot, names: []string{"Ada", "Bo", "Cy"}[:r.IntN(4)]}
	h.model = newModel(p, in)
	h.model.trace = h.note
	h.up = newUpstream(h, h.model)
	h.model.in.part = h.up.parts[0].id
	if r.IntN(100) < onDisk {
		h.disk = filepath.Join(h.t.TempDir(), "state")
	}
	h.open(ctx)
	defer h.close()
	file := filepath.Join(h.dir, "history.yaml")
	write(h.t, file, p.text())
	h.note("%s", p.brief())
	h.drives(ctx, r, file)
}

// onDisk is the share of histories that are kept in a database, in percent: a
// hundred times as slow as memory.
const onDisk = 2

func (h *history) open(ctx context.Context) {
	if h.disk == "" {
		h.rt = memory.NewRuntime(memory.RuntimeOptions{Fault: h.fault})
		return
	}
	rt, err := sqlite.Open(ctx, sqlite.Options{Dir: h.disk, Fault: h.fault})
	if err != nil {
		h.t.Fatal(err)
	}
	h.rt = rt
}

func (h *history) close() {
	h.up.cut()
	if err := h.rt.Close(); err != nil {
		h.model.violated("closing the state: %v", err)
	}
}

// reborn is a new process on the store of one that died.
func (h *history) reborn(ctx context.Context) {
	h.mu.Lock()
	h.dead = false
	h.mu.Unlock()
	h.up.cut()
	if h.disk != "" {
		if err := h.rt.Close(); err != nil {
			h.model.violated("closing the state: %v", err)
		}
		h.open(ctx)
	}
}

// arm decides whether and when the next drive is killed.
func (h *history) arm() {
	h.drive++
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commits, h.killAt, h.moment, h.dead = 0, 0, "", false
	d := rand.New(rand.NewPCG(h.seed, 2<<32+uint64(h.drive)))
	if d.Float64() >= h.deadly || !h.usesLocked(fmt.Sprintf("kill in drive %d", h.drive)) {
		return
	}
	if d.IntN(2) == 0 {
		h.killAt, h.after = 1+d.IntN(9), d.IntN(2) == 0
	} else {
		h.moment, h.killIn = []string{onArrival, onEffect, onAnswer}[d.IntN(3)], d.IntN(5)
	}
}

// fault is called by the store around each change.
func (h *history) fault(point string) error {
	when, what, _ := strings.Cut(point, " ")
	h.mu.Lock()
	defer h.mu.Unlock()
	if when == "before" && !h.dead {
		h.commits++
	}
	if !h.dead && h.commits == h.killAt && h.killAt > 0 && h.after == (when == "after") {
		h.noteLocked("killed %s the record %q", when, what)
		h.dead = true
	}
	if h.dead {
		return errKilled
	}
	return nil
}

// dies reports whether the process dies at a moment of the exchange at hand.
func (h *history) dies(moment string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.moment != moment || h.dead {
		return false
	}
	if h.killIn--; h.killIn >= 0 {
		return false
	}
	h.noteLocked("killed %s", moment)
	h.dead = true
	return true
}

// disarm lets the drive at hand live, and reports whether it was killed before.
func (h *history) disarm() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.killAt, h.moment = 0, ""
	return h.dead
}

// killed reports whether the process at hand was killed.
func (h *history) killed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.dead
}

// odds returns how likely an exchange goes wrong.
func (h *history) odds() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rate
}

// quieten ends all faults and kills.
func (h *history) quieten() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noteLocked("nothing goes wrong any more")
	h.rate, h.deadly = 0, 0
}

// intents counts the intents on record for a place.
func (h *history) intents(path string) int {
	n := 0
	for _, e := range h.events() {
		if e.Kind == durable.EventIntent && e.Step == path {
			n++
		}
	}
	return n
}

// runID is the id of the history's run, "" while none is kept.
func (h *history) runID() string {
	runs, err := h.rt.List(context.Background(), durable.Filter{})
	if err != nil || len(runs) > 1 {
		h.model.violated("the runs that are kept are %v: %v", runs, err)
	}
	if len(runs) == 0 {
		return ""
	}
	return runs[0].ID
}

func (h *history) events() []durable.Event {
	events, err := h.rt.History(context.Background(), h.runID(), 0)
	if err != nil && !errors.Is(err, durable.ErrUnknown) {
		h.model.violated("the history cannot be read: %v", err)
	}
	return events
}

// runner is a new process's.
func (h *history) runner() *engine.Runner {
	return engine.NewRunner(&engine.Options{
		BaseURL: origin, Runtime: h.rt,
		Caller: client.New(client.Options{Transport: h.up.transport()}),
	})
}

// most is how many drives a history has; from the one numbered quiet on, nothing
// goes wrong any more.
const quiet, most = 8, 400

// drives drives the run until it ends.
func (h *history) drives(ctx context.Context, r *rand.Rand, file string) {
	for h.drive < most && len(h.model.wrong) == 0 {
		if h.drive == quiet {
			h.quieten()
		}
		h.arm()
		h.model.drives()
		res, err := h.once(ctx, file)
		if h.disarm() {
			h.statuses["killed"]++
			h.reborn(ctx)
			h.reconcile()
			continue
		}
		if h.drove(ctx, res, err) || !h.goesOn(ctx, r, res) {
			return
		}
	}
	if h.drive == most {
		h.model.violated("the run does not end")
	}
}

// once starts the run, or takes it up.
func (h *history) once(ctx context.Context, file string) (*engine.Result, error) {
	signals := map[string]json.RawMessage{}
	for id, v := range h.model.signals {
		signals[id] = json.RawMessage(jsonOf(v))
	}
	ro := &engine.RunOptions{Done: signals}
	if h.seed%2 == 0 {
		ro.ID = givenID
	}
	if len(h.events()) > 0 {
		h.note("drive %d: resumed", h.drive)
		if state, err := h.rt.Get(ctx, h.runID()); err == nil && (state.Status == durable.StatusFailed || state.Status == durable.StatusTimedOut) {
			h.model.reopens()
		}
		res, err := h.runner().Resume(ctx, h.runID(), ro)
		return res, err
	}
	h.note("drive %d: started", h.drive)
	prog, err := engine.Load(ctx, file, &engine.LoadOptions{
		OpenAPI: map[string]string{"yard": filepath.Join(h.dir, "yard.yaml")}, Project: "none", NoOverlay: true,
	})
	if err != nil {
		h.t.Fatalf("seed %d: the program does not load:\n%v\n%s", h.seed, err, h.model.p.text())
	}
	return h.runner().Run(ctx, prog, h.given(prog), ro)
}

// given are the inputs that the program declares.
func (h *history) given(prog *engine.Program) engine.Inputs {
	all := engine.Inputs{"lot_id": h.model.in.lot, "part": json.Number(h.model.in.part), "go": true, "stop": false, "names": h.model.in.names}
	if h.model.p.flow {
		all["part"] = h.model.in.part
	}
	in := engine.Inputs{}
	for _, i := range prog.Plan().Inputs {
		in[i.Name] = all[i.Name]
	}
	return in
}

// drove compares the result of a drive with the model, and reports whether the
// history ends there.
func (h *history) drove(ctx context.Context, res *engine.Result, err error) bool {
	m := h.model
	var run *engine.RunError
	var waits *engine.WaitingError
	if err != nil && !errors.As(err, &run) && !errors.As(err, &waits) {
		h.note("error: %v", err)
		if cur := m.current(); cur == nil || cur.step.policy != probed || !cur.lossy {
			m.violated("the run could not be driven: %v", err)
			return true
		}
		return false // the lookup failed; the doubt stays
	}
	h.note("%s %s", res.Status, errText(err))
	h.statuses[string(res.Status)]++
	m.ends(string(res.Status))
	h.consistent(ctx, res)
	if res.Status == durable.StatusSucceeded {
		h.ended(res)
		return true
	}
	return false
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// consistent checks that all views of the run agree.
func (h *history) consistent(ctx context.Context, res *engine.Result) {
	m := h.model
	run, err := h.runner().Inspect(ctx, h.runID())
	if err != nil {
		m.violated("the run cannot be inspected: %v", err)
		return
	}
	listed, err := h.rt.List(ctx, durable.Filter{Status: []durable.Status{durable.Status(res.Status)}})
	if err != nil || len(listed) != 1 || listed[0].ID != h.runID() {
		m.violated("the list of runs that are %s has %v, %v", res.Status, listed, err)
	}
	if run.Status != res.Status {
		m.violated("inspected, the run is %s, and its result was %s", run.Status, res.Status)
	}
	if !same(plain(run.Outputs), plain(res.Outputs)) {
		m.violated("inspected, the outputs are %s, and they were %s", jsonOf(run.Outputs), jsonOf(res.Outputs))
	}
	for i, s := range res.Steps {
		if m.p.steps[i].when != "" && m.p.steps[i].repeated() {
			continue // no record shows whether its condition was false or its list empty
		}
		if kept := run.Steps[i]; kept.Status != s.Status {
			m.violated("inspected, step %q is %s, and in the result it was %s", s.ID, kept.Status, s.Status)
		}
	}
	h.attempts(res)
}

// attempts checks that the attempts of steps that are done are those that the
// API saw, and those of which a process died that may have been about to send.
func (h *history) attempts(res *engine.Result) {
	for i, s := range h.model.p.steps {
		least, most, whole := 0, 0, true
		for _, p := range h.model.places[s.id] {
			least += p.since
			most += p.tries + p.kills
			whole = whole && p.state == done && !p.byProbe && !p.settled
		}
		if got := res.Steps[i].Attempts; whole && s.kind != person && !s.all && s.kind != polls && (got < least || got > most) {
			h.model.violated("step %q has %d attempts; the API saw %d to %d", s.id, got, least, most)
		}
	}
}

// ended compares a run that succeeded with the truth.
func (h *history) ended(res *engine.Result) {
	m := h.model
	if want := m.outputs(); want != nil && !same(want, plain(res.Outputs)) {
		m.violated("the outputs are %s, want %s", jsonOf(res.Outputs), jsonOf(want))
	}
	for _, s := range m.p.steps {
		for _, p := range m.of(s) {
			if n := h.up.effects[p.path]; s.kind == makes && n != 1 {
				m.violated("step %q took effect %d times", p.path, n)
			}
			if s.kind != person && !slices.ContainsFunc(h.events(), func(e durable.Event) bool {
				return e.Step == p.path && (e.Kind == durable.EventDone || e.Kind == durable.EventSettled)
			}) {
				m.violated("step %q is done, and not on record", p.path)
			}
		}
	}
}

// goesOn prepares the run to be taken up again, and reports whether it can be.
func (h *history) goesOn(ctx context.Context, r *rand.Rand, res *engine.Result) bool {
	m := h.model
	p := m.current()
	if res == nil || p == nil {
		return true
	}
	switch res.Status {
	case durable.StatusFailed:
		// Once nothing goes wrong, only the API itself can refuse.
		return h.drive <= quiet+1 || p.state != nothing && p.state != fresh
	case durable.StatusInDoubt:
		h.settle(ctx, r, p)
	case durable.StatusWaiting:
		if p.step.kind == person {
			m.signals[p.path] = object{"note": "done in drive " + fmt.Sprint(h.drive)}
			p.state, p.value = done, m.signals[p.path]
			return true
		}
		h.waits(ctx, r)
	}
	return true
}

// waits lets time pass until the run is due, or some of it.
func (h *history) waits(ctx context.Context, r *rand.Rand) {
	state, err := h.rt.Get(ctx, h.runID())
	if err != nil || state.Due.IsZero() {
		h.model.violated("the run waits for nothing: %v", err)
		return
	}
	wait := time.Until(state.Due)
	if r.IntN(3) == 0 {
		wait /= 2
	}
	time.Sleep(wait)
}

// settle decides whether a write took effect, or leaves that open.
func (h *history) settle(ctx context.Context, r *rand.Rand, p *place) {
	time.Sleep(time.Duration(r.IntN(3)) * 20 * time.Second)
	if p.step.policy == probed && r.IntN(4) > 0 || p.step.policy == keyed || p.step.policy == idem || r.IntN(4) == 0 {
		return
	}
	time.Sleep(time.Minute) // until nothing can be under way any more
	happened, answer := h.up.truth(p)
	h.note("settled: step %q happened: %v %s", p.path, happened, answer)
	var result json.RawMessage
	if happened {
		result = json.RawMessage(answer)
	}
	if err := h.runner().Signal(ctx, h.runID(), engine.Signal{Step: p.path, Happened: &happened, Result: result, By: "runs resolve"}); err != nil {
		h.model.violated("step %q cannot be settled: %v", p.path, err)
		return
	}
	var value any
	if happened {
		value = decode(result)
	}
	h.model.settles(happened, value)
}

// reconcile reads from the records the facts that only the process that died
// knew. They must agree with the requests that the API saw.
func (h *history) reconcile() {
	m := h.model
	last := map[string]durable.Event{}
	for _, e := range h.events() {
		if e.Step != "" && e.Kind != durable.EventSignal && e.Kind != durable.EventRetry {
			last[e.Step] = e
		}
	}
	for _, s := range m.p.steps {
		open := false
		for _, p := range m.of(s) {
			if open && p.state == fresh {
				break // not begun
			}
			if s.kind != person {
				h.recalls(p, last[p.path])
			}
			open = open || p.state != done // the results of several reads may be lost together
		}
		if open {
			m.places = upTo(m.p, m.places, s)
			return
		}
	}
}

// upTo forgets the steps after one: they were not begun.
func upTo(p *program, places map[string][]*place, last *step) map[string][]*place {
	out := map[string][]*place{}
	for _, s := range p.steps {
		out[s.id] = places[s.id]
		if s == last {
			break
		}
	}
	return out
}

// recalls sets a place to its record.
func (h *history) recalls(p *place, e durable.Event) {
	sent := p.since > 0
	p.kills, p.since = p.kills+1, 0
	p.begins()
	d := e.Detail
	s := p.step
	switch {
	case e.Kind == durable.EventDone || p.settled:
		if p.state != done {
			h.model.violated("step %q is on record as done, and was %s", p.path, p.state)
		}
	case s.policy == read:
		p.state, p.until = fresh, time.Time{}
		p.recallsRead(e.Kind, d)
	case e.Kind == durable.EventIntent, e.Kind == durable.EventUnusable, e.Kind == durable.EventWaiting:
		p.state, p.lossy = lost, true
	case e.Kind == durable.EventFailed, e.Kind == durable.EventNotBefore, e.Kind == "", e.Kind == durable.EventSettled:
		if e.Kind == "" && sent {
			h.model.violated("step %q was sent, and is not on record", p.path)
		}
		switch {
		case p.lossy:
			p.state = lost
		case e.Kind == durable.EventNotBefore:
			p.state, p.until = later, *d.Until
		default:
			p.state = fresh
		}
	}
}

// recallsRead sets a read to its record.
func (p *place) recallsRead(kind string, d durable.Detail) {
	switch {
	case kind == durable.EventPoll:
		p.answered = d.Tries > 0
		if d.Next.After(time.Now()) {
			p.state = notYet
		}
		return
	case kind == durable.EventNotBefore:
		p.state, p.until = later, *d.Until
	}
	p.firstLook, p.answered = time.Time{}, false
}
