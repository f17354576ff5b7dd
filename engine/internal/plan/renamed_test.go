package plan

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/spec"
)

// desk is a file with one tool, whose operations are described in it.
func desk(operation, inputs string) string {
	return "name: Desk\nbaseUrl: https://desk.example/v1\noperations:\n- {id: op, " + operation + "}\ntools:\n- {name: one, operationId: op, inputs: [" + inputs + "]}\n"
}

// A tool's input under another name than the parameter's is bound where it can mean that
// parameter alone, and that is noted; two readings are an error that names both.
func TestInputsUnderAnotherName(t *testing.T) {
	const search = "method: GET, path: /search, parameters: [{name: polyid, in: query, required: true}, {name: start, in: query, required: true}, {name: end, in: query}, {name: lang, in: query}]"
	for name, tt := range map[string]struct{ operation, inputs, want string }{
		"shorter":            {search, "polygon_id, start_date, {name: end_date, type: string}", "query.polyid <- inputs.polygon_id, query.start <- inputs.start_date, query.end <- inputs.end_date"},
		"longer":             {"method: GET, path: /now, parameters: [{name: latitude, in: query, required: true}]", "lat", "query.latitude <- inputs.lat"},
		"a variable":         {"method: DELETE, path: '/polygons/{polyid}'", "polygon_id", "path.polyid <- inputs.polygon_id"},
		"its own name first": {search, "polygon_id, polyid, start", `input "polygon_id" is not used by any step: its value would be lost [unused-input]; give it the name of a parameter: op takes end, lang`},
		"two parameters":     {search, "polyid, start, {name: day}", `input "day" is not used by any step: its value would be lost [unused-input]; give it the name of a parameter: op takes end, lang`},
		"another meaning":    {"method: GET, path: /roles, parameters: [{name: user_role, in: query, required: true}]", "user", `input "user" is not used by any step: its value would be lost [unused-input]; op takes nothing else: add the parameter to its description, or remove the input`},
		"an id of something": {"method: DELETE, path: '/projects/{id}', parameters: [{name: id, in: path}]", "user_id", `input "user_id" is not used by any step: its value would be lost [unused-input]; op takes nothing else: add the parameter to its description, or remove the input`},
		"nothing else":       {"method: DELETE, path: '/polygons/{id}', parameters: [{name: id, in: path}]", "id, reason", `input "reason" is not used by any step: its value would be lost [unused-input]; op takes nothing else: add the parameter to its description, or remove the input`},
		"two readings":       {"method: GET, path: /s, parameters: [{name: start_date, in: query, required: true}, {name: end_date, in: query, required: true}]", "date", `the input "date" could be "end_date" or "start_date" of op [ambiguous-binding]; give both the same name`},
		"two inputs":         {"method: GET, path: /s, parameters: [{name: date, in: query, required: true}]", "start_date, end_date", `"date" of op could be "end_date" or "start_date" [ambiguous-binding]; give both the same name`},
		"optional of a write": {"method: POST, path: /s, parameters: [{name: mail, in: query}, {name: x, in: query, required: true}]", "x, notify_mail",
			`input "notify_mail" is not used by any step: its value would be lost [unused-input]; give it the name of a parameter: op takes mail`},
	} {
		p, problems := built(t, desk(tt.operation, tt.inputs), "", spec.Options{})
		var got []string
		for _, x := range p.Steps[0].Operation().Binds {
			got = append(got, string(x.In)+"."+x.Name+" <- "+x.From)
		}
		if errors := problems.Errors(); len(errors) > 0 {
			got = nil
			for _, d := range errors {
				got = append(got, d.Message+" ["+d.Code+"]; "+d.Hint)
			}
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tt.want)
		}
		if notes := len(problems) - len(problems.Errors()); strings.Contains(tt.want, "<-") != (notes > 0) {
			t.Errorf("%s: %d notes: %v", name, notes, problems)
		}
	}
}

// In a workflow an input may be about any of the steps, so that a name without its first
// words is no other spelling.
func TestInputsOfWorkflowsUnderAnotherName(t *testing.T) {
	text := `name: Desk
baseUrl: https://desk.example/v1
operations:
- {id: read, method: GET, path: /polygons, parameters: [{name: polyid, in: query, required: true}]}
- {id: drop, method: DELETE, path: '/projects/{project_name}', parameters: [{name: project_name, in: path}]}
workflow:
  inputs: [polygon_id, name]
  steps: [{id: one, operation: read}, {id: two, operation: drop}, {id: three, operation: read}]
`
	p, problems := built(t, text, "", spec.Options{})
	for _, i := range []int{0, 2} {
		if x := p.Steps[i].Operation().Binds; len(x) != 1 || x[0].From != "inputs.polygon_id" {
			t.Errorf("step %d takes %+v", i, x)
		}
	}
	if x := p.Steps[1].Operation().Binds[0]; x.From != "inputs.project_name" {
		t.Errorf("the project is %s", x.From)
	}
	if errors := problems.Errors(); len(errors) != 1 || !strings.Contains(errors[0].Message, `input "name" is not used`) {
		t.Errorf("problems %v", problems)
	}
}

// An input that a wrong text or a wrong name reads is not unused: that would be a second
// error of one cause.
func TestInputsOfWrongTextsAreNotUnused(t *testing.T) {
	for step, want := range map[string]string{
		"with: {nam: '{{ inputs.owner }}', name: x}":      `createOwner has no parameter or body property "nam"`,
		"with: {name: '{{ each(inputs.owner) }}'}":        `unknown function "each"`,
		"with: {name: x}, when: 'inputs.owner.first(1'":   `unexpected end of the expression`,
		"with: {name: x}, each: 'inputs.owner[0:others]'": `"others"`,
	} {
		_, problems := built(t, composition("inputs: [{name: owner, required: true}]\nsteps: [{id: own, operation: createOwner, "+step+"}]\noutputs: [{name: id, source: run.id}]\n"), "", spec.Options{})
		if errors := problems.Errors(); len(errors) != 1 || !strings.Contains(errors[0].Message, want) {
			t.Errorf("%s: %v", step, problems)
		}
	}
}
