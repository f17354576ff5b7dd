package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// gatewayStatuses are those that any gateway on the way may answer with, before
// or after the API did its work.
var gatewayStatuses = []int{302, 303, 408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524}

func TestAGatewaysAnswerLeavesAnUnsafeWriteInDoubt(t *testing.T) {
	for _, status := range gatewayStatuses {
		synctest.Test(t, func(t *testing.T) {
			p := &jetty{answers: map[string][]any{"book": {jettyAnswer{status: status, body: `{"message": "Bad Gateway"}`, retryAfter: "120"}}}}
			res, o := p.run(t, jettySteps[durable.Unsafe])
			if res.Status != durable.StatusInDoubt || res.Error == nil || res.Error.Code != "in-doubt" || res.Error.HTTPStatus != status || res.Error.RequestID != "req_7" {
				t.Fatalf("%d: the run is %s: %+v", status, res.Status, res.Error)
			}
			for _, want := range []string{fmt.Sprint("answered ", status), "request id req_7", "it is not known whether the request took effect"} {
				if !strings.Contains(res.Error.Message, want) {
					t.Errorf("%d: %q does not say %q", status, res.Error.Message, want)
				}
			}
			if !strings.Contains(res.Error.Hint, "look in jetty whether the") || res.Next().Kind != document.NextSettle || res.Next().Step != "s" {
				t.Errorf("%d: the hint is %q", status, res.Error.Hint)
			}
			again := resumed(t, o, res.Run)
			if n := p.count("book"); again.Status != durable.StatusInDoubt || n != 1 {
				t.Errorf("%d: resumed, the run is %s and the write was sent %d times", status, again.Status, n)
			}
			if !strings.Contains(again.Error.Message, "request id req_7") {
				t.Errorf("%d: another process says only %q", status, again.Error.Message)
			}
		})
	}
}

// The message of a doubt neither claims nor denies an effect anywhere.
func TestAMessageOfDoubtSaysNothingOfTheEffect(t *testing.T) {
	for policy, sent := range map[durable.Policy]int{durable.Unsafe: 1, "put": 4} {
		synctest.Test(t, func(t *testing.T) {
			p := &jetty{answers: map[string][]any{jettyOperations[policy]: {502}}}
			prog, _ := p.load(t, jettySteps[policy])
			_, err := prog.Run(t.Context(), north)
			var doubt *engine.RunError
			if !errors.As(err, &doubt) || p.count(jettyOperations[policy]) != sent {
				t.Fatalf("%s: %v, sent %q", policy, err, p.sent)
			}
			text := doubt.Backtrace()
			for _, claim := range []string{"nothing was changed", "took effect\n", "before you run again"} {
				if strings.Contains(text, claim) {
					t.Errorf("%s: %q is in\n%s", policy, claim, text)
				}
			}
			if !strings.Contains(text, "it is not known whether the request took effect") {
				t.Errorf("%s: the doubt is not in\n%s", policy, text)
			}
		})
	}
}

// The time of a run that is up leaves a doubt what it is, so that it can be
// settled; it says so.
func TestTimeThatIsUpLeavesADoubt(t *testing.T) {
	for _, policy := range []durable.Policy{durable.Unsafe, durable.Probed, durable.Keyed, "put"} {
		synctest.Test(t, func(t *testing.T) {
			p := &jetty{timeout: time.Minute, answers: map[string][]any{jettyOperations[policy]: {502, 502, 502, 502, 201}, "find": {200}}}
			res, o := p.run(t, jettySteps[policy])
			sent := p.count(jettyOperations[policy])
			time.Sleep(time.Hour)
			again, err := resume(t.Context(), o.Runtime, res.Run, &options{Caller: o.Caller}, nil)
			if again == nil || again.Status != durable.StatusInDoubt || again.Steps[0].Status != "in_doubt" || p.count(jettyOperations[policy]) != sent {
				t.Fatalf("%s: the run is %+v: %v", policy, again, err)
			}
			if !strings.Contains(again.Error.Message, "the run's time (1m0s) is up") {
				t.Errorf("%s: the message is %q", policy, again.Error.Message)
			}
			if err := settle(t.Context(), o.Runtime, res.Run, "s", true, json.RawMessage(`{"id": "1"}`)); err != nil {
				t.Errorf("%s: %v", policy, err)
			}
		})
	}
}

// A read has its result in an answer 2xx only.
func TestAReadAnsweredByARedirectToNowhereFails(t *testing.T) {
	for _, status := range []int{300, 302, 304} {
		synctest.Test(t, func(t *testing.T) {
			p := &jetty{answers: map[string][]any{"find": {status}}}
			res, _ := p.run(t, "  - {id: s, operation: find, with: {name: '{{ inputs.berth }}'}}\n")
			if res.Status != durable.StatusFailed || res.Error.Code != "api-error" || res.Error.HTTPStatus != status {
				t.Errorf("%d: the run is %s: %+v", status, res.Status, res.Error)
			}
		})
	}
}

func TestADefiniteAnswerIsAFailureThatIsTriedAgain(t *testing.T) {
	for _, status := range []int{301, 400, 404, 409, 422, 429, 501, 505} {
		synctest.Test(t, func(t *testing.T) {
			p := &jetty{answers: map[string][]any{"book": {status, 201}}}
			res, o := p.run(t, jettySteps[durable.Unsafe])
			if res.Status != durable.StatusFailed || res.Error.HTTPStatus != status || p.count("book") != 1 {
				t.Fatalf("%d: the run is %s: %+v", status, res.Status, res.Error)
			}
			if again := resumed(t, o, res.Run); again.Status != durable.StatusSucceeded || p.count("book") != 2 {
				t.Errorf("%d: resumed, the run is %s: %+v", status, again.Status, again.Error)
			}
		})
	}
}

func TestTheAPIsOwnErrorIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &jetty{answers: map[string][]any{"book": {jettyAnswer{status: 500, body: `{"code": "tide"}`}, 201}}}
		res, o := p.run(t, jettySteps[durable.Unsafe])
		if res.Status != durable.StatusFailed || res.Error.Code != "api-error" {
			t.Fatalf("the run is %s: %+v", res.Status, res.Error)
		}
		if again := resumed(t, o, res.Run); again.Status != durable.StatusSucceeded {
			t.Errorf("resumed, the run is %s: %+v", again.Status, again.Error)
		}
	})
}

// In doubt, a probed write is looked up, and a keyed or idempotent one is sent
// again.
func TestWhatFollowsDoubtIsThePolicys(t *testing.T) {
	for _, doubt := range []any{408, 500, 502, 503, 524, lost} {
		for _, found := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				p := &jetty{answers: map[string][]any{"book": {doubt, 201}, "find": {map[bool]int{true: 200, false: 404}[found]}}}
				res, o := p.run(t, jettySteps[durable.Probed])
				if res.Status != durable.StatusInDoubt || p.count("find") != 0 || !strings.Contains(res.Error.Hint, "looks it up with find") || res.Next().Kind != document.NextSettle || res.Next().Step != "s" {
					t.Fatalf("%v: the run is %s: %+v", doubt, res.Status, res.Error)
				}
				time.Sleep(time.Minute)
				res = resumed(t, o, res.Run)
				if want := map[bool]int{true: 1, false: 2}[found]; res.Status != durable.StatusSucceeded || p.count("find") != 1 || p.count("book") != want {
					t.Errorf("%v, found %v: the run is %s, sent %q", doubt, found, res.Status, p.sent)
				}
			})
		}
		for _, policy := range []durable.Policy{durable.Keyed, "put", "delete"} {
			synctest.Test(t, func(t *testing.T) {
				id := jettyOperations[policy]
				p := &jetty{answers: map[string][]any{id: {doubt, 200}}}
				res, _ := p.run(t, jettySteps[policy])
				if res.Status != durable.StatusSucceeded || p.count(id) != 2 || res.Steps[0].Attempts != 2 {
					t.Errorf("%s, %v: the run is %s, sent %q", policy, doubt, res.Status, p.sent)
				}
				if keys := slices.Compact(p.keys); policy == durable.Keyed && len(keys) != 1 {
					t.Errorf("keys %q", p.keys)
				}
				// Again and again: in doubt at last, and resume sends again.
				p = &jetty{answers: map[string][]any{id: {doubt}}}
				res, o := p.run(t, jettySteps[policy])
				if res.Status != durable.StatusInDoubt || p.count(id) != 4 || !strings.Contains(res.Error.Hint, "sends it again") {
					t.Fatalf("%s, %v for ever: the run is %s after %d sendings: %+v", policy, doubt, res.Status, p.count(id), res.Error)
				}
				p.answers[id] = []any{200}
				if res = resumed(t, o, res.Run); res.Status != durable.StatusSucceeded || res.Steps[0].Attempts != 5 {
					t.Errorf("%s, %v: resumed, the run is %s: %+v, %+v", policy, doubt, res.Status, res.Error, res.Steps)
				}
			})
		}
	}
}

func TestDoubtInOneOfEachIsThatOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &jetty{answers: map[string][]any{"book": {201, 502, 201}}}
		res, o := p.run(t, "  - {id: s, operation: book, each: '[1, 2, 3]', with: {name: '{{ inputs.berth }} {{ item }}'}}\n")
		if res.Status != durable.StatusInDoubt || res.Error.Step != "s[1]" {
			t.Fatalf("the run is %s: %+v", res.Status, res.Error)
		}
		if err := settle(t.Context(), o.Runtime, res.Run, "s[1]", true, []byte(`{"id": "x"}`)); err != nil {
			t.Fatal(err)
		}
		if res = resumed(t, o, res.Run); res.Status != durable.StatusSucceeded || p.count("book") != 3 {
			t.Errorf("settled, the run is %s, sent %q", res.Status, p.sent)
		}
	})
}

func TestAResentDeleteThatFindsNothingIsDone(t *testing.T) {
	for _, gone := range []int{404, 410} {
		for _, doubt := range []any{502, lost} {
			synctest.Test(t, func(t *testing.T) {
				p := &jetty{answers: map[string][]any{"delete": {doubt, gone}}}
				res, o := p.run(t, jettySteps["delete"])
				if res.Status != durable.StatusSucceeded {
					t.Fatalf("%v, then %d: the run is %s: %+v", doubt, gone, res.Status, res.Error)
				}
				done := historyOf(t, o.Runtime, res.Run, durable.EventDone)
				if len(done) != 1 || done[0].Via != durable.ViaResend || done[0].HTTPStatus != gone || done[0].Attempt != 2 {
					t.Errorf("%v, then %d: the history has %+v", doubt, gone, done)
				}
				// The same from one execution to the next.
				p = &jetty{answers: map[string][]any{"delete": {doubt, gone}}}
				res, o = p.run(t, strings.Replace(jettySteps["delete"], "{id: s,", "{id: s, retry: 1,", 1))
				if res.Status != durable.StatusInDoubt || p.count("delete") != 1 {
					t.Fatalf("%v: the run is %s: %+v", doubt, res.Status, res.Error)
				}
				if res = resumed(t, o, res.Run); res.Status != durable.StatusSucceeded {
					t.Errorf("%v, resumed, %d: the run is %s: %+v", doubt, gone, res.Status, res.Error)
				}
			})
		}
	}
}

func TestADeleteThatFindsNothingAtFirstFails(t *testing.T) {
	for _, before := range []any{nil, 429, operations.ReasonRefused} {
		synctest.Test(t, func(t *testing.T) {
			answers := []any{before, 404}
			if before == nil {
				answers = []any{404}
			}
			p := &jetty{answers: map[string][]any{"delete": answers}}
			res, o := p.run(t, jettySteps["delete"])
			for range 2 {
				if res.Status != durable.StatusFailed || res.Error.HTTPStatus != 404 {
					t.Fatalf("%v, then 404: the run is %s: %+v", before, res.Status, res.Error)
				}
				res = resumed(t, o, res.Run)
			}
		})
	}
}

// A later refusal says nothing about the first sending; the loss stays known.
func TestALossIsRememberedBehindARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &jetty{answers: map[string][]any{"delete": {lost, 403, 404}}}
		prog, o := p.load(t, jettySteps["delete"])
		res, err := prog.Run(t.Context(), north)
		var failed *engine.RunError
		if !errors.As(err, &failed) || res.Status != durable.StatusFailed || !strings.Contains(failed.Backtrace(), "an earlier sending of this write may have taken effect") {
			t.Fatalf("the run is %s: %v\n%s", res.Status, err, failed.Backtrace())
		}
		if res = resumed(t, o, res.Run); res.Status != durable.StatusSucceeded {
			t.Errorf("resumed, the run is %s: %+v", res.Status, res.Error)
		}
	})
}

// Of a PUT only success proves the effect.
func TestAResentPutIsProvedBySuccessOnly(t *testing.T) {
	for _, status := range []int{404, 409, 410, 412} {
		synctest.Test(t, func(t *testing.T) {
			p := &jetty{answers: map[string][]any{"put": {lost, status}}}
			if res, _ := p.run(t, jettySteps["put"]); res.Status != durable.StatusFailed || res.Error.HTTPStatus != status {
				t.Errorf("%d: the run is %s: %+v", status, res.Status, res.Error)
			}
		})
	}
}

// A DELETE whose answer later steps read is done, but what it answered is lost:
// a person can say what it was.
func TestAResentDeleteWhoseAnswerIsReadIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &jetty{answers: map[string][]any{"close": {lost, 404}}}
		res, o := p.run(t, "  - {id: s, operation: close, with: {id: '{{ inputs.berth }}'}}\n  - {id: t, operation: get, with: {id: '{{ s.id }}'}}\n")
		if res.Status != durable.StatusInDoubt || !strings.Contains(res.Error.Message, "took effect, but what it answered is lost") {
			t.Fatalf("the run is %s: %+v", res.Status, res.Error)
		}
		if err := settle(t.Context(), o.Runtime, res.Run, "s", true, []byte(`{"id": "berth_1"}`)); err != nil {
			t.Fatal(err)
		}
		if res = resumed(t, o, res.Run); res.Status != durable.StatusSucceeded || p.count("close") != 2 {
			t.Errorf("settled, the run is %s: %+v", res.Status, res.Error)
		}
	})
}

func TestRetriesAreInTheHistoryAndInEventsWithTheirAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, id := range []string{"get", "put"} {
			p := &jetty{answers: map[string][]any{id: {502, lost, 503, 504}}}
			prog, o := p.load(t, "  - {id: s, operation: "+id+", with: {id: '{{ inputs.berth }}'}}\n")
			var told []int
			note := &engine.RunOptions{OnEvent: func(e durable.Event) {
				if e.Kind == durable.EventRetry {
					told = append(told, e.Attempt)
				}
			}}
			res, err := prog.RunWith(t.Context(), north, note)
			if err == nil {
				t.Fatal("the run succeeded")
			}
			p.answers[id] = append(p.answers[id], 429, 200)
			res, err = resume(t.Context(), o.Runtime, res.Run, &options{Caller: o.Caller}, note)
			if err != nil {
				t.Fatal(err)
			}
			if want := []int{1, 2, 3, 5}; !slices.Equal(told, want) {
				t.Errorf("%s: events count %v, want %v", id, told, want)
			}
			var got []string
			for _, e := range historyOf(t, o.Runtime, res.Run, durable.EventRetry, durable.EventDone) {
				got = append(got, fmt.Sprint(e.Kind, " ", e.Attempt, " ", e.Message))
			}
			want := []string{
				"retry 1 the server answered 502 Bad Gateway", "retry 2 " + strings.ToUpper(id) + " /berths/{id}: connection lost",
				"retry 3 the server answered 503 Service Unavailable", "retry 5 the server answered 429 Too Many Requests", "step-done 6 ",
			}
			if id == "put" {
				want[1] += "; the request was sent and may have taken effect"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: history (-want +got)\n%s", id, diff)
			}
			if res.Steps[0].Attempts != 6 {
				t.Errorf("%s: the step counts %d attempts", id, res.Steps[0].Attempts)
			}
		}
	})
}

// Every call of a program is a run of its own to the API.
func TestCallsOfAProgramHaveIdsOfTheirOwn(t *testing.T) {
	p := &jetty{answers: map[string][]any{}}
	prog, _ := p.load(t, jettySteps[durable.Keyed]+"outputs: [{name: run, source: run.id}]\n")
	var ids []any
	for range 3 {
		a, err := prog.Call(t.Context(), north)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.Value.(map[string]any)["run"])
	}
	slices.Sort(p.keys)
	if len(slices.Compact(p.keys)) != 3 || ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("three calls have keys %q and ids %q", p.keys, ids)
	}
}

func TestACallInDoubtPassesTheAnswerOnAndSaysSo(t *testing.T) {
	p := &jetty{answers: map[string][]any{"book": {jettyAnswer{status: 502, body: `{"message": "Bad Gateway"}`}}}}
	prog, _ := p.load(t, jettySteps[durable.Unsafe])
	_, err := prog.Call(t.Context(), north)
	var call *engine.CallError
	if !errors.As(err, &call) || call.Info.Code != "in-doubt" || call.Info.HTTPStatus != 502 || call.Upstream == nil || call.Upstream.Status != 502 {
		t.Fatalf("the call gave %+v", err)
	}
	if !strings.Contains(err.Error(), "not known whether the request took effect") || !strings.Contains(call.Info.Hint, "look in jetty") || strings.Contains(call.Info.Hint, "capstan runs") {
		t.Errorf("the call says %q, hint %q", err, call.Info.Hint)
	}
}

func TestAFlowsWriteIsInDoubtToo(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"GET /v1/x": givesJSON(`{"v":"1"}`), "POST /v1/x": fails(502, "text/html", "<h1>Bad Gateway")})
	rt := newMemory(t)
	res, err := unit(t, opened(t, p.file(t, capability(chainOps, chainTools)), &options{Runtime: rt}), "chain").RunWith(t.Context(), nil, nil)
	if err == nil || res.Status != durable.StatusInDoubt || res.Error.HTTPStatus != 502 {
		t.Fatalf("the run is %s: %v", res.Status, err)
	}
	p.take()
	if res, _ = resume(t.Context(), rt, res.Run, nil, nil); res.Status != durable.StatusInDoubt || len(p.take()) != 0 {
		t.Errorf("resumed, the run is %s", res.Status)
	}
}

const deletingOps = `
things:
  path: /things/1
  operations:
    remove: {method: DELETE}
    replace: {method: PUT}
`

const deletingTools = `
remove: {description: T, call: port.remove}
`

func TestAFlowsResentDeleteThatFindsNothingIsDone(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	first := true
	p := newPort(t, map[string]http.HandlerFunc{"DELETE /v1/things/1": func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			drop(w, r)
			return
		}
		fails(404, "application/json", `{"message": "no such thing"}`)(w, r)
	}})
	rt := newMemory(t)
	res, err := unit(t, opened(t, p.file(t, capability(deletingOps, deletingTools)), &options{Runtime: rt}), "remove").RunWith(t.Context(), nil, nil)
	if err != nil {
		t.Fatalf("the run is %s: %v", res.Status, err)
	}
	if len(res.Outputs) != 0 {
		t.Errorf("the error's body became the answer: %v", res.Outputs)
	}
}

// What is done when a run starts is stored with the run: no signal follows.
func TestStepsDoneAtTheStartAreStoredWithTheRun(t *testing.T) {
	w := newWorkOS(t)
	o := quick(w)
	o.Runtime = noSignals{newMemory(t)}
	res, err := mustLoad(t, onboarding, o).RunWith(t.Context(), acme, done)
	if err != nil {
		t.Fatalf("the run is %+v: %v", res, err)
	}
}

// noSignals is a runtime whose process dies before it stores a signal.
type noSignals struct{ durable.Runtime }

func (n noSignals) Signal(context.Context, string, durable.Signal) error {
	return errors.New("the process died")
}

func newMemory(t *testing.T) durable.Runtime {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	return rt
}
