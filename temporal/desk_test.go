package temporal

import (
	"testing"
	"time"
)

// A call whose workflow left is forgotten once the server does not give it to this process any
// more; one that the server gives to it again later stays until then.
func TestTheDeskForgetsCalls(t *testing.T) {
	d := newDesk(nil)
	gone, poll, here := d.put("gone", job{}), d.put("poll", job{}), d.put("here", job{})
	d.leave(gone)
	if d.job("gone") == nil {
		t.Error("a call that the server may still give to this process is forgotten")
	}
	for _, j := range []*job{gone, poll, here} {
		j.due = time.Now().Add(-time.Second)
	}
	d.later(poll, time.Now().Add(time.Hour))
	d.leave(poll)
	if d.job("gone") != nil || d.job("poll") == nil || d.job("here") == nil {
		t.Errorf("%d calls are kept, want the poll and the one that is waited for", len(d.jobs))
	}
	if d.take("poll", poll); d.job("poll") != nil {
		t.Error("a call that has an outcome is kept")
	}
}
