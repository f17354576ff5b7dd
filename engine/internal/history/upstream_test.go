package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// upstream is the API: it keeps parts, counts effects, injects the history's
// faults, and reports every request to the model.
type upstream struct {
	*wire
	h *history
	m *model

	mu      sync.Mutex
	parts   []*part
	refs    map[string]*part // by reference
	keys    map[string]*part // by idempotency key
	effects map[string]int   // by place
	looks   map[string]int   // answered looks, by place
	n       int              // exchanges so far
	dials   int
	ids     *rand.Rand
}

// part is one of the API's things.
type part struct {
	id, name, lot, state, amount string
	gone                         bool
}

func (p *part) json() string {
	name, _ := json.Marshal(p.name)
	return fmt.Sprintf(`{"id":%s,"name":%s,"lot_id":%q,"state":%q,"amount":%s}`, p.id, name, p.lot, p.state, p.amount)
}

const ownLot, otherLot = "lot-1", "lot-2"

func newUpstream(h *history, m *model) *upstream {
	u := &upstream{
		h: h, m: m, refs: map[string]*part{}, keys: map[string]*part{}, effects: map[string]int{}, looks: map[string]int{},
		ids: rand.New(rand.NewPCG(h.seed, 3)),
	}
	u.wire = &wire{serve: u.serve, dialling: u.dialling, conns: map[*conn]struct{}{}}
	for i := range 1 + u.ids.IntN(5) {
		u.add(fmt.Sprintf("old %d", i), ownLot)
		if u.ids.IntN(2) == 0 {
			u.add(fmt.Sprintf("other %d", i), otherLot)
		}
	}
	return u
}

// add makes a part.
func (u *upstream) add(name, lot string) *part {
	base := []string{"", "", "900719925474099", "922337203685477", "18446744073709551", "123456789012345678901234567"}[u.ids.IntN(6)]
	amount := []string{"7", "0.5", "10.10", "1e3", "-0.25", "1e400", "123456789012345678901234567890.5", "9007199254740993"}[u.ids.IntN(8)]
	p := &part{id: fmt.Sprintf("%s%d", base, 1001+2*len(u.parts)), name: name, lot: lot, state: "new", amount: amount}
	u.parts = append(u.parts, p)
	return p
}

func (u *upstream) part(id string) *part {
	for _, p := range u.parts {
		if p.id == id && !p.gone {
			return p
		}
	}
	return nil
}

// dialling decides whether a connection is refused.
func (u *upstream) dialling() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dials++
	r := rand.New(rand.NewPCG(u.h.seed, 1<<32+uint64(u.dials)))
	if u.h.killed() {
		return refusal()
	}
	if r.Float64() < u.h.odds()/4 && u.h.uses(fmt.Sprintf("dial %d", u.dials)) {
		u.h.note("dial %d: refused", u.dials)
		u.m.refused()
		return refusal()
	}
	return nil
}

// serve answers the requests of one connection.
func (u *upstream) serve(c *conn) {
	in := bufio.NewReader(c)
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		hr, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(hr.Body)
		if err != nil {
			return
		}
		c.line = hr.RequestURI
		if !u.exchange(c, hr, body) {
			return
		}
	}
}

// exchange answers one request and reports whether the connection is kept.
func (u *upstream) exchange(c *conn, hr *http.Request, body []byte) bool {
	u.mu.Lock()
	if u.h.killed() { // its process is gone: the bytes never left
		u.mu.Unlock()
		return false
	}
	u.n++
	r := request{method: hr.Method, path: hr.URL.Path, query: hr.URL.Query(), header: hr.Header, probe: strings.HasPrefix(hr.URL.Path, "/refs/")}
	if len(body) > 0 {
		r.body, _ = decode(body).(object)
	}
	p := u.m.arrive(time.Now(), r)
	if p == nil {
		u.mu.Unlock()
		return false
	}
	u.recorded(r, p)
	f := u.fault(r, p)
	u.h.note("exchange %d: %s: %s", u.n, r, f)
	if u.h.dies(onArrival) {
		u.finish(r, p, outcome{verdict: lost})
		u.mu.Unlock()
		return false
	}
	a := u.answer(r, p, f)
	if u.h.dies(onEffect) {
		u.finish(r, p, outcome{verdict: lost})
		u.mu.Unlock()
		return false
	}
	o := u.judge(r, p, f, a)
	u.finish(r, p, o)
	if o.verdict != done {
		u.h.note("  %s", o.verdict)
	}
	dies := u.h.dies(onAnswer)
	u.mu.Unlock()
	keep := f.send(c, a)
	return keep && !dies
}

// finish gives the model the outcome.
func (u *upstream) finish(r request, p *place, o outcome) {
	if r.probe {
		u.m.looked(p, o)
	} else {
		u.m.came(time.Now(), p, o)
	}
}

// recorded checks that the intent of a write is on record before it leaves.
func (u *upstream) recorded(r request, p *place) {
	if r.method == http.MethodGet {
		return
	}
	if n := u.h.intents(p.path); n == 0 {
		u.m.violated("%s: it left before its intent was recorded", r)
	}
}

// reply is the answer of the API without faults.
type reply struct {
	status int
	media  string
	body   string
	header http.Header
	value  any
	cursor string // of the next page, "": there is none
}

func gives(status int, body string) *reply {
	a := &reply{status: status, media: "application/json", body: body}
	if body != "" {
		a.value = decode([]byte(body))
	}
	return a
}

// answer performs the request, unless the fault comes before that, and returns
// the reply.
func (u *upstream) answer(r request, p *place, f *fault) *reply {
	write := r.method != http.MethodGet
	if write && !f.effect {
		if f.late > 0 {
			u.h.note("  it takes effect %s later", f.late)
			time.AfterFunc(f.late, func() {
				u.mu.Lock()
				defer u.mu.Unlock()
				u.perform(r, p)
			})
		}
		return gives(200, "{}")
	}
	a := u.perform(r, p)
	f.change(a)
	return a
}

func (u *upstream) perform(r request, p *place) *reply {
	id := r.path[strings.LastIndexByte(r.path, '/')+1:]
	switch {
	case r.method == http.MethodPost:
		return gives(201, u.make(r, p).json())
	case r.probe:
		if found := u.refs[strings.TrimPrefix(r.path, "/refs/")]; found != nil {
			return gives(200, found.json())
		}
	case r.path == "/parts":
		return u.list(r, p)
	case strings.HasPrefix(r.path, "/jobs/"):
		return u.job(id, p)
	default:
		return u.one(r, p, id)
	}
	return gives(404, `{"message":"there is none"}`)
}

// make makes a part, once for a key.
func (u *upstream) make(r request, p *place) *part {
	key := r.header.Get("Idempotency-Key")
	if made := u.keys[key]; made != nil && key != "" {
		return made
	}
	u.effects[p.path]++
	made := u.add(fmt.Sprint(r.body["name"]), ownLot)
	if ref, ok := r.body["ref"].(string); ok {
		u.refs[ref] = made
	}
	u.keys[key] = made
	return made
}

func (u *upstream) one(r request, p *place, id string) *reply {
	it := u.part(id)
	if it == nil {
		return gives(404, `{"message":"there is none"}`)
	}
	switch r.method {
	case http.MethodPut:
		it.name, it.state = fmt.Sprint(r.body["name"]), "set"
		u.effects[p.path]++
	case http.MethodDelete:
		it.gone = true
		u.effects[p.path]++
		return gives(204, "")
	}
	return gives(200, it.json())
}

func (u *upstream) job(id string, p *place) *reply {
	state := "busy"
	if u.looks[p.path] >= p.step.looks {
		state = "done"
	}
	u.looks[p.path]++
	return gives(200, fmt.Sprintf(`{"id":%s,"state":%q}`, id, state))
}

const pageSize = 2

// list answers a page of a lot's parts; of a lot that is not named, of all.
func (u *upstream) list(r request, p *place) *reply {
	lot := r.query.Get("lot_id")
	var all []string
	for _, it := range u.parts {
		if !it.gone && (it.lot == lot || lot == "") {
			all = append(all, it.json())
		}
	}
	from := 0
	fmt.Sscanf(r.query.Get("cursor"), "after-%d", &from)
	from = min(from, len(all))
	to := min(from+pageSize, len(all))
	next, cursor := "null", ""
	if to < len(all) {
		cursor = fmt.Sprintf("after-%d", to)
		next = fmt.Sprintf("%q", cursor)
	}
	a := gives(200, fmt.Sprintf(`{"data":[%s],"next_cursor":%s}`, strings.Join(all[from:to], ","), next))
	a.cursor = cursor
	return a
}

// truth is a person's finding about a place's write.
func (u *upstream) truth(p *place) (happened bool, answer string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch p.step.kind {
	case makes:
		if made := u.byPlace(p); made != nil {
			return true, made.json()
		}
	}
	return false, ""
}

// byPlace finds the part that a place made, by the name that it was given.
func (u *upstream) byPlace(p *place) *part {
	if u.effects[p.path] == 0 {
		return nil
	}
	if made := u.keys[p.key]; p.key != "" {
		return made
	}
	name := "made by " + p.path
	if p.step.named {
		name = p.item.(string)
	}
	i := slices.IndexFunc(u.parts, func(it *part) bool { return it.name == name })
	return u.parts[i]
}
