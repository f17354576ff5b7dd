package sim

import (
	"fmt"
	"io"
	"math"
	"math/bits"
	"time"
)

// What a run costs. Events, bytes and actions are those of the built-in onboarding on the
// mock, with a person who answers later: six steps, three of which poll, once each. A test of
// package temporal holds them to what a server has.
const (
	// EventsPerRun are the events of the run's histories.
	EventsPerRun = 56
	// BytesPerRun is the size of the histories, encrypted, where a blob store has the program.
	BytesPerRun = 25_000
	// ActionsPerRun are the actions that a run costs beside its looks: two starts, six
	// activities, an update with the answer, and three changes of its search attributes.
	ActionsPerRun = 12
	// WritesPerRun are the writes of the server's database that a run costs beside its looks,
	// an estimate: two for each of the workflow tasks and activities, the starts, the update,
	// and those of the index.
	WritesPerRun = 40
	// WritesPerLook are those of a look, which is another attempt of one activity: its timer,
	// its start and its end. It adds no event.
	WritesPerLook = 3
	// WriteTime is what a write of the server's database takes on average.
	WriteTime = 5 * time.Millisecond
	// ShardLoad is the part of the time that a history shard writes, at most: one at a time.
	ShardLoad = 0.3
	// SlotsPerWorker are the calls that a worker performs at once by default.
	SlotsPerWorker = 64
	// SlotLoad is the part of the slots that is taken, at most.
	SlotLoad = 0.5
)

// Load is what runs in flight do.
type Load struct {
	Runs      int           // in flight
	Lasting   time.Duration // a run, from its start to its end
	Every     time.Duration // between two looks of a run
	Latency   time.Duration // of a request
	Retention time.Duration // that the server keeps a run after its end
}

// Need is what a load needs.
type Need struct {
	Starts  float64 // runs started a second
	Looks   float64 // a second
	Actions float64 // a second
	Writes  float64 // of the server's database, a second
	Shards  int     // of history, at least: a power of two
	Slots   int     // for requests
	Workers int     // two at least: one may die
	Open    float64 // bytes of the histories in flight
	Kept    float64 // bytes of the histories that have ended
}

// Needs computes what a load needs.
func Needs(l Load) Need {
	n := Need{Starts: float64(l.Runs) / l.Lasting.Seconds(), Looks: float64(l.Runs) / l.Every.Seconds()}
	n.Actions = n.Starts*ActionsPerRun + n.Looks
	n.Writes = n.Starts*WritesPerRun + n.Looks*WritesPerLook
	busy := uint(math.Ceil(n.Writes * WriteTime.Seconds() / ShardLoad))
	n.Shards = 1 << bits.Len(max(busy, 1)-1)
	n.Slots = int(math.Ceil((n.Looks + n.Starts*5) * l.Latency.Seconds() / SlotLoad))
	n.Workers = max(2, (n.Slots+SlotsPerWorker-1)/SlotsPerWorker+1)
	n.Open, n.Kept = float64(l.Runs)*BytesPerRun, n.Starts*l.Retention.Seconds()*BytesPerRun
	return n
}

// Loads are those of docs/scale.md.
func Loads() []Load {
	var all []Load
	for _, runs := range []int{10_000, 100_000, 1_000_000} {
		all = append(all, Load{Runs: runs, Lasting: 72 * time.Hour, Every: time.Hour, Latency: 300 * time.Millisecond, Retention: 7 * 24 * time.Hour})
	}
	return all
}

// WriteNeeds writes the needs of loads as a table in Markdown.
func WriteNeeds(w io.Writer, loads []Load) {
	fmt.Fprintln(w, "| runs in flight | starts/s | looks/s | actions/s | writes/s | shards | slots | workers | histories in flight | histories kept |")
	fmt.Fprintln(w, "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, l := range loads {
		n := Needs(l)
		fmt.Fprintf(w, "| %d | %.2f | %.1f | %.1f | %.0f | %d | %d | %d | %.1f GB | %.1f GB |\n",
			l.Runs, n.Starts, n.Looks, n.Actions, n.Writes, n.Shards, n.Slots, n.Workers, n.Open/1e9, n.Kept/1e9)
	}
}

// Scenario is a simulation of docs/scale.md.
type Scenario struct {
	Name     string
	Config   Config
	Limiters []Limiter
}

// Scenarios are those of docs/scale.md.
func Scenarios() []Scenario {
	base := Config{
		Runs: 10_000, Start: time.Hour, Every: time.Hour, Window: 2 * time.Hour, Workers: 4, Slots: SlotsPerWorker, Latency: 300 * time.Millisecond,
		Rate: 50, Burst: 50, Parts: 4, AskEvery: time.Second, Seed: 1,
	}
	all := []Limiter{None, Share, Queue, Workflow}
	together, above, million := base, base, base
	together.Start, together.Window = time.Minute, 30*time.Minute
	above.Rate, above.Burst, above.Window = 1, 4, 6*time.Hour
	million.Runs, million.Rate, million.Burst, million.Workers, million.Window = 1_000_000, 400, 100, 8, 30*time.Minute
	return []Scenario{
		{"10,000 runs, spread, an API that takes 50/s", base, all},
		{"10,000 runs that start within a minute, 50/s", together, all},
		{"10,000 runs, spread, 1/s where 2.8/s are wanted", above, all},
		{"1,000,000 runs, spread, 400/s", million, all},
	}
}

// WriteScenarios simulates scenarios and writes a table in Markdown.
func WriteScenarios(w io.Writer, scenarios []Scenario) {
	fmt.Fprintln(w, "| scenario | limit held by | looks/s | refused/s | waited: half | 99 % | longest | slots taken | actions/s |")
	fmt.Fprintln(w, "|---|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, s := range scenarios {
		for _, l := range s.Limiters {
			s.Config.Limiter = l
			r := Run(s.Config)
			seconds := s.Config.Window.Seconds()
			fmt.Fprintf(w, "| %s | %s | %.1f | %.1f | %s | %s | %s | %.1f %% | %.1f |\n", s.Name, l, float64(r.Looks)/seconds, float64(r.Refused)/seconds,
				span(r.P50), span(r.P99), span(r.Max), 100*r.Busy, float64(r.Actions())/seconds)
		}
	}
}

// span is a duration as a table has it.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "0"
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	case d < 10*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}
