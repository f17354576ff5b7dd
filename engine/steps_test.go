package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// fleet serves testdata/fleet.openapi.yaml.
type fleet struct {
	url string

	mu   sync.Mutex
	log  []string
	keys []string
	// answers replaces the answer of "METHOD /path?query".
	answers map[string]http.HandlerFunc
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{answers: map[string]http.HandlerFunc{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *fleet) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	line := r.Method + " " + r.URL.RequestURI()
	f.mu.Lock()
	f.log = append(f.log, line)
	if k := r.Header.Get("Idempotency-Key"); k != "" {
		f.keys = append(f.keys, k)
	}
	h := f.answers[line]
	f.mu.Unlock()
	switch {
	case h != nil:
		h(rw, r)
	case line == "GET /ships":
		answer(rw, 200, map[string]any{"data": []any{ship(1, "sailing"), ship(2, "docked")}, "next_cursor": "p2"})
	case line == "GET /ships?cursor=p2":
		answer(rw, 200, map[string]any{"data": []any{ship(3, "docked")}, "next_cursor": nil})
	case strings.HasPrefix(line, "GET /ships/"):
		var imo int
		fmt.Sscanf(r.URL.Path, "/ships/%d", &imo)
		answer(rw, 200, ship(imo, "docked"))
	case line == "POST /voyages":
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			answer(rw, 400, map[string]any{"message": err.Error()})
			return
		}
		answer(rw, 201, map[string]any{"id": fmt.Sprintf("v%v", body["imo"]), "ticket": "secret-ticket", "port": body["port"]})
	case strings.HasPrefix(line, "GET /crew"):
		answer(rw, 200, []any{map[string]any{"name": "Ada", "rank": "cook"}, map[string]any{"name": "Bo", "rank": "master"}})
	default:
		answer(rw, 404, map[string]any{"message": "no route"})
	}
}

func ship(imo int, state string) map[string]any {
	return map[string]any{"imo": imo, "name": fmt.Sprintf("Ship %d", imo), "state": state}
}

const fleetHead = `name: Fleet test
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: fleet
inputs:
  - {name: port, type: string}
`

// loadFleet writes a capability and loads it against f.
func (f *fleet) load(t *testing.T, src string, o options) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "voyage.yaml")
	if err := os.WriteFile(file, []byte(fleetHead+src), 0o600); err != nil {
		t.Fatal(err)
	}
	o.OpenAPI = map[string]string{"fleet": "testdata/fleet.openapi.yaml"}
	o.BaseURL = f.url
	return mustLoad(t, file, &o)
}

func (f *fleet) run(t *testing.T, src string, o options) (*engine.Result, error) {
	t.Helper()
	return f.load(t, src, o).Run(t.Context(), engine.Inputs{"port": "Oslo"})
}

func TestEachAllAndWhen(t *testing.T) {
	f := newFleet(t)
	res, err := f.run(t, `
steps:
  - {id: ships, operation: listShips, all: true}
  - id: voyages
    operation: planVoyage
    each: filter(ships.data, .state == "docked")
    with: {imo: '{{ item.imo }}', port: '{{ inputs.port }} {{ index }}'}
  - {id: never, operation: getShip, when: len(ships.data) > 3, with: {imo: 1}}
outputs:
  - {name: ports, source: 'map(voyages, .port)'}
  - {name: count, source: len(ships.data)}
  - {name: skipped, source: never == nil}
`, options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"ports": []any{"Oslo 0", "Oslo 1"}, "count": 3, "skipped": true}
	if d := cmp.Diff(want, res.Outputs); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	if res.Steps[2].Status != "skipped" {
		t.Errorf("step never: %s", res.Steps[2].Status)
	}
	if slices.Contains(f.log, "GET /ships/1") {
		t.Error("the skipped step was sent")
	}
	if len(f.keys) != 2 || f.keys[0] == f.keys[1] {
		t.Errorf("idempotency keys %q: one for each iteration is wanted", f.keys)
	}
}

func TestSelectFromBareList(t *testing.T) {
	f := newFleet(t)
	res, err := f.run(t, `
steps:
  - {id: crew, operation: listCrew, select: 'find(result, .rank == "master")'}
outputs:
  - {name: master, source: crew.match.name}
  - {name: port, source: inputs.port}
`, options{})
	if err != nil {
		t.Fatal(err)
	}
	if res.Outputs["master"] != "Bo" {
		t.Errorf("outputs %v", res.Outputs)
	}
}

func TestSelectFindsNothing(t *testing.T) {
	f := newFleet(t)
	res, err := f.run(t, `
steps:
  - {id: crew, operation: listCrew, select: 'find(result, .rank == "admiral")'}
outputs:
  - {name: port, source: inputs.port}
`, options{})
	if err == nil || res.Error.Code != "nothing-selected" {
		t.Fatalf("got %+v, %v", res.Error, err)
	}
}

func TestFailCondition(t *testing.T) {
	f := newFleet(t)
	f.answers["GET /ships/7"] = func(rw http.ResponseWriter, _ *http.Request) { answer(rw, 200, ship(7, "sunk")) }
	res, err := f.run(t, `
steps:
  - {id: ship, operation: getShip, with: {imo: 7}, until: 'result.state == "docked"', fail: 'ship.state == "sunk"', every: 1s}
outputs:
  - {name: port, source: inputs.port}
`, options{})
	if err == nil || res.Error.Code != "fail-condition" || res.Status != durable.StatusFailed {
		t.Fatalf("got %+v, %v", res.Error, err)
	}
}

// A condition that reads what is not there yet is not true yet.
func TestUntilReadsWhatIsNotThereYet(t *testing.T) {
	const src = `
steps:
  - {id: ships, operation: listShips, until: 'ships.data[0].state == "docked"', every: 1ms, timeout: 1m}
outputs:
  - {name: imo, source: 'ships.data[0].imo'}
  - {name: port, source: inputs.port}
`
	f := newFleet(t)
	looks := 0
	f.answers["GET /ships"] = func(rw http.ResponseWriter, _ *http.Request) {
		looks++
		data := []any{}
		if looks == 3 {
			data = append(data, ship(9, "docked"))
		}
		answer(rw, 200, map[string]any{"data": data, "next_cursor": nil})
	}
	res, err := f.run(t, src, options{})
	if err != nil || res.Outputs["imo"] != 9 {
		t.Errorf("got %v, %v", res, err)
	}
	looks = 5
	res, err = f.run(t, src, options{Overrides: []string{"ships.timeout=5ms"}})
	if err == nil || res.Status != durable.StatusTimedOut || !strings.Contains(res.Error.Hint, "out of range") {
		t.Errorf("got %+v, %v", res.Error, err)
	}
}

// A write that documents an idempotency key is sent again with the same key.
func TestKeyedWriteIsResent(t *testing.T) {
	f := newFleet(t)
	dropped := false
	f.answers["POST /voyages"] = func(rw http.ResponseWriter, r *http.Request) {
		if !dropped {
			dropped = true
			drop(rw, r)
			return
		}
		answer(rw, 201, map[string]any{"id": "v1"})
	}
	res, err := f.run(t, `
steps:
  - {id: go, operation: planVoyage, with: {imo: 1, port: '{{ inputs.port }}'}}
outputs:
  - {name: id, source: go.id}
`, options{})
	if err != nil {
		t.Fatal(err)
	}
	if res.Outputs["id"] != "v1" || len(f.keys) != 2 || f.keys[0] != f.keys[1] {
		t.Errorf("outputs %v, keys %q", res.Outputs, f.keys)
	}
}

func TestSensitiveIsFollowed(t *testing.T) {
	f := newFleet(t)
	p := f.load(t, `
steps:
  - {id: go, operation: planVoyage, with: {imo: 1, port: '{{ inputs.port }}'}, sensitive: ticket}
outputs:
  - {name: ticket, source: '"no " + go.ticket'}
  - {name: id, source: go.id}
`, options{})
	res, err := p.Run(t.Context(), engine.Inputs{"port": "Oslo"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"ticket"}, res.SensitiveOutputs); d != "" {
		t.Errorf("sensitive outputs (-want +got):\n%s", d)
	}
}

func TestStrictResponses(t *testing.T) {
	const src = `
steps:
  - {id: ship, operation: getShip, with: {imo: 7}}
outputs:
  - {name: port, source: inputs.port}
`
	f := newFleet(t)
	f.answers["GET /ships/7"] = func(rw http.ResponseWriter, _ *http.Request) { answer(rw, 200, map[string]any{"imo": "seven"}) }
	var warned int
	o := options{OnEvent: func(e durable.Event) {
		if e.Kind == durable.EventWarning {
			warned++
		}
	}}
	if _, err := f.run(t, src, o); err != nil || warned != 1 {
		t.Errorf("lenient: %v, %d warnings", err, warned)
	}
	o.StrictResponses = true
	res, err := f.run(t, src, o)
	if err == nil || res.Error.Code != "unexpected-answer" {
		t.Errorf("strict: %+v, %v", res.Error, err)
	}
}

func TestUnreadableAnswers(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"HTML": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, "<h1>hello</h1>")
		},
		"broken JSON": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, `{"imo": `)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			f.answers["GET /ships/7"] = h
			res, err := f.run(t, `
steps:
  - {id: ship, operation: getShip, with: {imo: 7}}
outputs:
  - {name: name, source: ship.name}
  - {name: port, source: inputs.port}
`, options{})
			if err == nil || res.Error.Code != "unreadable-answer" {
				t.Fatalf("got %+v, %v", res.Error, err)
			}
		})
	}
}

func TestEmptyValueIsNotSent(t *testing.T) {
	f := newFleet(t)
	f.answers["GET /ships/7"] = func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, 200, map[string]any{"imo": 7, "name": "x"})
	}
	res, err := f.run(t, `
steps:
  - {id: ship, operation: getShip, with: {imo: 7}}
  - {id: again, operation: planVoyage, with: {imo: 1, port: '{{ ship.state }}'}}
outputs:
  - {name: name, source: again.id}
  - {name: port, source: inputs.port}
`, options{})
	if err == nil || res.Error.Code != "missing-parameter" || res.Error.Step != "again" {
		t.Fatalf("got %+v, %v", res.Error, err)
	}
	if len(f.log) != 1 {
		t.Errorf("sent %q", f.log)
	}
}

func TestOverridesAreChecked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "voyage.yaml")
	src := fleetHead + "steps:\n  - {id: ship, operation: getShip, with: {imo: 7}}\noutputs:\n  - {name: port, source: inputs.port}\n"
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	for override, want := range map[string]string{
		"shop.every=1s":   `did you mean "ship"?`,
		"ship":            "want STEP.KEY=VALUE",
		"ship.evry=1s":    `unknown step key "evry"`,
		"ship.timeout=-1": "",
	} {
		_, err := load(t.Context(), file, &options{
			OpenAPI: map[string]string{"fleet": "testdata/fleet.openapi.yaml"}, Overrides: []string{override},
		})
		var bad *engine.LoadError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("--override %s: %v, want %q", override, err, want)
		}
	}
}

// A document without security takes what the project file declares.
func TestDeclaredSecurity(t *testing.T) {
	f := newFleet(t)
	var auth string
	f.answers["GET /ships/7"] = func(rw http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("X-Fleet-Key")
		answer(rw, 200, ship(7, "docked"))
	}
	dir := t.TempDir()
	doc, err := os.ReadFile("testdata/fleet.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"fleet.openapi.yaml": string(doc),
		".capstan.yaml":      fmt.Sprintf("apis:\n  fleet:\n    openapi: fleet.openapi.yaml\n    baseUrl: %s\n    auth: {type: apiKey, in: header, name: X-Fleet-Key, env: SHIP_KEY}\n", f.url),
		"voyage.yaml":        fleetHead + "steps:\n  - {id: ship, operation: getShip, with: {imo: 7}}\noutputs:\n  - {name: port, source: inputs.port}\n",
	}
	writeFiles(t, dir, files)
	p := mustLoad(t, filepath.Join(dir, "voyage.yaml"), nil)
	if _, err := p.Run(t.Context(), engine.Inputs{"port": "Oslo"}); err == nil || !strings.Contains(err.Error(), "SHIP_KEY") {
		t.Errorf("without the credential: %v", err)
	}
	t.Setenv("SHIP_KEY", "k-123")
	if _, err := p.Run(t.Context(), engine.Inputs{"port": "Oslo"}); err != nil || auth != "k-123" {
		t.Errorf("with it: %v, sent %q", err, auth)
	}
}

// An answer without a required field that something reads fails its step.
func TestPromisedFieldIsMissing(t *testing.T) {
	w := newWorkOS(t)
	w.front["POST /portal/generate_link"] = func(rw http.ResponseWriter, _ *http.Request) { answer(rw, 201, map[string]any{}) }
	res, err := mustLoad(t, onboarding, quick(w)).RunWith(t.Context(), acme, done)
	if err == nil || res.Error.Code != "unreadable-answer" || !strings.Contains(res.Error.Message, `without "link", which its document requires and step "send-portal-link" reads`) {
		t.Errorf("got %+v, %v", res.Error, err)
	}
	var failed *engine.RunError
	if !errors.As(err, &failed) || !strings.Contains(failed.Backtrace(), "known by then: organization_id: org_1") {
		t.Errorf("what is known of the outputs is not told:\n%v", failed.Backtrace())
	}
}

// A poll that had an answer outlives an outage that retries do not bridge.
func TestPollOutlivesAnOutage(t *testing.T) {
	f := newFleet(t)
	looks := 0
	f.answers["GET /ships/7"] = func(rw http.ResponseWriter, _ *http.Request) {
		looks++
		switch {
		case looks == 1:
			answer(rw, 200, ship(7, "sailing"))
		case looks < 6:
			answer(rw, 503, map[string]any{"message": "down"})
		default:
			answer(rw, 200, ship(7, "docked"))
		}
	}
	_, err := f.run(t, `
steps:
  - {id: ship, operation: getShip, with: {imo: 7}, until: 'ship.state == "docked"', every: 1ms, retry: 1}
outputs:
  - {name: port, source: inputs.port}
`, options{})
	if err != nil || looks != 6 {
		t.Errorf("%d looks, %v", looks, err)
	}
}

// A document that cannot be understood is a problem, not a crash.
func TestBrokenDocument(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "voyage.yaml")
	src := fleetHead + "steps:\n  - {id: ship, operation: getShip, with: {imo: 7}}\noutputs:\n  - {name: port, source: inputs.port}\n"
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "swagger: '1.2'\n", "[1]", "openapi: 3.0.3\npaths: {\n", "openapi: 9.0.0\n"} {
		doc := filepath.Join(dir, "doc.yaml")
		if err := os.WriteFile(doc, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := load(t.Context(), file, &options{OpenAPI: map[string]string{"fleet": doc}})
		if err == nil || !strings.Contains(err.Error(), "doc.yaml") {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := openAPI(t.Context(), "fleet", &options{OpenAPI: map[string]string{"fleet": doc}}); err == nil {
			t.Errorf("%q: opened", text)
		}
	}
}

// An optional input that was not given is left out, not sent as null.
func TestOptionalInputIsLeftOut(t *testing.T) {
	w := newWorkOS(t)
	file := filepath.Join(t.TempDir(), "link.yaml")
	src := `name: Link
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: workos
inputs:
  - {name: organization, type: string, required: true}
  - {name: return_url, type: string}
steps:
  - {id: link, operation: PortalSessionsController_create, intent: sso}
outputs:
  - {name: link, source: link.link}
`
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mustLoad(t, file, &options{BaseURL: w.url}).Run(t.Context(), engine.Inputs{"organization": "org_1"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"organization": "org_1", "intent": "sso"}
	if d := cmp.Diff(want, w.log[0].Body); d != "" {
		t.Errorf("body (-want +got):\n%s", d)
	}
}
