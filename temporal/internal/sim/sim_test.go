package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// hourly is 3,600 runs that look once an hour: one look a second, on average.
func hourly(l Limiter) Config {
	return Config{
		Runs: 3600, Start: time.Hour, Every: time.Hour, Window: 4 * time.Hour, Workers: 3, Slots: 20, Latency: 300 * time.Millisecond,
		Rate: 10, Burst: 10, Limiter: l, Parts: 4, AskEvery: time.Second, Seed: 1,
	}
}

var limiters = []Limiter{None, Share, Queue, Workflow}

// Far below the limit every limiter lets looks through, as often as they are due.
func TestBelowTheLimit(t *testing.T) {
	for _, l := range limiters {
		r := Run(hourly(l))
		if want := 4 * 3600; r.Looks < want*98/100 || r.Looks > want {
			t.Errorf("%s: %d looks", l, r.Looks)
		}
		if r.Refused > 0 || r.P99 > 2500*time.Millisecond {
			t.Errorf("%s: %+v", l, r)
		}
	}
}

// More looks than the API takes: the runs look less often, as if a round of all of them were
// what lies between two looks, and only without a limiter the API has to refuse any. It has to
// take as many at once as there are partitions or workers with a part of the rate.
func TestAboveTheLimit(t *testing.T) {
	for _, l := range limiters {
		c := hourly(l)
		c.Runs, c.Rate, c.Burst, c.Slots, c.Window = 720, 0.1, c.Parts, 4000, 20*time.Hour
		r := Run(c)
		if want := c.Rate * c.Window.Seconds(); float64(r.Looks) < want*0.9 || float64(r.Looks) > want*1.01 {
			t.Errorf("%s: %d looks, not %v", l, r.Looks, want)
		}
		if round := 7200*time.Second - c.Every; l != None && (r.P50 < round*8/10 || r.P50 > round*12/10) {
			t.Errorf("%s: a look waits %v, not about %v", l, r.P50, round)
		}
		if (r.Refused > 0) != (l == None) {
			t.Errorf("%s: %d refused", l, r.Refused)
		}
	}
}

// Parts of a rate do not know of each other: some requests leave together. The times of one
// workflow are apart.
func TestPartsAtOnce(t *testing.T) {
	for _, l := range []Limiter{Share, Queue, Workflow} {
		c := hourly(l)
		c.Rate, c.Burst, c.Slots = 0.5, 1, 4000
		if r := Run(c); (r.Refused > 0) != (l != Workflow) {
			t.Errorf("%s: %d refused by an API that takes one at a time", l, r.Refused)
		}
	}
}

// Runs that start together look together the first time. The limit spreads them, and the next
// time they are spread already.
func TestStartedTogether(t *testing.T) {
	for _, l := range limiters {
		c := hourly(l)
		c.Start, c.Window = time.Second, 30*time.Minute
		first := Run(c)
		if l == None {
			if first.Refused < c.Runs {
				t.Errorf("none: %d refused", first.Refused)
			}
			continue
		}
		if first.Refused > 0 || first.Max < 300*time.Second || first.Max > 450*time.Second {
			t.Errorf("%s: %+v", l, first)
		}
		c.Window = 90 * time.Minute
		if r := Run(c); r.Looks != 2*c.Runs || r.P50 > first.P50*7/10 {
			t.Errorf("%s: in two rounds %+v, in the first %+v", l, r, first)
		}
	}
}

// While requests wait in the server they have no slot of a worker; in a worker they have.
func TestWhereRequestsWait(t *testing.T) {
	busy := map[Limiter]float64{}
	for _, l := range limiters {
		c := hourly(l)
		c.Rate, c.Burst = 0.5, 1
		busy[l] = Run(c).Busy
	}
	if busy[Queue] > 0.01 || busy[Share] < 0.9 || busy[Workflow] < 0.9 {
		t.Errorf("the part of the slots that is taken: %v", busy)
	}
}

// A worker asks at most once in AskEvery, and not at all while it has nothing to send.
func TestAsks(t *testing.T) {
	c := hourly(Workflow)
	often := Run(c)
	if most := int(c.Window/c.AskEvery) * c.Workers; often.Asks > most || often.Asks < most/20 {
		t.Errorf("%d asks", often.Asks)
	}
	c.AskEvery = 30 * time.Second
	if r := Run(c); r.Asks > int(c.Window/c.AskEvery)*c.Workers || r.Max < 15*time.Second || r.Actions() != r.Looks+r.Asks {
		t.Errorf("every half minute: %+v", r)
	}
	if r := Run(hourly(Queue)); r.Asks != 0 {
		t.Errorf("%d asks without a workflow", r.Asks)
	}
}

func TestSameSeed(t *testing.T) {
	for _, l := range limiters {
		a, b, other := hourly(l), hourly(l), hourly(l)
		other.Seed = 2
		if fmt.Sprint(Run(a)) != fmt.Sprint(Run(b)) || fmt.Sprint(Run(a)) == fmt.Sprint(Run(other)) {
			t.Errorf("%s: the seed does not make the result", l)
		}
	}
}

// Whatever asks for tokens, no window has more than the burst and what the rate adds.
func TestBucket(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	b := bucket{rate: 10, burst: 5}
	var now time.Duration
	var given []time.Duration
	for range 5000 {
		if random.IntN(50) == 0 {
			now += time.Duration(random.IntN(3000)) * time.Millisecond
		}
		if at := b.reserve(now); at >= now {
			given = append(given, at)
		} else {
			t.Fatalf("a token of %v at %v", at, now)
		}
	}
	if !slices.IsSorted(given) {
		t.Error("a later request is first")
	}
	for i := range given {
		if j := i + 15; j < len(given) && given[j]-given[i] < time.Second-time.Millisecond {
			t.Fatalf("16 tokens in %v", given[j]-given[i])
		}
	}
	if !b.takes(given[len(given)-1]+time.Second) || b.takes(0) {
		t.Error("takes takes a token that is not there")
	}
}

func TestHeap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	h := heap[int]{less: func(a, b int) bool { return a < b }}
	var want []int
	for range 300 {
		v := random.IntN(100)
		h.push(v)
		want = append(want, v)
	}
	slices.Sort(want)
	for i, v := range want {
		if got := h.pop(); got != v {
			t.Fatalf("item %d is %d, not %d", i, got, v)
		}
	}
}
