package exec

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/operations"
)

func codeOf(err error) string {
	var e *StepError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// Each answer is refused, or accepted, for one reason.
func TestAnswersAreJudged(t *testing.T) {
	repeated := response(200, `{"id":"s1","name":"Ann"}`)
	repeated.Repeated = []string{"name"}
	elsewhere := response(200, `{"id":"s1","name":"Ann"}`)
	elsewhere.Repeated = []string{"pin"}
	text := response(200, "not JSON")
	for _, tt := range []struct {
		name   string
		keys   string // further keys of the step
		answer any
		strict bool
		code   string
		says   string
	}{
		{"what is documented", "", `{"id":"s1","name":"Ann"}`, false, "", ""},
		{"an error of the API", "", 500, false, CodeStatus, "harbour answered 500 Internal Server Error: refused"},
		{"no JSON", "", text, false, CodeAnswer, "harbour answered 200, but"},
		{"a promised field is missing", "", `{"name":"Ann"}`, false, CodeAnswer, `without "id", which its document requires and output "id" reads`},
		{"a wrong type", "", `{"id":"s1","name":7}`, false, "", ""},
		{"a wrong type, strictly", "", `{"id":"s1","name":7}`, true, CodeSchema, "is not what the OpenAPI document says"},
		{"a name twice that is read", "", repeated, false, CodeAnswer, `"name" twice in one object, and output "name" reads it`},
		{"a name twice that is not read", "", elsewhere, false, "", ""},
		{"its fail condition", ", fail: result.name == 'lost'", `{"id":"s1","name":"lost"}`, false, CodeFailTrue, "came true: result.name == 'lost'"},
		{"nothing selected", ", select: \"find([result], .name == 'x')\"", `{"id":"s1","name":"y"}`, false, CodeNoMatch, "select found nothing"},
		{"no answer", "", errors.New("connection reset"), false, CodeTransport, "connection reset"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(map[string]any{"id": "s1"}, map[string][]any{"getShip": {tt.answer}})
			tr.env.Strict = tt.strict
			_, err := tr.run(t.Context(), planned(t, composition(`
inputs: [{name: id, type: string, required: true}]
steps: [{id: get, operation: getShip`+tt.keys+`}]
outputs: [{name: name, source: get.name}, {name: id, source: get.id}]`)))
			if codeOf(err) != tt.code || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, code %q", err, codeOf(err))
			}
			warned := len(tr.heard(durable.EventWarning)) > 0
			if want := strings.HasPrefix(tt.name, "a wrong type") && !tt.strict || tt.name == "a promised field is missing" || tt.name == "a name twice that is not read"; warned != want {
				t.Errorf("warnings %v", tr.heard(durable.EventWarning))
			}
		})
	}
}

// A fault that an API's answers have again and again is a warning once for each step and
// field, with the first item that has it.
func TestAWarningIsGivenOnce(t *testing.T) {
	p := planned(t, composition(`
inputs: [{name: names, type: array, items: string}]
steps:
  - {id: make, operation: createShip, each: inputs.names, with: {name: '{{ item }}'}}
  - {id: get, operation: getShip, with: {id: '{{ make[0].id }}'}}
  - {id: all, operation: pageShips, all: true}
outputs: [{name: ids, source: 'map(make, #.id)'}]
`))
	tr := newTrial(map[string]any{"names": []any{"a", "b", "c", "d"}}, map[string][]any{
		"createShip": {`{"id":"1","name":"a"}`, `{"id":"2","name":null}`, `{"id":"3","name":null,"pin":7}`, `{"id":"4","name":7,"pin":null}`},
		"getShip":    {`{"id":"1","name":null}`},
		"pageShips": {
			`{"data":[{"id":"1","name":null},{"id":"2","name":null,"pin":null},{"name":"x"}],"next_cursor":"p2"}`,
			`{"data":[{"id":null,"name":null,"owner_id":7,"pin":"5"},{"name":"y"}],"next_cursor":null,"note":null}`,
		},
	})
	if _, err := tr.run(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	const says = ": the answer is not what the OpenAPI document says: "
	if d := cmp.Diff([]string{
		"make[1]" + says + "/name is null where string is documented",
		"make[2]" + says + "/pin is an integer where string is documented",
		"get" + says + "/name is null where string is documented",
		"all" + says + "/data/0/name is null where string is documented (and 2 more like it); /data/1/pin is null where string is documented; " +
			`/data/2 property "id" is missing (and 2 more like it); and 3 more`,
	}, tr.heard(durable.EventWarning)); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

// The start of an answer that a failure quotes can go to a terminal.
func TestAFailureQuotesAnAnswerOnOneLine(t *testing.T) {
	for body, want := range map[string]string{
		"<h1>down</h1>\n\tlater\x1b[2J": "<h1>down</h1> later[2J",
		strings.Repeat("é", 500):        strings.Repeat("é", excerptSize-1) + "…",
	} {
		tr := newTrial(map[string]any{"id": "s1"}, map[string][]any{"getShip": {response(503, body)}})
		_, err := tr.run(t.Context(), planned(t, composition(`
inputs: [{name: id, type: string, required: true}]
steps: [{id: get, operation: getShip}]
outputs: [{name: name, source: get.name}]`)))
		var e *StepError
		if !errors.As(err, &e) || e.Body != want {
			t.Errorf("%v quotes %q, want %q", err, e.Body, want)
		}
	}
}

func TestAWriteWithoutAnAnswerIsInDoubt(t *testing.T) {
	for name, answer := range map[string]any{
		"lost":        &operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset, Attempts: 2, Err: errors.New("reset")},
		"of a proxy":  502,
		"of no proxy": 400,
	} {
		tr := newTrial(map[string]any{"name": "Ann"}, map[string][]any{"createShip": {answer}})
		out, err := tr.run(t.Context(), planned(t, composition(`
inputs: [{name: name, type: string, required: true}]
steps: [{id: make, operation: createShip}]
outputs: [{name: id, source: make.id}]`)))
		var doubt *durable.Suspended
		in := errors.As(err, &doubt) && doubt.Reason == durable.ReasonInDoubt && out.Records[0].Status == durable.StatusInDoubt
		if in != (name != "of no proxy") {
			t.Errorf("%s: %v, %s", name, err, out.Records[0].Status)
		}
	}
}

// A probe's answer stands for the one that was lost; 404 is proof that nothing
// came of the write.
func TestALostWriteIsLookedUp(t *testing.T) {
	p := planned(t, composition(`
inputs: [{name: name, type: string, required: true}]
steps: [{id: make, operation: createShip, probe: {operation: getShip, with: {id: '{{ inputs.name }}'}}}]
outputs: [{name: id, source: make.id}]`))
	for _, found := range []bool{true, false} {
		tr := newTrial(map[string]any{"name": "Ann"}, map[string][]any{"createShip": {502}, "getShip": {`{"id":"s9"}`}})
		if !found {
			tr.api.answers["getShip"] = []any{404}
		}
		known := false
		tr.host.lost = func(ctx context.Context, in durable.Intent, err error) (durable.Result, error) {
			r, ok, failed := in.Probe(ctx)
			if known = ok; failed != nil || !ok {
				return nil, errors.Join(err, failed)
			}
			return r, nil
		}
		out, err := tr.run(t.Context(), p)
		if known != found || (err == nil) != found || found && out.Outputs["id"] != "s9" {
			t.Errorf("found %v: %v, outputs %v", found, err, out.Outputs)
		}
		if d := cmp.Diff([]string{`createShip {"name":"Ann"}`, "getShip id=Ann"}, tr.api.sent); d != "" {
			t.Errorf("sent (-want +got):\n%s", d)
		}
	}
}

func TestTheIdempotencyKeyIsThatOfTheStep(t *testing.T) {
	p := planned(t, composition(`
inputs: []
steps:
  - {id: one, operation: orderShip, each: '["a", "b"]', with: {name: '{{ item }}'}}
  - {id: two, operation: orderShip, with: {name: x}}
outputs: [{name: id, source: two.id}]`))
	var before []string
	for range 2 {
		tr := newTrial(nil, map[string][]any{"orderShip": {`{"id":"s1"}`}})
		if _, err := tr.run(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		k := tr.api.keys
		if len(k) != 3 || k[0] == "" || k[0] == k[1] || k[1] == k[2] || k[0] != tr.host.intents[0].Key {
			t.Errorf("keys %v", k)
		}
		if before != nil && !cmp.Equal(before, k) {
			t.Errorf("the same run sends %v, then %v", before, k)
		}
		before = k
	}
}

func TestNothingIsSentWithoutARequiredValue(t *testing.T) {
	p := planned(t, composition(`
inputs: [{name: owner, type: string}]
steps:
  - {id: list, operation: listShips, with: {owner_id: '{{ inputs.owner }}'}}
  - {id: get, operation: getShip, with: {id: '{{ list.data[0].owner_id }}'}}
outputs: [{name: id, source: get.id}]`))
	tr := newTrial(map[string]any{"owner": ""}, map[string][]any{"listShips": {`{"data":[{"id":"s1"}]}`}})
	if _, err := tr.run(t.Context(), p); codeOf(err) != CodeEmptyFilter || len(tr.api.sent) > 0 {
		t.Errorf("an empty filter: %v, sent %v", err, tr.api.sent)
	}
	tr = newTrial(map[string]any{"owner": "o1"}, map[string][]any{"listShips": {`{"data":[{"id":"s1"}]}`}})
	if _, err := tr.run(t.Context(), p); codeOf(err) != CodeEmptyValue || len(tr.api.sent) != 1 {
		t.Errorf("an absent path parameter: %v, sent %v", err, tr.api.sent)
	}
}

func TestForeignItemsOfAScopedListAreRefused(t *testing.T) {
	p := planned(t, composition(`
inputs: [{name: owner_id, type: string, required: true}]
steps: [{id: list, operation: listShips}]
outputs: [{name: n, source: len(list.data)}]`))
	for body, code := range map[string]string{
		`{"data":[{"id":"a","owner_id":"o1"}]}`:                                "",
		`{"data":[{"id":"a","owner_id":"o1"},{"id":"b","owner_id":"o2"}]}`:     CodeForeign,
		`{"data":[{"id":"a","owner_id":"o1"},{"id":"b","owner_id":null}]}`:     CodeForeign,
		`{"data":[{"id":"a","owner_id":"o1"},{"id":"b","name":"without it"}]}`: "",
	} {
		tr := newTrial(map[string]any{"owner_id": "o1"}, map[string][]any{"listShips": {body}})
		if _, err := tr.run(t.Context(), p); codeOf(err) != code {
			t.Errorf("%s: %v", body, err)
		}
	}
}

const polling = `
inputs: []
steps: [{id: get, operation: getShip, with: {id: s1}, until: result.name == 'ready', every: 10s, timeout: 1h}]
outputs: [{name: name, source: get.name}]`

func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(nil, map[string][]any{"getShip": {`{"id":"s1"}`, `{"id":"s1","name":"soon"}`, 503, `{"id":"s1","name":"ready"}`}})
		began := time.Now()
		out, err := tr.run(t.Context(), planned(t, composition(polling)))
		if err != nil || out.Outputs["name"] != "ready" || len(tr.api.sent) != 4 {
			t.Fatalf("outputs %v, %v, sent %v", out.Outputs, err, tr.api.sent)
		}
		if took := time.Since(began); took != 10*time.Second+12500*time.Millisecond+15625*time.Millisecond {
			t.Errorf("the looks took %s: every wait is a quarter longer than the one before", took)
		}
		if n := len(tr.heard(durable.EventPoll)); n != 3 {
			t.Errorf("%d looks were not the last: %v", n, tr.heard(durable.EventPoll))
		}
	})
}

func TestAPollThatNeverComesTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(nil, map[string][]any{"getShip": {`{"id":"s1","name":"soon"}`}})
		out, err := tr.run(t.Context(), planned(t, composition(polling)))
		var timedOut *durable.TimedOut
		if !errors.As(err, &timedOut) || codeOf(err) != CodeTimeout || !strings.Contains(err.Error(), "result.name == 'ready' was never true") {
			t.Errorf("%v", err)
		}
		if out.Records[0].Status != durable.StatusTimedOut {
			t.Errorf("status %s", out.Records[0].Status)
		}
	})
}

// The first look is no outage: a mistake ends the run at once.
func TestAPollWhoseFirstLookFails(t *testing.T) {
	tr := newTrial(nil, map[string][]any{"getShip": {503}})
	if _, err := tr.run(t.Context(), planned(t, composition(polling))); codeOf(err) != CodeStatus || len(tr.api.sent) != 1 {
		t.Errorf("%v, sent %v", err, tr.api.sent)
	}
}

// Where nothing describes an answer, its bytes decide what it is.
func TestAnswersWithoutADocument(t *testing.T) {
	unlabelled := response(200, `{"name":"Ann"}`)
	unlabelled.Header.Set("Content-Type", "text/plain")
	unlabelled.Value, unlabelled.IsJSON = string(unlabelled.Body), false
	text := response(200, "plain words")
	text.IsJSON, text.Value, text.DecodeErr = false, "plain words", nil
	table := response(200, "name,flag\nAnn,NL\n")
	table.IsJSON, table.Value, table.DecodeErr = false, nil, nil
	table.Header.Set("Content-Type", "text/csv")
	for _, tt := range []struct {
		name, tool string
		answer     *operations.Response
		want       any
		code       string
	}{
		{"JSON without its label", "call: port.named\noutputParameters: [{type: string, mapping: $.name}]", unlabelled, "Ann", ""},
		{"text", "steps: [{name: n, type: call, call: port.list}]\nmappings: [{target: all, value: $.n}]", text, map[string]any{"all": "plain words"}, ""},
		{"text where fields are read", "call: port.list\noutputParameters: [{type: string, mapping: $.name}]", text, nil, CodeAnswer},
		{"another format", "call: port.csv\noutputParameters: [{type: string, mapping: '$[0].flag'}]", table, "NL", ""},
		{"nothing", "steps: [{name: n, type: call, call: port.named}]\nmappings: [{target: all, value: $.n}]", response(200, " "), map[string]any{"all": map[string]any{"title": nil}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(nil, map[string][]any{"named": {tt.answer}, "list": {tt.answer}, "csv": {tt.answer}})
			out, err := tr.run(t.Context(), planned(t, tool(tt.tool)))
			if codeOf(err) != tt.code || err != nil && tt.code == "" {
				t.Fatalf("%v", err)
			}
			if err == nil {
				if d := cmp.Diff(tt.want, out.Answer.Value); d != "" {
					t.Errorf("value (-want +got):\n%s", d)
				}
			}
		})
	}
}

// A server that only passes an answer on has no use for its value.
func TestAnAnswerThatIsPassedOnIsNotDecoded(t *testing.T) {
	for src, want := range map[string]bool{
		"call: port.list": true,
		"call: port.list\noutputParameters: [{type: string, mapping: '$[0].name'}]": false,
		"call: port.csv": false,
	} {
		tr := newTrial(nil, nil)
		tr.env.PassOn = true
		asked := false
		tr.env.Call = func(string) operations.Caller {
			return func(_ context.Context, req *operations.Request) (*operations.Response, error) {
				asked = req.Undecoded
				return nil, errors.New("enough")
			}
		}
		if _, err := tr.run(t.Context(), planned(t, tool(src))); err == nil || asked != want {
			t.Errorf("%s: undecoded %v, %v", src, asked, err)
		}
	}
}
