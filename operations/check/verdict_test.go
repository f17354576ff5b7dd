package check_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

const errorsDocument = `
openapi: 3.1.0
info: {title: ships, version: '1'}
paths:
  /ships:
    post:
      operationId: createShip
      responses:
        '201': {description: made}
        '500': {description: own, content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
        '502': {description: general, content: {application/json: {schema: {type: object, required: [message], properties: {message: {type: string}}}}}}
        '503': {description: says nothing, content: {application/json: {schema: {type: object}}}}
        '504': {description: no schema}
        '522': {description: any problem, content: {application/problem+json: {schema: {type: object, required: [title, status]}}}}
        '523': {description: a list, content: {application/json: {schema: {type: array}}}}
        5XX: {description: a range, content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
        default: {description: else, content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
components:
  schemas:
    Error:
      type: object
      required: [code, message]
      properties: {code: {type: string, enum: [quota, locked]}, message: {type: string}}
`

// answered is a response as the client makes it.
func answered(op *operations.Operation, status int, contentType, body string) *operations.Response {
	r := &operations.Response{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}
	r.Decode(op)
	return r
}

func TestWhatEachStatusProvesOfAWrite(t *testing.T) {
	want := map[operations.Verdict][]int{
		operations.TookEffect: {200, 201, 202, 204, 207, 299},
		operations.NoEffect:   {300, 301, 304, 307, 308, 400, 401, 403, 404, 409, 410, 412, 422, 429, 451, 499, 501, 505},
		operations.InDoubt:    {101, 302, 303, 408, 425, 500, 502, 503, 504, 507, 508, 511, 520, 521, 522, 523, 524, 530, 599, 600},
	}
	for verdict, statuses := range want {
		for _, status := range statuses {
			for _, method := range []string{"POST", "PATCH", "PUT", "DELETE"} {
				op := optest.JSON(method)
				if got := check.Verdict(op, answered(op, status, "text/html", "<p>Bad Gateway")); got != verdict {
					t.Errorf("%s answered %d: %s, want %s", method, status, got, verdict)
				}
			}
		}
	}
}

func TestOnlyTheAPIsOwnErrorProvesThatNothingHappened(t *testing.T) {
	index, problems := openapi.Compile("ships", []byte(errorsDocument), nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	set, err := openapi.Open(index.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	op, ok := set.Lookup("createShip")
	if !ok {
		t.Fatal("the document has no createShip")
	}
	const own = `{"code": "locked", "message": "no"}`
	tests := []struct {
		status            int
		contentType, body string
		want              operations.Verdict
	}{
		{500, "application/json", own, operations.NoEffect},
		{500, "application/problem+json", own, operations.NoEffect},
		{500, "application/json", `{"message": "Internal server error"}`, operations.InDoubt},
		{500, "application/json", `{"code": "other", "message": "no"}`, operations.InDoubt},
		{500, "application/json", `{"code": "locked"`, operations.InDoubt},
		{500, "text/html", own, operations.InDoubt},
		{500, "application/json", "", operations.InDoubt},
		{502, "application/json", `{"message": "from the API"}`, operations.InDoubt}, // a gateway says the same
		{503, "application/json", own, operations.InDoubt},                           // its schema accepts anything
		{504, "application/json", own, operations.InDoubt},                           // documented without a schema
		{522, "application/problem+json", `{"title": "t", "status": 522}`, operations.InDoubt},
		{523, "application/json", `[]`, operations.InDoubt},
		{520, "application/json", own, operations.InDoubt}, // documented by its range only
		{408, "application/json", own, operations.InDoubt}, // documented by default only
	}
	for _, tt := range tests {
		if got := check.Verdict(op, answered(op, tt.status, tt.contentType, tt.body)); got != tt.want {
			t.Errorf("%d %s %s: %s, want %s", tt.status, tt.contentType, tt.body, got, tt.want)
		}
	}
}

func TestADeleteThatFindsNothingTookEffectOnlyAfterALoss(t *testing.T) {
	for _, method := range []string{"DELETE", "PUT", "PATCH", "POST"} {
		for _, status := range []int{404, 410, 403, 409} {
			for _, lost := range []bool{false, true} {
				op := optest.JSON(method)
				r := answered(op, status, "application/json", `{}`)
				r.Lost = lost
				want := operations.NoEffect
				if method == "DELETE" && lost && (status == 404 || status == 410) {
					want = operations.TookEffect
				}
				if got := check.Verdict(op, r); got != want {
					t.Errorf("%s answered %d, lost before: %v: %s, want %s", method, status, lost, got, want)
				}
			}
		}
	}
}

func TestReadsAreNeverInDoubt(t *testing.T) {
	for status, want := range map[int]operations.Verdict{200: operations.TookEffect, 204: operations.TookEffect, 300: operations.NoEffect, 302: operations.NoEffect, 304: operations.NoEffect, 404: operations.NoEffect, 502: operations.NoEffect, 408: operations.NoEffect} {
		if got := check.Verdict(optest.JSON("GET"), &operations.Response{Status: status, Lost: true}); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

// An answer that began and broke off counts by its status.
func TestABrokenAnswerCountsByItsStatus(t *testing.T) {
	for status, want := range map[int]bool{0: true, 201: true, 302: true, 303: true, 307: false, 408: true, 422: false, 425: true, 501: false, 502: true, 505: false, 520: true} {
		err := fmt.Errorf("wrapped: %w", &operations.CallError{Method: "POST", Phase: operations.Sent, Reason: operations.ReasonReset, Status: status})
		if got := operations.IsInDoubt(err); got != want {
			t.Errorf("%d: in doubt %v, want %v", status, got, want)
		}
	}
}
