package history

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// verdict is the model's conclusion from an exchange, or from the records of a
// process that died.
type verdict string

const (
	fresh    verdict = "not sent"
	refused  verdict = "refused"            // nothing reached the API
	lost     verdict = "in doubt"           // sent, and no answer that proves anything
	nothing  verdict = "nothing happened"   // a definite no
	passing  verdict = "a passing failure"  // of a read
	later    verdict = "asked to wait"      // 429
	unusable verdict = "an unusable answer" // it took effect
	page     verdict = "a page of several"
	notYet   verdict = "not yet" // a look of a poll
	done     verdict = "done"
)

// outcome is the result of one exchange, as the upstream knows it.
type outcome struct {
	verdict verdict
	status  int
	value   any
	until   time.Time // of later: when to come back; zero: not given
	last    bool      // of a page
	foreign bool      // of a page: it has an item that the guard refuses
}

// place is one performance of a step: the step itself, or one of its
// iterations.
type place struct {
	step *step
	path string
	item any

	state     verdict
	lossy     bool // some sending may have taken effect unseen
	notFound  bool // since the loss, the probe found nothing
	answered  bool // a look of the poll was answered
	tries     int  // sendings and refused connections, in all
	since     int  // of them, since a process died over it
	kills     int  // processes that died over it
	byProbe   bool
	settled   bool
	touched   bool // in this drive
	key       string
	value     any
	pages     []any
	foreign   bool // one of the pages has an item that the guard refuses
	until     time.Time
	begun     time.Time // no later than the poll's first look
	firstLook time.Time
	lastLook  time.Time
}

// model is the reference: which request may come next, and how the run stands.
// It is driven by the upstream's view of events, never by the engine.
type model struct {
	p        *program
	in       inputs
	places   map[string][]*place // by step, once begun
	signals  map[string]any
	stop     string // why no request may follow in this drive
	keys     map[string]string
	wrong    []string
	trace    func(format string, args ...any)
	happened time.Time // the last thing that did
}

type inputs struct {
	lot, part string
	names     []string
}

func newModel(p *program, in inputs) *model {
	return &model{p: p, in: in, places: map[string][]*place{}, signals: map[string]any{}, keys: map[string]string{}}
}

func (m *model) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	m.trace("WRONG: %s", text)
	m.wrong = append(m.wrong, text)
}

// of returns the performances of a step whose earlier steps are done.
func (m *model) of(s *step) []*place {
	if ps, ok := m.places[s.id]; ok {
		return ps
	}
	ps := []*place{}
	switch {
	case s.skipped():
	case s.each != nil:
		for i, item := range m.items(s.each) {
			ps = append(ps, &place{step: s, path: fmt.Sprintf("%s[%d]", s.id, i), item: item, state: fresh})
		}
	case s.named:
		for i, name := range m.in.names {
			ps = append(ps, &place{step: s, path: fmt.Sprintf("%s[%d]", s.id, i), item: name, state: fresh})
		}
	default:
		ps = append(ps, &place{step: s, path: s.id, state: fresh})
	}
	m.places[s.id] = ps
	return ps
}

func (m *model) items(s *step) []any {
	data, _ := field(m.value(s), "data").([]any)
	return data
}

// value is the result of a step that is done.
func (m *model) value(s *step) any {
	ps := m.of(s)
	if !s.repeated() {
		if len(ps) == 0 {
			return nil
		}
		return ps[0].value
	}
	values := []any{}
	for _, p := range ps {
		values = append(values, p.value)
	}
	return values
}

// current is the first place that is not done; nil: the run is.
func (m *model) current() *place {
	for _, s := range m.p.steps {
		for _, p := range m.of(s) {
			if p.state != done {
				return p
			}
		}
	}
	return nil
}

// request is one that reached the upstream.
type request struct {
	method, path string
	query        url.Values
	body         object
	header       http.Header
	probe        bool
}

func (r request) String() string {
	text := r.method + " " + r.path
	if q := r.query.Encode(); q != "" {
		text += "?" + q
	}
	return text
}

// arrive compares a request with those that may come now. It returns its place, nil
// for a request that must not be.
func (m *model) arrive(now time.Time, r request) *place {
	tag := r.query.Get("tag")
	cur := m.current()
	switch {
	case cur == nil:
		m.violated("%s: every step is done", r)
		return nil
	case cur.path != tag:
		m.violated("%s: it is step %q that comes next (%s)", r, cur.path, cur.state)
		return nil
	case m.stop != "":
		m.violated("%s: nothing may be sent any more, since %s", r, m.stop)
		return nil
	}
	if r.probe {
		if cur.step.policy != probed || cur.state != lost && cur.state != unusable && cur.state != refused {
			m.violated("%s: nothing is to be looked up, the step is %s", r, cur.state)
		}
		return cur
	}
	m.maySend(now, r, cur)
	m.asPlanned(r, cur)
	m.underKey(r, cur)
	if cur.step.kind == polls {
		m.inTime(now, cur)
	}
	if r.query.Get("cursor") == "" {
		cur.begins()
	}
	if r.query.Get("hop") == "" {
		cur.tries++
		cur.since++
	}
	cur.notFound = false
	return cur
}

// maySend checks a sending against the step's policy.
func (m *model) maySend(now time.Time, r request, p *place) {
	s := p.step
	switch p.state {
	case nothing:
		if !p.lossy || s.policy == unsafe { // else the run is in doubt still
			m.violated("%s: the API had refused it for good", r)
		}
	case later:
		if now.Before(p.until) && p.kills == 0 {
			m.violated("%s: the API asked to be left alone until %s", r, clock(p.until))
		}
	}
	if s.policy == read || s.policy == idem || s.policy == keyed || !p.lossy {
		return
	}
	if s.policy == probed && p.notFound {
		p.lossy = false
		return
	}
	m.violated("%s: sent again (%s), although an earlier sending may have taken effect", r, p.state)
}

// asPlanned compares the request's arguments with the program.
func (m *model) asPlanned(r request, p *place) {
	s := p.step
	method, path := m.line(p)
	if r.method != method || r.path != path {
		m.violated("%s: want %s %s", r, method, path)
	}
	if s.kind == lists && r.query.Get("lot_id") != m.in.lot {
		m.violated("%s: the list is not narrowed to lot %q", r, m.in.lot)
	}
	name := ""
	switch {
	case s.named:
		name = p.item.(string)
	case s.kind == makes:
		name = "made by " + p.path
	case s.kind == sets:
		name = "set by " + p.path
	}
	if name != "" && r.body["name"] != name {
		m.violated("%s: the body is %v, want the name %q", r, r.body, name)
	}
	if s.kind == makes && r.body["lot_id"] != m.in.lot {
		m.violated("%s: the body is %v, want the lot %q", r, r.body, m.in.lot)
	}
}

// line is the beginning of the step's request.
func (m *model) line(p *place) (method, path string) {
	s := p.step
	switch s.kind {
	case makes:
		if s.docKey {
			return "POST", "/keyed-parts"
		}
		return "POST", "/parts"
	case lists:
		return "GET", "/parts"
	}
	id := m.in.part
	switch {
	case s.each != nil:
		id = textOf(field(p.item, "id"))
	case s.of != nil:
		id = textOf(field(m.value(s.of), "id"))
	}
	switch s.kind {
	case sets:
		return "PUT", "/parts/" + id
	case drops:
		return "DELETE", "/parts/" + id
	case polls:
		return "GET", "/jobs/" + id
	}
	return "GET", "/parts/" + id
}

// underKey checks that each place has one key, and none where none is due.
func (m *model) underKey(r request, p *place) {
	key := r.header.Get("Idempotency-Key")
	switch {
	case p.step.policy != keyed:
		if key != "" {
			m.violated("%s: it has an idempotency key, and should not", r)
		}
	case key == "":
		m.violated("%s: it has no idempotency key", r)
	case p.key != "" && p.key != key:
		m.violated("%s: it has another idempotency key than before", r)
	case m.keys[key] != "" && m.keys[key] != p.path:
		m.violated("%s: it has the idempotency key of step %q", r, m.keys[key])
	}
	p.key = key
	m.keys[key] = p.path
}

// inTime checks that no look of a poll is early, and none after the one that its deadline
// allows.
func (m *model) inTime(now time.Time, p *place) {
	if p.firstLook.IsZero() {
		p.firstLook, p.begun = now, m.happened
	}
	atDeadline := !now.Before(p.begun.Add(p.step.timeout))
	if p.state == notYet && p.kills == 0 && !atDeadline && now.Before(p.lastLook.Add(p.step.every)) {
		m.violated("step %q looked after %s; it looks every %s", p.path, now.Sub(p.lastLook), p.step.every)
	}
	if p.state == notYet && p.kills == 0 && !p.lastLook.Before(p.firstLook.Add(p.step.timeout)) {
		m.violated("step %q looked again, after a look at %s; its time was up", p.path, clock(p.lastLook))
	}
}

// refused notes that the API's host refused a connection.
func (m *model) refused() {
	if p := m.current(); p != nil {
		harmless := p.step.policy == idem || p.step.policy == keyed
		if harmless || p.state != lost && p.state != unusable { // else the doubt stays
			p.state = refused
		}
		p.tries++
		if p.step.policy != probed || !p.lossy { // else it may have been the probe
			p.since++
		}
		p.touched = true
	}
}

// looked takes the outcome of a probe.
func (m *model) looked(p *place, o outcome) {
	switch o.verdict {
	case done:
		p.state, p.value, p.byProbe, p.lossy = done, o.value, true, false
	case nothing:
		if o.status == 404 {
			p.notFound = true
		}
	}
	p.touched = true
}

// came takes the outcome of a sending.
func (m *model) came(now time.Time, p *place, o outcome) {
	m.happened = now
	p.touched = true
	s := p.step
	if s.kind == drops && p.lossy && (o.status == 404 || o.status == 410) {
		o.verdict = done // the earlier sending did it
	}
	if o.verdict == nothing && o.status >= 300 && o.status < 400 && s.kind == polls && p.answered {
		o.verdict = passing // no answer of the job's, and it had answered
	}
	p.state, p.until = o.verdict, o.until
	switch o.verdict {
	case lost, unusable:
		p.lossy = true
		if o.verdict == unusable {
			m.stop = fmt.Sprintf("step %q failed: its answer was of no use", p.path)
		} else if s.policy == unsafe {
			m.stop = fmt.Sprintf("step %q is in doubt", p.path)
		}
	case nothing:
		m.stop = fmt.Sprintf("step %q failed with %d", p.path, o.status)
	case page:
		m.pageCame(p, o)
	case notYet:
		p.answered, p.lastLook = true, now
	case done:
		p.value, p.lossy = o.value, false
		p.answered = true
	}
}

// pageCame adds a page of an `all` list.
func (m *model) pageCame(p *place, o outcome) {
	data, _ := field(o.value, "data").([]any)
	p.pages = append(p.pages, data...)
	p.foreign = p.foreign || o.foreign
	if o.last && p.foreign {
		p.state, m.stop = nothing, fmt.Sprintf("step %q failed: its list has items of others", p.path)
	} else if o.last {
		p.state, p.value = done, object{"data": p.pages}
	}
}

// allowed returns the statuses in which a drive that was not killed may leave
// the run.
func (m *model) allowed() []string {
	p := m.current()
	if p == nil {
		return []string{"succeeded"}
	}
	s := p.step
	if s.kind == person {
		return []string{"waiting"}
	}
	pollGoesOn := s.kind == polls && p.answered
	doubtful := s.policy != read
	harmless := s.policy == idem || s.policy == keyed // to send again
	asked := !p.until.IsZero() && time.Until(p.until) > 0 && (s.policy == read || harmless)
	switch p.state {
	case refused, lost, passing:
		switch {
		case pollGoesOn:
			return []string{"waiting", "timed_out"}
		case asked && s.policy == read:
			return []string{"waiting", "failed"}
		case asked:
			return []string{"waiting", "in_doubt"}
		case doubtful && p.lossy && p.state == refused && harmless:
			return []string{"in_doubt", "failed"}
		case doubtful && p.lossy:
			return []string{"in_doubt"}
		}
		return []string{"failed"}
	case nothing:
		if p.lossy && harmless {
			return []string{"in_doubt", "failed"}
		}
		return []string{"failed"}
	case unusable:
		if m.stop == "" && doubtful {
			return []string{"in_doubt"}
		}
		return []string{"failed"}
	case later:
		if pollGoesOn || !p.until.IsZero() && time.Until(p.until) > 0 {
			return []string{"waiting", "failed", "timed_out", "in_doubt"}
		}
		if p.lossy && harmless {
			return []string{"in_doubt", "failed"}
		}
		return []string{"failed"}
	case notYet:
		return []string{"waiting", "timed_out"}
	case fresh:
		if _, path := m.line(p); strings.HasSuffix(path, "/") {
			return []string{"failed"} // the part has no id
		}
	}
	return nil
}

// ends compares the status in which a drive left the run with the model.
func (m *model) ends(status string) {
	allowed := m.allowed()
	p := m.current()
	if !slices.Contains(allowed, status) {
		where := "every step is done"
		if p != nil {
			where = fmt.Sprintf("step %q: %s", p.path, p.state)
		}
		m.violated("the run is %s, want %s (%s)", status, strings.Join(allowed, " or "), where)
	}
	if status == "timed_out" && p != nil && time.Since(p.begun) < p.step.timeout {
		m.violated("step %q timed out after less than %s", p.path, time.Since(p.begun))
	}
}

// drives begins a drive.
func (m *model) drives() {
	m.stop = ""
	m.happened = time.Now()
	for _, ps := range m.places {
		for _, p := range ps {
			p.touched = false
		}
	}
	if p := m.current(); p != nil {
		p.begins()
	}
}

// begins begins a list from its first page.
func (p *place) begins() { p.pages, p.foreign = nil, false }

// reopens takes a run that failed or timed out up again.
func (m *model) reopens() {
	p := m.current()
	if p == nil {
		return
	}
	if p.state != lost && p.state != unusable && !p.lossy {
		p.state = fresh
	}
	if p.state == nothing || p.state == refused {
		p.state = lost // an earlier sending still may have taken effect
	}
	p.answered, p.firstLook, p.until = false, time.Time{}, time.Time{}
}

// settles takes the finding of a person.
func (m *model) settles(happened bool, value any) {
	p := m.current()
	p.lossy = false
	p.state = fresh
	if happened {
		p.state, p.value, p.settled = done, value, true
	}
}

// outputs are those that the run must have. A flow that names none passes its
// last answer on; nil: that is no object.
func (m *model) outputs() object {
	out := object{}
	if m.p.flow && len(m.p.outputs) == 0 {
		out, _ = m.value(m.p.steps[len(m.p.steps)-1]).(object)
		return out
	}
	for _, o := range m.p.outputs {
		v := m.value(o.step)
		switch o.field {
		case "#ids":
			ids := []any{}
			for _, one := range v.([]any) {
				ids = append(ids, field(one, "id"))
			}
			out[o.name()] = ids
		default:
			name := strings.TrimPrefix(o.field, "#")
			object, _ := v.(object)
			if _, there := object[name]; there || !m.p.flow {
				out[o.name()] = object[name]
			}
		}
	}
	return out
}

func clock(t time.Time) string { return t.Format("15:04:05") }
