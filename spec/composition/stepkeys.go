package composition

import (
	"fmt"
	"sync"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/keys"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// step is a step while it is read: its operation, which an external step has not, holds
// the values of both.
type step struct {
	spec.Step
	operation spec.Operation
	external  bool
}

// stepKeys are the keys of steps of either kind.
var stepKeys = sync.OnceValue(func() keys.Mapping[step] {
	return keys.Mapping[step]{
		What: "a step",
		Doc:  "A call of an operation, or something that a person or another system does. A key that is none of these and names a parameter of the operation is a value for it.",
		Open: true,
		Keys: []keys.Key[step]{
			{
				Name: "id", Needed: true, Example: `"create-organization"`,
				Doc: "The name by which expressions read the step's result.",
				Value: value(identForm, func(d reader, n *node.Node, _ string, s *step) {
					s.ID = d.stepID(n)
				}),
			},
			{
				Name: "capability", Example: `"organizations"`,
				Doc:   "The group of the catalogue that the operation is in. For people.",
				Value: keys.Loose(func(s *step) *spec.Str { return &s.operation.Capability }),
			},
			{
				Name: "api", Example: `"directory"`,
				Doc:   "The API of the operation, where it is another than the capability's.",
				Value: keys.Text(func(s *step) *spec.Str { return &s.operation.API }),
			},
			{
				Name: "description", Example: `"Create the customer's organization."`,
				Doc:   "What the step does, for people; on an external step what they are to do.",
				Value: keys.Prose(func(s *step) *spec.Str { return &s.Description }),
			},
			{
				Name: "external", Similar: true, Default: "false", Example: "true",
				Doc:   "A person or another system does the step; the run waits until it is marked as done.",
				Value: keys.Boolean(func(s *step) *bool { return &s.external }),
			},
			{
				Name: "when", Example: `"inputs.domains != nil"`,
				Doc:   "A condition: the step is skipped where it is false.",
				Value: keys.Expression(func(s *step) **spec.Str { return &s.When }),
			},
			{
				Name: "each", Example: `"inputs.domains"`,
				Doc:   "A list: the step is done once for every element, as item and index, and its result is the list of the results.",
				Value: keys.Expression(func(s *step) **spec.Str { return &s.Each }),
			},
			{
				Name: "with", Example: `{"name": "{{ inputs.organization_name }}"}`,
				Doc:   "Values for parameters and properties of the body. {{ expression }} alone keeps its type, inside text it is put into the text, and other strings are literal; null leaves the parameter out; query.id picks a place when a name stands in several; body is the whole body when that is no object. On an external step: what the person needs.",
				Value: keys.Fields(func(s *step) *[]spec.Field { return &s.operation.With }),
			},
			{
				Name: "sensitive", Example: `["data.secret"]`,
				Doc:   "Parts of the result that are secrets, as paths.",
				Value: keys.Texts(func(s *step) *[]spec.Str { return &s.Sensitive }),
			},
		},
	}
})

// sendingKeys are the keys of a step that calls an operation; for an external one they
// have no meaning.
var sendingKeys = sync.OnceValue(func() keys.Mapping[step] {
	return keys.Mapping[step]{
		Keys: []keys.Key[step]{
			{
				Name: "operation", Similar: true, Example: `"OrganizationsController_create"`,
				Doc:   "The operationId of the operation that is called, as the API's OpenAPI document has it.",
				Value: keys.Text(func(s *step) *spec.Str { return &s.operation.Operation }),
			},
			{
				Name: "until", Similar: true, Example: `"data[0].state == \"active\""`,
				Doc:   "A condition on the answer: the operation is called again until it is true. Reads only.",
				Value: keys.Expression(func(s *step) **spec.Str { return &s.operation.Until }),
			},
			{
				Name: "fail", Example: `"data[0].state == \"inactive\""`,
				Doc:   "A condition on the answer: where it is true, the run stops as failed.",
				Value: keys.Expression(func(s *step) **spec.Str { return &s.operation.Fail }),
			},
			{
				Name: "select", Example: `"data[0]"`,
				Doc:   "The item of the answer that later steps read as STEP.match.",
				Value: keys.Expression(func(s *step) **spec.Str { return &s.operation.Select }),
			},
			{
				Name: "every", Default: `"5s"`, Example: `"30s"`,
				Doc:   "With until: how long to wait between two calls. The wait grows to six times that, at most 5m.",
				Value: keys.Duration(func(s *step) **spec.Duration { return &s.operation.Every }),
			},
			{
				Name: "timeout", Default: `"24h"`, Example: `"3d"`,
				Doc:   "With until: how long to go on. An external step waits until it is done.",
				Value: keys.Duration(func(s *step) **spec.Duration { return &s.operation.Timeout }),
			},
			{
				Name: "all", Default: "false", Example: "true",
				Doc:   "All pages are read, and the result is one list.",
				Value: keys.Boolean(func(s *step) *bool { return &s.operation.All }),
			},
			{
				Name: "requestTimeout", Default: `"30s"`, Example: `"90s"`,
				Doc:   "How long one request and its answer may take.",
				Value: keys.Duration(func(s *step) **spec.Duration { return &s.operation.RequestTimeout }),
			},
			{
				Name: "retry", Default: "4", Example: "1",
				Doc:   "How often a request that is safe to repeat is sent in all; 1 is never again.",
				Value: value(retryForm, func(d reader, n *node.Node, _ string, s *step) { s.operation.Retry = d.retry(n) }),
			},
			{
				Name: "key", Example: `"Idempotency-Key"`,
				Doc: "The header for an idempotency key, derived from the run and the step: a write with one is safe to repeat.",
				Value: value(func() *keys.Schema { return &keys.Schema{Type: "string", Pattern: headerToken.String()} },
					func(d reader, n *node.Node, _ string, s *step) { s.operation.Key = d.headerName(n) }),
			},
			{
				Name: "probe", Example: `{"operation": "OrganizationsController_getByExternalId", "with": {"external_id": "{{ run.id }}"}}`,
				Doc:   "The operation that looks up what became of the step's write when its answer was lost. Its answer stands for the lost one; 404 means that nothing came of it. run.id makes a value to find the write by.",
				Value: keys.Inner(probeKeys(), func(s *step) **spec.Probe { return &s.operation.Probe }),
			},
		},
	}
})

// stepOrder is the order of the keys of both tables in a file: the operation stands
// behind its capability.
var stepOrder = sync.OnceValue(func() (out []string) {
	sends := sendingKeys().Keys
	for _, k := range stepKeys().Keys {
		if out = append(out, k.Name); k.Name == "capability" {
			out = append(out, sends[0].Name)
		}
	}
	for _, k := range sends[1:] {
		out = append(out, k.Name)
	}
	return out
})

// stepForm is the schema of a step, of both tables.
func stepForm() *keys.Schema {
	s, sends := stepKeys().Schema(), sendingKeys().Schema()
	s.Properties = append(s.Properties, sends.Properties...)
	outside := &keys.Schema{Required: []string{"external"}, Properties: keys.Properties{{Name: "external", Schema: &keys.Schema{Const: "true"}}}}
	none := &keys.Schema{Not: &keys.Schema{}}
	for _, p := range sends.Properties {
		none.Not.AnyOf = append(none.Not.AnyOf, &keys.Schema{Required: []string{p.Name}})
	}
	s.If, s.Then, s.Else = outside, none, &keys.Schema{Required: []string{"operation"}}
	return s
}

// maxAttempts bounds retry.attempts; more is a poll.
const maxAttempts = 100

func retryForm() *keys.Schema {
	count := &keys.Schema{Type: "integer", Minimum: 1, Maximum: maxAttempts}
	attempts := *count
	attempts.Describe(fmt.Sprintf("How often it is sent in all, from 1 to %d.", maxAttempts), "4", "1")
	return &keys.Schema{AnyOf: []*keys.Schema{count, {
		Type: "object", Closed: true, Required: []string{"attempts"}, Properties: keys.Properties{{Name: "attempts", Schema: &attempts}},
		PatternProperties: keys.Properties{{Name: "^x-", Schema: &keys.Schema{}}},
	}}}
}

var probeKeys = sync.OnceValue(func() keys.Mapping[spec.Probe] {
	return keys.Mapping[spec.Probe]{
		What: "probe",
		Doc:  "An operation that looks up whether a write that was not answered took place.",
		Keys: []keys.Key[spec.Probe]{
			{
				Name: "operation", Needed: true, Example: `"OrganizationsController_getByExternalId"`,
				Doc:   "The operationId of a read.",
				Value: keys.Text(func(p *spec.Probe) *spec.Str { return &p.Operation }),
			},
			{
				Name: "with", Example: `{"external_id": "{{ run.id }}"}`,
				Doc:   "Values for its parameters. run.id is a value that only this run has.",
				Value: keys.Fields(func(p *spec.Probe) *[]spec.Field { return &p.With }),
			},
		},
	}
})
