package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

// The same desk in the three families of spelling: lists with externalRefs and
// const; lists with binds, targetName and functions; keyed maps.
const (
	deskOf04 = `naftiko: "0.4"
info: {label: Desk, description: Ships and berths}
externalRefs:
- {name: env, type: variables, resolution: runtime, keys: {token: PORT_TOKEN}}
capability:
  exposes:
  - type: api
    port: 8080
    namespace: desk
    resources:
    - path: /berths/{{code}}
      name: berth
      inputParameters: [{name: code, in: path, type: string}]
      operations:
      - method: GET
        name: ship-at
        steps:
        - {type: call, name: at, call: port.get-berth, with: {code: "{{code}}"}}
        - {type: call, name: who, call: port.get-ship, with: {imo: "{{at.ship.imo}}"}}
        mappings:
        - {targetName: berth, value: $.at.code}
        - {targetName: ship.name, value: $.who.name}
        - {targetName: ship.flag, value: $.who.flag}
        outputParameters: [{name: berth, type: string}]
    - path: /ships
      name: ships
      inputParameters: [{name: flag, in: query, type: string}]
      operations:
      - method: GET
        name: list
        call: port.list-ships
        with: {flag: "{{flag}}"}
        outputParameters:
        - {type: array, mapping: $.items, items: [{type: object, properties: {id: {type: string, mapping: $.imo}, name: {type: string, mapping: $.name}}}]}
  consumes:
  - type: http
    namespace: port
    baseUri: "@UP/v1/"
    authentication: {type: bearer, token: "{{token}}"}
    inputParameters: [{name: Api-Date, in: header, const: "2026-01-01"}]
    resources:
    - {path: "berths/{{code}}", name: berth, inputParameters: [{name: code, in: path}], operations: [{method: GET, name: get-berth}]}
    - {path: "ships/{{imo}}", name: ship, operations: [{method: GET, name: get-ship, inputParameters: [{name: imo, in: path}]}]}
    - {path: ships, name: ships, operations: [{method: GET, name: list-ships, inputParameters: [{name: flag, in: query}]}]}
`
	deskOfLists = `VERSION
info: {label: Desk, description: Ships and berths}
binds:
- {namespace: env, keys: {token: PORT_TOKEN}}
capability:
  aggregates:
  - label: Berths
    namespace: berths
    functions:
    - name: ship-at
      description: The ship at a berth
      semantics: {safe: true}
      inputParameters: [{name: code, type: string, description: Berth}]
      steps:
      - {type: call, name: at, call: port.get-berth, with: {code: berths.code}}
      - {type: call, name: who, call: port.get-ship, with: {imo: "{{at.ship.imo}}"}}
      mappings:
      - {targetName: berth, value: $.at.code}
      - {targetName: ship.name, value: $.who.name}
      - {targetName: ship.flag, value: $.who.flag}
  exposes:
  - type: mcp
    port: 8080
    namespace: desk
    tools:
    - {name: ship-at, description: The ship at a berth, ref: berths.ship-at}
    - name: list
      label: List ships
      description: Ships by flag
      inputParameters: [{name: flag, type: string, description: Flag, required: false}]
      call: port.list-ships
      with: {flag: desk.flag}
      outputParameters:
      - {type: array, mapping: $.items, items: {type: object, properties: {id: {type: string, mapping: $.imo}, name: {type: string, mapping: $.name}}}}
  consumes:
  - type: http
    namespace: port
    baseUri: "@UP/v1"
    authentication: {type: bearer, token: "{{token}}"}
    inputParameters: [{name: Api-Date, in: header, value: "2026-01-01"}]
    resources:
    - {path: "/berths/{{code}}", name: berth, inputParameters: [{name: code, in: path}], operations: [{method: GET, name: get-berth}]}
    - {path: "/ships/{{imo}}", name: ship, operations: [{method: GET, name: get-ship, inputParameters: [{name: imo, in: path}]}]}
    - {path: /ships, name: ships, operations: [{method: GET, name: list-ships, inputParameters: [{name: flag, in: query}]}]}
`
	deskOfMaps = `VERSION
info: {display: Desk, description: Ships and berths}
binds:
- {namespace: env, keys: {token: PORT_TOKEN}}
capability:
  aggregates:
  - display: Berths
    namespace: berths
    flows:
      ship-at:
        description: The ship at a berth
        semantics: {safe: true}
        inputParameters: {code: {type: string, description: Berth}}
        steps:
          at: {type: call, call: port.get-berth, with: {code: berths.code}}
          who: {type: call, call: port.get-ship, with: {imo: "{{at.ship.imo}}"}}
        mappings:
        - {target: berth, value: $.at.code}
        - {target: ship.name, value: $.who.name}
        - {target: ship.flag, value: $.who.flag}
  exposes:
  - type: mcp
    transport: http
    port: 8080
    namespace: desk
    tools:
      ship-at: {ref: berths.ship-at}
      list:
        display: List ships
        description: Ships by flag
        inputParameters: {flag: {type: string, description: Flag, required: false}}
        call: port.list-ships
        with: {flag: desk.flag}
        outputParameters:
        - {type: array, mapping: $.items, items: {type: object, properties: {id: {type: string, mapping: $.imo}, name: {type: string, mapping: $.name}}}}
  consumes:
  - type: http
    namespace: port
    baseUri: "@UP/v1"
    authentication: {type: bearer, token: "{{token}}"}
    inputParameters: {Api-Date: {in: header, value: "2026-01-01"}}
    resources:
      berth: {path: "/berths/{{code}}", inputParameters: {code: {in: path}}, operations: {get-berth: {method: GET}}}
      ship: {path: "/ships/{{imo}}", operations: {get-ship: {method: GET, inputParameters: {imo: {in: path}}}}}
      ships: {path: /ships, operations: {list-ships: {method: GET, inputParameters: {flag: {in: query}}}}}
`
)

// spelled gives each version its file.
func spelled() map[string]string {
	older := strings.NewReplacer("flows:", "functions:", "target:", "targetName:", "display:", "label:")
	out := map[string]string{
		"naftiko 0.4": deskOf04,
		"naftiko 0.5": strings.NewReplacer(`"0.4"`, `"0.5"`, "type: api", "type: rest", "const:", "value:").Replace(deskOf04),
	}
	for _, v := range []string{"naftiko: 1.0.0-alpha1", "naftiko: 1.0.0-alpha2"} {
		out[strings.ReplaceAll(v, ":", "")] = strings.Replace(deskOfLists, "VERSION", v, 1)
	}
	for _, v := range []string{"naftiko: 1.0.0-alpha3", "naftiko: 1.0.0-alpha4", "ikanos: 1.0.0-alpha3", "ikanos: 1.0.0-alpha6"} {
		out[strings.ReplaceAll(v, ":", "")] = strings.Replace(older.Replace(deskOfMaps), "VERSION", v, 1)
	}
	for _, v := range []string{"ikanos: 1.0.0-beta1", "ikanos: 1.0.0-beta3", "ikanos: 1.0.0-beta5"} {
		out[strings.ReplaceAll(v, ":", "")] = strings.Replace(deskOfMaps, "VERSION", v, 1)
	}
	return out
}

func TestEveryVersionGivesTheSameAnswers(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{
		"GET /v1/berths/B 2":    givesJSON(`{"code":"B 2","ship":{"imo":9321483}}`),
		"GET /v1/ships/9321483": givesJSON(`{"name":"Petrel","flag":null,"owner":"x"}`),
		"GET /v1/ships":         givesJSON(`{"items":[{"imo":"1","name":"Petrel","more":1},{"imo":"2"}]}`),
	})
	for version, text := range spelled() {
		t.Run(version, func(t *testing.T) {
			p.take()
			s := opened(t, p.file(t, text), nil)
			at := called(t, unit(t, s, "desk.ship-at"), engine.Inputs{"code": "B 2"})
			if d := cmp.Diff(fromJSON(t, `{"berth":"B 2","ship":{"name":"Petrel","flag":null}}`), at); d != "" {
				t.Errorf("ship-at (-want +got):\n%s", d)
			}
			list := called(t, unit(t, s, "desk.list"), engine.Inputs{"flag": "PT"})
			if d := cmp.Diff(fromJSON(t, `[{"id":"1","name":"Petrel"},{"id":"2","name":null}]`), list); d != "" {
				t.Errorf("list (-want +got):\n%s", d)
			}
			called(t, unit(t, s, "desk.list"), nil)
			sent := p.take()
			var lines []string
			for _, a := range sent {
				lines = append(lines, a.line)
				if a.header.Get("Authorization") != "Bearer port-token-1" || a.header.Get("Api-Date") != "2026-01-01" {
					t.Errorf("%s went with %v", a.line, a.header)
				}
			}
			want := []string{"GET /v1/berths/B%202", "GET /v1/ships/9321483", "GET /v1/ships?flag=PT", "GET /v1/ships"}
			if d := cmp.Diff(want, lines); d != "" {
				t.Errorf("requests (-want +got):\n%s", d)
			}
		})
	}
}
