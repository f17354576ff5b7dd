package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

const surveyAPI = `openapi: 3.1.0
info: {title: Surveys, version: '1'}
servers: [{url: https://surveys.test}]
paths:
  /surveys:
    post:
      operationId: startSurvey
      requestBody: {content: {application/json: {schema: {type: object, properties: {ship: {type: string}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Survey'}}}}}
  /surveys/{id}:
    get:
      operationId: getSurvey
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Survey'}}}}}
  /findings:
    post:
      operationId: addFinding
      requestBody: {content: {application/json: {schema: {type: object, properties: {text: {type: string}, survey: {type: string}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Finding'}}}}}
    get:
      operationId: listFindings
      parameters: [{name: survey, in: query, schema: {type: string}}]
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Finding'}}}}}}
components:
  schemas:
    Finding: {type: object, required: [id, text, grade], properties: {id: {type: string}, text: {type: string}, grade: {type: integer}, survey: {type: string}}}
    Survey:
      type: object
      required: [id, phase, paid, stage, hull]
      properties:
        id: {type: string}
        phase: {type: string, enum: [ENUM]}
        paid: {type: boolean}
        stage: {type: string}
        hull: {type: object, required: [verdict], properties: {verdict: {type: string, enum: [rejected, open, passed]}}}
`

// A poll comes true on the mock, wherever its value stands in the document's enum and
// where the document lists no values at all.
func TestPollComesTrueOnTheMock(t *testing.T) {
	for until, enums := range map[string][]string{
		`survey.phase == "afloat"`:                                   {"afloat, moored, sunk", "sunk, moored, afloat", "moored, afloat, sunk"},
		`survey.phase in ["moored", "afloat"]`:                       {"sunk, afloat, moored"},
		`survey.stage == "signed" and survey.paid`:                   {"sunk, afloat"},
		`survey.hull.verdict == "passed" and survey.phase != "sunk"`: {"sunk, afloat"},
	} {
		for _, enum := range enums {
			dir := t.TempDir()
			file, api := filepath.Join(dir, "survey.yaml"), filepath.Join(dir, "surveys.yaml")
			text := fmt.Sprintf(`name: Survey
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: surveys
steps:
  - {id: start, operation: startSurvey}
  - {id: survey, operation: getSurvey, with: {id: '{{ start.id }}'}, until: '%s', fail: 'survey.phase == "sunk"', every: 1s, timeout: 1h}
  - {id: again, operation: getSurvey, with: {id: '{{ start.id }}'}}
outputs:
  - {name: same, source: again.phase == survey.phase and again.stage == survey.stage}
`, until)
			for name, data := range map[string]string{file: text, api: strings.ReplaceAll(surveyAPI, "ENUM", enum)} {
				if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			res, err := mustLoad(t, file, &options{Mock: true, OpenAPI: map[string]string{"surveys": api}}).Run(t.Context(), nil)
			if err != nil {
				t.Errorf("%s of [%s]: %v", until, enum, err)
			} else if res.Outputs["same"] != true {
				t.Errorf("%s of [%s]: a later look shows another state", until, enum)
			}
		}
	}
}

// A poll of a list finds something there although no earlier step led to it.
func TestPollOfAListComesTrueOnTheMock(t *testing.T) {
	dir := t.TempDir()
	file, api := filepath.Join(dir, "findings.yaml"), filepath.Join(dir, "surveys.yaml")
	text := `name: Findings
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: surveys
steps:
  - {id: add, operation: addFinding, with: {text: rust, survey: S2}}
  - {id: found, operation: listFindings, with: {survey: S1}, until: 'any(found, .grade == 7)', every: 1s, timeout: 1h}
outputs:
  - {name: survey, source: 'found[0].survey'}
`
	for name, data := range map[string]string{file: text, api: strings.ReplaceAll(surveyAPI, "ENUM", "afloat")} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	res, err := mustLoad(t, file, &options{Mock: true, OpenAPI: map[string]string{"surveys": api}}).Run(t.Context(), engine.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	if res.Outputs["survey"] != "S1" {
		t.Errorf("outputs %v", res.Outputs)
	}
}
