package history

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is a disturbance of one exchange. The zero fault is none.
type fault struct {
	kind   string
	effect bool          // a write takes effect
	late   time.Duration // it does so only then
	status int
	body   string
	media  string
	wait   string // Retry-After
	waits  time.Duration
	cut    float64 // how much of the answer is sent
	plain  bool    // the API has no document
}

func (f *fault) String() string {
	switch {
	case f.kind == "":
		return "answered"
	case f.kind == "status":
		return fmt.Sprintf("status %d %s%s (effect: %v)", f.status, f.body, f.wait, f.effect)
	}
	return fmt.Sprintf("%s (effect: %v)", f.kind, f.effect)
}

// The kinds of faults, by when they strike.
const (
	resetUnanswered = "connection reset, nothing answered"
	stalled         = "no answer, ever"
	cutOff          = "an answer cut off"
	badStatus       = "status"
	notJSON         = "an answer that is not JSON"
	twoValues       = "an answer of two values"
	page500         = "a web page with status 200"
	withoutID       = "an answer without its id"
	nullID          = "an answer whose id is null"
	textAmount      = "an answer whose amount is text"
	withoutName     = "an answer without its name"
	hinted          = "an answer after early hints"
	closed          = "an answer, then the connection closed"
	moved           = "a redirect on the host"
	movedAway       = "a redirect to another host"
	itemTwice       = "a list with an item twice"
	reordered       = "a list in another order"
	foreignItem     = "a list with another lot's item"
	nullData        = "a list whose data is null"
	withoutData     = "a list without data"
	keyTwice        = "a list with a key twice in an item"
)

// statuses are those of failing gateways and APIs.
var statuses = []int{400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 418, 422, 425, 429, 429, 429, 451, 500, 500, 501, 502, 502, 503, 503, 503, 504, 505, 507, 520, 521, 522, 523, 524}

// fault picks the disturbance of a request: by the history's seed and the
// number of the exchange, so that it does so again.
func (u *upstream) fault(r request, p *place) *fault {
	d := rand.New(rand.NewPCG(u.h.seed, uint64(u.n)))
	f := &fault{effect: true, plain: u.m.p.flow}
	if d.Float64() >= u.h.odds() || r.query.Get("hop") != "" || !u.h.uses(fmt.Sprintf("exchange %d", u.n)) {
		return f
	}
	write := r.method != http.MethodGet
	kinds := []string{resetUnanswered, resetUnanswered, stalled, cutOff, cutOff, badStatus, badStatus, badStatus, badStatus, notJSON, twoValues, page500, hinted, closed, moved, movedAway}
	switch {
	case r.path == "/parts" && !write:
		kinds = append(kinds, itemTwice, reordered, foreignItem, nullData, withoutData, keyTwice)
	case r.method == http.MethodDelete:
		kinds = []string{resetUnanswered, stalled, cutOff, badStatus, badStatus, closed, hinted, movedAway}
	default:
		kinds = append(kinds, withoutID, nullID, textAmount, withoutName)
	}
	f.kind = kinds[d.IntN(len(kinds))]
	if u.m.p.flow && slices.Contains([]string{notJSON, twoValues, page500}, f.kind) {
		f.kind = badStatus // a flow takes anything but JSON as text
	}
	switch f.kind {
	case resetUnanswered, stalled:
		f.effect = d.IntN(2) == 0
		if f.kind == stalled && !f.effect && r.method == http.MethodPost && d.IntN(3) == 0 {
			f.late = time.Duration(1+d.IntN(28)) * time.Second
		}
	case moved, movedAway:
		f.status = []int{301, 302, 303, 307, 308}[d.IntN(5)]
		f.effect = proves(f, r) == lost && d.IntN(2) == 0
	case cutOff:
		f.cut = d.Float64()
	case badStatus:
		f.pickStatus(d, r)
	}
	return f
}

// pickStatus picks a status and a body for it. A write whose status proves
// nothing may have taken effect.
func (f *fault) pickStatus(d *rand.Rand, r request) {
	f.status = statuses[d.IntN(len(statuses))]
	if r.probe && (f.status == 404 || f.status == 410) {
		f.status = 403 // a lie no lookup survives
	}
	f.body, f.media = `{"message":"it did not work"}`, "application/json"
	switch d.IntN(4) {
	case 0:
		f.body, f.media = "<html><title>Bad gateway</title></html>", "text/html"
	case 1:
		f.body = ""
	case 2:
		f.body = `{"code":"closed","closed_until":"tomorrow"}`
	}
	if f.status == 429 || f.status == 503 {
		f.waits = []time.Duration{0, 0, 2 * time.Second, 30 * time.Second, 10 * time.Minute, 3 * time.Hour}[d.IntN(6)]
		if f.waits > 0 {
			f.wait = strconv.Itoa(int(f.waits.Seconds()))
		}
	}
	f.effect = proves(f, r) == lost && d.IntN(2) == 0
}

// proves is the meaning of a status for a write: the table of docs/durable.md.
func proves(f *fault, r request) verdict {
	switch {
	case f.status == 429:
		return later
	case f.status == 302, f.status == 303, f.status == 408, f.status == 425:
		return lost
	case f.status < 500, f.status == 501, f.status == 505:
		return nothing
	case f.status == 503 && !f.plain && r.method == http.MethodPost && strings.Contains(f.body, "closed_until"):
		if r.header.Get("Idempotency-Key") != "" {
			return later // nothing happened, and asking again is harmless
		}
		return nothing // the document has an error schema for this, and the body is of it
	}
	return lost
}

// change makes the answer the one that the fault sends.
func (f *fault) change(a *reply) {
	if a.status >= 400 {
		if f.kind == cutOff {
			f.kind = "" // whether it proves anything depends on where it is cut
		}
		return
	}
	before := a.body
	switch f.kind {
	case notJSON:
		a.body = a.body[:len(a.body)/2]
	case twoValues:
		a.body += " {}"
	case page500:
		a.media, a.body = "text/html", "<html><title>Sign in</title></html>"
	case withoutID:
		a.body = without(a.body, "id")
	case nullID:
		a.body = with(a.body, "id", "null")
	case withoutName:
		a.body = without(a.body, "name")
	case textAmount:
		a.body = with(a.body, "amount", `"a lot"`)
	case itemTwice:
		a.items(func(items []string) []string { return append(items, items[0]) })
	case reordered:
		a.items(func(items []string) []string { return append(items[1:], items[0]) })
	case foreignItem:
		a.items(func(items []string) []string {
			return append(items, strings.ReplaceAll(items[0], ownLot, otherLot))
		})
	case keyTwice:
		a.items(func(items []string) []string {
			items[0] = strings.TrimSuffix(items[0], "}") + `,"lot_id":"` + otherLot + `"}`
			return items
		})
	case nullData:
		a.body = with(a.body, "data", "null")
	case withoutData:
		a.body = without(a.body, "data")
	default:
		return
	}
	if a.body == before {
		f.kind = "" // there was nothing to spoil
	}
	if f.kind == notJSON || f.kind == twoValues || f.kind == page500 {
		return
	}
	if f.kind != "" && a.body != "" {
		a.value = decode([]byte(a.body))
	}
}

// items changes the items of a list's answer.
func (a *reply) items(change func([]string) []string) {
	data, _ := decode([]byte(a.body)).(object)["data"].([]any)
	if len(data) == 0 {
		return
	}
	items := make([]string, len(data))
	for i, item := range data {
		items[i] = jsonOf(item)
	}
	next := jsonOf(decode([]byte(a.body)).(object)["next_cursor"])
	a.body = fmt.Sprintf(`{"data":[%s],"next_cursor":%s}`, strings.Join(change(items), ","), next)
}

// judge is the outcome of the exchange.
func (u *upstream) judge(r request, p *place, f *fault, a *reply) outcome {
	write := r.method != http.MethodGet
	switch f.kind {
	case resetUnanswered, stalled, cutOff:
		if !write && !r.probe {
			return outcome{verdict: passing}
		}
		return outcome{verdict: lost}
	case moved:
		if !write {
			return outcome{verdict: passing, status: f.status} // it is followed
		}
		return outcome{verdict: proves(f, r), status: f.status}
	case movedAway:
		if !write {
			return outcome{verdict: nothing, status: f.status}
		}
		return outcome{verdict: proves(f, r), status: f.status}
	case badStatus:
		return f.judged(r)
	}
	if a.status >= 400 {
		return outcome{verdict: nothing, status: a.status}
	}
	if u.spoilt(r, p, f) {
		if write {
			return outcome{verdict: unusable, status: a.status}
		}
		return outcome{verdict: nothing, status: a.status}
	}
	o := outcome{verdict: done, status: a.status, value: a.value}
	switch {
	case p.step.all:
		o.verdict, o.last = page, a.cursor == ""
		o.foreign = f.kind == foreignItem || f.kind == keyTwice
	case p.step.kind == polls && a.value.(object)["state"] != "done":
		o.verdict = notYet
	}
	return o
}

// judged is the outcome of a bad status.
func (f *fault) judged(r request) outcome {
	o := outcome{verdict: proves(f, r), status: f.status}
	if r.method == http.MethodGet && (o.verdict == lost || f.status >= 500) {
		o.verdict = passing
	}
	if f.waits > 0 {
		o.until = time.Now().Add(f.waits)
	}
	return o
}

// spoilt reports whether the answer is of no use to the step: nothing can be
// read from it, or the fields that are read are missing.
func (u *upstream) spoilt(r request, p *place, f *fault) bool {
	reads := u.m.p.readFields(p.step)
	flow := u.m.p.flow
	switch f.kind {
	case notJSON, twoValues, page500:
		return true
	case withoutID, nullID:
		return reads["id"] && !flow
	case nullData, withoutData:
		return p.step.all || reads["data"] && !flow
	case keyTwice:
		// Which value counts is not defined. A composition's guard reads it, of a
		// flow only its mappings do.
		return !p.step.all && (!flow || slices.ContainsFunc(u.m.p.outputs, func(o output) bool { return o.step == p.step }))
	case foreignItem:
		return !flow && !p.step.all // of many pages, all are read first
	}
	return false
}

// send writes the answer, as far as the fault lets it, and reports whether the
// connection is kept.
func (f *fault) send(c *conn, a *reply) bool {
	switch f.kind {
	case resetUnanswered:
		return false
	case stalled:
		_, _ = c.Read(make([]byte, 1)) // until the client gives up
		return false
	case moved, movedAway:
		return f.redirect(c)
	case badStatus:
		a = &reply{status: f.status, media: f.media, body: f.body, header: http.Header{}}
		if f.wait != "" {
			a.header.Set("Retry-After", f.wait)
		}
	case hinted:
		if _, err := fmt.Fprint(c, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"); err != nil {
			return false
		}
	}
	text := a.text(f.kind == closed)
	if f.kind == cutOff {
		text = text[:int(f.cut*float64(len(text)-1))]
	}
	_, err := c.Write([]byte(text))
	return err == nil && f.kind != closed && f.kind != cutOff
}

func (a *reply) text(closes bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	if a.body != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", a.media)
	}
	if a.status != http.StatusNoContent {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(a.body))
	}
	if closes {
		b.WriteString("Connection: close\r\n")
	}
	_ = a.header.Write(&b)
	b.WriteString("\r\n" + a.body)
	return b.String()
}

func (f *fault) redirect(c *conn) bool {
	to := c.line + "&hop=1"
	if f.kind == movedAway {
		to = "http://elsewhere.test/parts"
	}
	_, err := fmt.Fprintf(c, "HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", f.status, to)
	return err == nil
}
