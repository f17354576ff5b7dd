package exec

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/durable"
)

// fleet is two pages of ships.
func fleet() map[string][]any {
	return map[string][]any{"pageShips": {
		`{"data": [{"id": "s1", "name": "Ann", "owner_id": "o1", "pin": "1"}, {"id": "s2", "name": "Bee", "owner_id": "o1", "pin": "2"}], "next_cursor": "c", "note": "first"}`,
		`{"data": [{"id": "s3", "name": "Cid", "owner_id": "o1", "pin": "3"}], "note": "last"}`,
	}}
}

// Of a list that is read page by page the host keeps what something reads, and a run
// that goes on from there has the same outputs.
func TestOfAListingIsKeptWhatIsRead(t *testing.T) {
	for name, tt := range map[string]struct {
		step, later, outputs string
		kept                 string // value of the step "list", as a host has it
		want                 map[string]any
	}{
		"its length": {
			outputs: `{name: n, source: len(list.data)}`,
			kept:    `{"data":[{},{},{}]}`,
			want:    map[string]any{"n": 3},
		},
		"a field of its items": {
			outputs: `{name: ids, source: 'map(list.data, .id)'}`,
			kept:    `{"data":[{"id":"s1"},{"id":"s2"},{"id":"s3"}]}`,
			want:    map[string]any{"ids": []any{"s1", "s2", "s3"}},
		},
		"all of it": {
			outputs: `{name: all, source: list}`,
			kept: `{"data":[{"id":"s1","name":"Ann","owner_id":"o1","pin":"1"},{"id":"s2","name":"Bee","owner_id":"o1","pin":"2"},` +
				`{"id":"s3","name":"Cid","owner_id":"o1","pin":"3"}],"note":"last"}`,
			want: map[string]any{"all": map[string]any{"note": "last", "data": []any{
				map[string]any{"id": "s1", "name": "Ann", "owner_id": "o1", "pin": "1"}, map[string]any{"id": "s2", "name": "Bee", "owner_id": "o1", "pin": "2"}, map[string]any{"id": "s3", "name": "Cid", "owner_id": "o1", "pin": "3"}}}},
		},
		"nothing": {
			outputs: `{name: one, source: '1'}`,
			kept:    `{}`,
			want:    map[string]any{"one": 1},
		},
		"something else than the list": {
			outputs: `{name: note, source: list.note}`,
			kept:    `{"note":"last"}`,
			want:    map[string]any{"note": "last"},
		},
		"what its own conditions read": {
			step:    `, fail: 'any(result.data, .pin == "9")', select: 'find(result.data, .name == "Cid")'`,
			outputs: `{name: id, source: list.match.id}`,
			kept:    `{"data":[{"id":"s1","name":"Ann","pin":"1"},{"id":"s2","name":"Bee","pin":"2"},{"id":"s3","name":"Cid","pin":"3"}],"match":{"id":"s3","name":"Cid","pin":"3"}}`,
			want:    map[string]any{"id": "s3"},
		},
		"what a later step sends": {
			later:   `- {id: make, operation: createShip, with: {name: '{{ list.data[1].name }}'}}`,
			outputs: `{name: id, source: make.id}`,
			kept:    `{"data":[{"name":"Ann"},{"name":"Bee"},{"name":"Cid"}]}`,
			want:    map[string]any{"id": "new"},
		},
		"what each element is used for": {
			later:   `- {id: make, operation: createShip, each: 'filter(list.data, .pin != "2")', with: {name: '{{ item.name }}'}}`,
			outputs: `{name: ids, source: 'map(make, .id)'}`,
			kept:    `{"data":[{"name":"Ann","pin":"1"},{"name":"Bee","pin":"2"},{"name":"Cid","pin":"3"}]}`,
			want:    map[string]any{"ids": []any{"new", "new"}},
		},
		"whole elements": {
			later:   `- {id: show, external: true, each: list.data, description: look, with: {ship: '{{ item }}'}}`,
			outputs: `{name: n, source: len(show)}`,
			kept:    `{"data":[{"id":"s1","name":"Ann","owner_id":"o1","pin":"1"},{"id":"s2","name":"Bee","owner_id":"o1","pin":"2"},{"id":"s3","name":"Cid","owner_id":"o1","pin":"3"}]}`,
			want:    map[string]any{"n": 3},
		},
		"what a person is shown": {
			later:   `- {id: show, external: true, description: look, with: {names: '{{ map(list.data, .name) }}', first: [{id: '{{ list.data[0].id }}'}]}}`,
			outputs: `{name: n, source: show.ok}`,
			kept:    `{"data":[{"id":"s1","name":"Ann"},{"id":"s2","name":"Bee"},{"id":"s3","name":"Cid"}]}`,
			want:    map[string]any{"n": true},
		},
		"a condition of a step": {
			later:   `- {id: make, operation: createShip, when: 'list.note == "first"', with: {name: x}}`,
			outputs: `{name: made, source: make != nil}`,
			kept:    `{"note":"last"}`,
			want:    map[string]any{"made": false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := planned(t, composition("steps:\n  - {id: list, operation: pageShips, all: true"+tt.step+"}\n  "+tt.later+"\noutputs: ["+tt.outputs+"]\n"))
			answers := fleet()
			answers["createShip"] = []any{`{"id": "new"}`}
			tr := newTrial(nil, answers)
			tr.host.answer = supply(`{"ok": true}`)
			out, err := tr.run(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, out.Outputs); d != "" {
				t.Errorf("outputs (-want +got):\n%s", d)
			}
			var record struct{ Value json.RawMessage }
			if err := json.Unmarshal(tr.host.kept["list"], &record); err != nil || string(record.Value) != tt.kept {
				t.Errorf("kept %s, want %s", record.Value, tt.kept)
			}
			sent := len(tr.api.sent)
			again, err := tr.run(t.Context(), p)
			if d := cmp.Diff(out.Outputs, again.Outputs); err != nil || d != "" || len(tr.api.sent) != sent {
				t.Errorf("again: %v, %d requests more\n%s", err, len(tr.api.sent)-sent, d)
			}
		})
	}
}

// The results of a step with `each` are held as far as something reads them; hosts keep
// each as it came.
func TestOfEachResultIsHeldWhatIsRead(t *testing.T) {
	p := planned(t, composition(`
inputs: [{name: names, type: array, items: string}]
steps:
  - {id: make, operation: createShip, each: inputs.names, with: {name: '{{ item }}'}}
outputs: [{name: ids, source: 'map(make, .id)'}]
`))
	if v := p.Steps[0].Keep.Of(map[string]any{"id": "s1", "name": "Ann"}); !cmp.Equal(v, map[string]any{"id": "s1"}) {
		t.Errorf("of a result is held %v", v)
	}
	tr := newTrial(map[string]any{"names": []any{"Ann"}}, map[string][]any{"createShip": {`{"id":"s1","name":"Ann"}`}})
	if _, err := tr.run(t.Context(), p); err != nil || !strings.Contains(string(tr.host.kept["make[0]"]), `"name":"Ann"`) {
		t.Errorf("%v: kept %s", err, tr.host.kept["make[0]"])
	}
}

// supply answers external steps.
func supply(result string) func(durable.Wait) (json.RawMessage, error) {
	return func(durable.Wait) (json.RawMessage, error) { return json.RawMessage(result), nil }
}

// A page is checked as it came, whatever of it is kept.
func TestPagesAreCheckedWhole(t *testing.T) {
	const step = `
steps:
  - {id: list, operation: pageShips, all: true%s}
outputs: [{name: n, source: len(list.data)}]
`
	plain := composition(strings.Replace(step, "%s", "", 1))
	faulty := func() map[string][]any {
		f := fleet()
		f["pageShips"][1] = `{"data": [{"id": "s3", "name": 7}, {"name": "Dee", "owner_id": null}]}`
		return f
	}
	const found = "the answer is not what the OpenAPI document says: page 2: /data/0/name "
	tr := newTrial(nil, faulty())
	out, err := tr.run(t.Context(), planned(t, plain))
	warned := strings.Join(tr.heard("warning"), "\n")
	if err != nil || out.Outputs["n"] != 4 || !strings.Contains(warned, found) || strings.Count(warned, "page 2: ") != 3 {
		t.Errorf("%v: outputs %v, warnings %s", err, out.Outputs, warned)
	}
	tr = newTrial(nil, faulty())
	tr.env.Strict = true
	if _, err := tr.run(t.Context(), planned(t, plain)); err == nil || !strings.Contains(err.Error(), found) {
		t.Errorf("strict: %v", err)
	}

	foreign := fleet()
	foreign["pageShips"][1] = `{"data": [{"id": "s3", "owner_id": "o2"}]}`
	guarded := composition("inputs: [{name: owner_id, type: string, required: true}]" + strings.Replace(step, "%s", "", 1))
	tr = newTrial(map[string]any{"owner_id": "o1"}, foreign)
	if _, err := tr.run(t.Context(), planned(t, guarded)); err == nil || !strings.Contains(err.Error(), `ignored the filter "owner_id": item s3 has owner_id o2, not o1`) {
		t.Errorf("a foreign item on the second page: %v", err)
	}

	tr = newTrial(nil, fleet())
	if _, err := tr.run(t.Context(), planned(t, composition(strings.Replace(step, "%s", ", sensitive: note", 1)))); err != nil || tr.env.Redactor.String("the first") != "the [redacted]" {
		t.Errorf("%v: texts that are not kept are shown: %s", err, tr.env.Redactor.String("the first"))
	}
}
