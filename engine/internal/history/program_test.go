package history

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// kind is the effect of a generated step.
type kind string

const (
	makes  kind = "make"   // POST
	sets   kind = "set"    // PUT
	drops  kind = "drop"   // DELETE
	gets   kind = "get"    // GET of one part
	lists  kind = "list"   // GET of a lot's parts, guarded
	polls  kind = "poll"   // GET until the job is done
	person kind = "person" // an external step
)

// policy is how a step goes on when its answer is lost, as documented.
type policy string

const (
	read   policy = "read"
	idem   policy = "idempotent"
	keyed  policy = "keyed"
	probed policy = "probed"
	unsafe policy = "unsafe"
)

// step is one step of a generated program. The program's text and the model are
// both made from it.
type step struct {
	id     string
	kind   kind
	policy policy
	// of is the earlier step whose id the step is about; nil: the input "part".
	of *step
	// each is the earlier list that the step is done for; the step is then
	// about its item's id.
	each *step
	// named iterates over the input "names" instead.
	named bool
	// when is a condition with its truth: "go" and "stop" are inputs.
	when    string
	all     bool          // of a list
	docKey  bool          // the key is documented, not a step key
	retry   int           // 0: the default
	every   time.Duration // of a poll
	timeout time.Duration
	looks   int // after how many answered looks the job is done
}

func (s *step) skipped() bool  { return s.when == "inputs.stop" }
func (s *step) repeated() bool { return s.each != nil || s.named }

// program is a generated capability.
type program struct {
	flow  bool // a framework file
	steps []*step
	// outputs are step ids with the field of the result that is read.
	outputs []output
}

type output struct {
	step  *step
	field string
}

func (o output) name() string { return o.step.id + "_" + strings.TrimPrefix(o.field, "#") }

// generate makes a program.
func generate(r *rand.Rand) *program {
	p := &program{flow: r.IntN(5) == 0}
	var about, listed []*step // with an id; with items
	for i := range 1 + r.IntN(5) {
		s := &step{id: fmt.Sprintf("s%d", i+1)}
		if i > 0 && r.IntN(4) == 0 {
			s.id = fmt.Sprintf("step-%d", i+1) // as published files have it
		}
		if p.flow {
			flowStep(r, s)
		} else {
			compositionStep(r, s, listed)
		}
		if len(about) > 0 && r.IntN(3) > 0 {
			s.of = about[r.IntN(len(about))]
		}
		switch {
		case s.kind == lists && !s.skipped():
			listed = append(listed, s)
		case (s.kind == makes || s.kind == gets) && !s.repeated() && s.when == "":
			about = append(about, s)
		}
		p.steps = append(p.steps, s)
	}
	p.choose(r)
	return p
}

func flowStep(r *rand.Rand, s *step) {
	s.kind = []kind{makes, makes, sets, drops, gets, lists}[r.IntN(6)]
	s.policy = map[kind]policy{makes: unsafe, sets: idem, drops: idem, gets: read, lists: read}[s.kind]
}

func compositionStep(r *rand.Rand, s *step, listed []*step) {
	s.kind = []kind{makes, makes, makes, makes, sets, drops, gets, lists, lists, polls, person}[r.IntN(11)]
	s.policy = map[kind]policy{sets: idem, drops: idem, gets: read, lists: read, polls: read}[s.kind]
	switch s.kind {
	case makes:
		s.policy = []policy{keyed, probed, unsafe, unsafe}[r.IntN(4)]
		s.docKey = s.policy == keyed && r.IntN(2) == 0
	case lists:
		s.all = r.IntN(2) == 0
	case polls:
		s.every = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute}[r.IntN(3)]
		s.timeout = []time.Duration{time.Minute, 20 * time.Minute, 24 * time.Hour}[r.IntN(3)]
		s.looks = []int{0, 1, 3, 8}[r.IntN(4)]
	}
	if s.kind != person && r.IntN(5) == 0 {
		s.retry = 1 + r.IntN(3)
	}
	if r.IntN(6) == 0 {
		s.when = []string{"inputs.go", "inputs.stop"}[r.IntN(2)]
	}
	if s.kind == person || s.kind == lists || r.IntN(4) > 0 {
		return
	}
	if len(listed) > 0 && r.IntN(3) > 0 {
		s.each = listed[r.IntN(len(listed))]
	} else if s.kind == makes {
		s.named = true
	}
}

// choose picks the outputs.
func (p *program) choose(r *rand.Rand) {
	for _, s := range p.steps {
		if s.when != "" || r.IntN(3) == 0 {
			continue
		}
		var fields []string
		switch {
		case s.repeated() && s.kind != drops:
			fields = []string{"#ids"}
		case s.repeated():
		case s.kind == makes, s.kind == gets, s.kind == sets:
			fields = []string{"id", "amount", "state"}
		case s.kind == lists:
			fields = []string{"#data"}
		case s.kind == polls:
			fields = []string{"id"}
		case s.kind == person:
			fields = []string{"note"}
		}
		for _, f := range fields {
			if r.IntN(2) == 0 {
				p.outputs = append(p.outputs, output{s, f})
			}
		}
	}
	if p.flow && len(p.outputs) == 0 {
		for _, s := range p.steps {
			if s.kind == gets || s.kind == makes {
				p.outputs = append(p.outputs, output{s, "id"})
				return
			}
		}
	}
}

// readFields are the fields of a step's answer that something later reads.
func (p *program) readFields(s *step) map[string]bool {
	fields := map[string]bool{}
	for _, o := range p.outputs {
		if o.step == s {
			switch o.field {
			case "#data":
				fields["data"] = true
			case "#ids": // of each answer in a list: no field is promised
			default:
				fields[o.field] = true
			}
		}
	}
	for _, later := range p.steps {
		if later.of == s && later.takesID() {
			fields["id"] = true
		}
		if later.each == s {
			fields["data"] = true
		}
	}
	return fields
}

// takesID reports whether the step's request names a part by its id.
func (s *step) takesID() bool {
	switch s.kind {
	case sets, drops, gets, polls:
		return s.each == nil
	}
	return false
}

// operation is the step's operationId.
func (s *step) operation() string {
	switch s.kind {
	case makes:
		if s.docKey {
			return "makeKeyedPart"
		}
		return "makePart"
	case sets:
		return "setPart"
	case drops:
		return "dropPart"
	case gets:
		return "getPart"
	case lists:
		return "listParts"
	}
	return "getJob"
}

type object = map[string]any

// text is the program as a file. JSON is YAML.
func (p *program) text() string {
	doc := p.composition()
	if p.flow {
		doc = p.framework()
	}
	return jsonOf(doc)
}

// brief is the program as a trace shows it, a line for each step.
func (p *program) brief() string {
	if p.flow {
		return p.text()
	}
	doc := p.composition()
	var b strings.Builder
	for _, s := range doc["steps"].([]object) {
		fmt.Fprintf(&b, "\n    %s", jsonOf(s))
	}
	return fmt.Sprintf("steps:%s\n  outputs: %s", &b, jsonOf(doc["outputs"]))
}

func (p *program) composition() object {
	inputs := []object{{"name": "lot_id", "type": "string"}, {"name": "part", "type": "integer"}, {"name": "go", "type": "boolean"}, {"name": "stop", "type": "boolean"}, {"name": "names", "type": "array"}}
	var steps []object
	for _, s := range p.steps {
		steps = append(steps, p.compositionStep(s))
	}
	outputs := []object{}
	for _, o := range p.outputs {
		outputs = append(outputs, object{"name": o.name(), "source": o.source()})
	}
	used, err := json.Marshal([]any{steps, outputs})
	if err != nil {
		panic(err)
	}
	var declared []object
	for _, in := range inputs {
		if strings.Contains(string(used), "inputs."+in["name"].(string)) {
			declared = append(declared, in)
		}
	}
	doc := object{
		"name": "History", "specification": "Naftiko Capability Composition", "specificationVersion": "0.1", "api": "yard",
		"steps": steps, "outputs": outputs,
	}
	if len(declared) > 0 {
		doc["inputs"] = declared
	}
	return doc
}

func (o output) source() string {
	id := fmt.Sprintf("steps[%q]", o.step.id)
	switch o.field {
	case "#ids":
		return "map(" + id + ", .id)"
	case "#data":
		return id + ".data"
	}
	return id + "." + o.field
}

func (p *program) compositionStep(s *step) object {
	out := object{"id": s.id}
	if s.when != "" {
		out["when"] = s.when
	}
	if s.kind == person {
		out["external"] = true
		out["description"] = "Somebody notes something."
		return out
	}
	tag := s.id
	if s.repeated() {
		tag += "[{{ index }}]"
	}
	with := object{"tag": tag}
	out["operation"], out["with"] = s.operation(), with
	switch {
	case s.each != nil:
		out["each"] = fmt.Sprintf("steps[%q].data", s.each.id)
	case s.named:
		out["each"] = "inputs.names"
	}
	switch s.kind {
	case makes:
		with["name"], with["ref"], with["lot_id"] = "made by "+tag, "{{ run.id }} "+tag, "{{ inputs.lot_id }}"
		if s.named {
			with["name"] = "{{ item }}"
		}
	case sets:
		with["name"] = "set by " + tag
	case lists:
		with["lot_id"] = "{{ inputs.lot_id }}"
	}
	switch {
	case s.kind == makes || s.kind == lists:
	case s.each != nil:
		with["id"] = "{{ item.id }}"
	case s.of != nil:
		with["id"] = fmt.Sprintf("{{ steps[%q].id }}", s.of.id)
	default:
		with["id"] = "{{ inputs.part }}"
	}
	p.stepKeys(s, out, tag)
	return out
}

// stepKeys adds the keys that shape how the step is done.
func (p *program) stepKeys(s *step, out object, tag string) {
	if s.policy == keyed && !s.docKey {
		out["key"] = "Idempotency-Key"
	}
	if s.policy == probed {
		out["probe"] = object{"operation": "findPart", "with": object{"ref": "{{ run.id }} " + tag, "tag": tag}}
	}
	if s.all {
		out["all"] = true
	}
	if s.retry > 0 {
		out["retry"] = s.retry
	}
	if s.kind == polls {
		out["until"] = `result.state == "done"`
		out["every"], out["timeout"] = s.every.String(), s.timeout.String()
	}
}

// framework is the program as a tool of a framework file.
func (p *program) framework() object {
	steps := object{}
	order := []string{}
	reads := map[string]bool{} // inputs: a write is refused where one is read by nothing
	for _, s := range p.steps {
		with := object{"tag": s.id}
		switch {
		case s.kind == makes:
			with["name"], with["lot_id"] = "made by "+s.id, "desk.lot_id"
			reads["lot_id"] = true
		case s.kind == lists:
			with["lot_id"] = "desk.lot_id"
			reads["lot_id"] = true
		case s.of != nil:
			with["id"] = fmt.Sprintf("$.%s.id", s.of.id)
		default:
			with["id"] = "desk.part"
			reads["part"] = true
		}
		if s.kind == sets {
			with["name"] = "set by " + s.id
		}
		steps[s.id] = object{"type": "call", "call": "yard." + s.operation(), "with": with}
		order = append(order, s.id)
	}
	var mappings []object
	for _, o := range p.outputs {
		path := fmt.Sprintf("$.%s.%s", o.step.id, o.field)
		if o.field == "#data" {
			path = fmt.Sprintf("$.%s.data", o.step.id)
		}
		mappings = append(mappings, object{"target": o.name(), "value": path})
	}
	list := []object{}
	for _, id := range order {
		st := steps[id].(object)
		st["name"] = id
		list = append(list, st)
	}
	inputs := []object{}
	for _, name := range []string{"lot_id", "part"} {
		if reads[name] {
			inputs = append(inputs, object{"name": name, "type": "string"})
		}
	}
	tool := object{"name": "t", "description": "A history", "steps": list, "inputParameters": inputs}
	if mappings != nil {
		tool["mappings"] = mappings
	}
	in := func(where string, names ...string) []object {
		out := []object{{"name": "tag", "in": "query"}}
		for _, n := range names {
			out = append(out, object{"name": n, "in": where})
		}
		return out
	}
	return object{
		"ikanos": "1.0.0-beta5", "info": object{"display": "History", "description": "A history"},
		"capability": object{
			"exposes": []object{{"type": "mcp", "transport": "http", "port": 3000, "namespace": "desk", "tools": []object{tool}}},
			"consumes": []object{{"type": "http", "namespace": "yard", "baseUri": origin, "resources": []object{
				{"name": "parts", "path": "/parts", "operations": []object{
					{"name": "makePart", "method": "POST", "inputParameters": in("body", "name", "lot_id")},
					{"name": "listParts", "method": "GET", "inputParameters": in("query", "lot_id")},
				}},
				{"name": "part", "path": "/parts/{{id}}", "operations": []object{
					{"name": "getPart", "method": "GET", "inputParameters": in("path", "id")},
					{"name": "setPart", "method": "PUT", "inputParameters": append(in("path", "id"), object{"name": "name", "in": "body"})},
					{"name": "dropPart", "method": "DELETE", "inputParameters": in("path", "id")},
				}},
			}}},
		},
	}
}

// origin is where the API of all histories stands.
const origin = "http://yard.test"

// yard is the API's document.
const yard = `openapi: 3.0.3
info: {title: Yard, version: '1'}
servers: [{url: 'http://yard.test'}]
paths:
  /parts:
    parameters: [{$ref: '#/components/parameters/tag'}]
    get:
      operationId: listParts
      parameters:
        - {name: lot_id, in: query, schema: {type: string}}
        - {name: cursor, in: query, schema: {type: string}}
      responses:
        '200': {description: a page, content: {application/json: {schema: {$ref: '#/components/schemas/Page'}}}}
    post: {operationId: makePart, requestBody: {$ref: '#/components/requestBodies/New'}, responses: {$ref: '#/x-made'}}
  /keyed-parts:
    parameters: [{$ref: '#/components/parameters/tag'}]
    post:
      operationId: makeKeyedPart
      parameters: [{name: Idempotency-Key, in: header, schema: {type: string}}]
      requestBody: {$ref: '#/components/requestBodies/New'}
      responses: {$ref: '#/x-made'}
  /parts/{id}:
    parameters: [{$ref: '#/components/parameters/tag'}, {$ref: '#/components/parameters/id'}]
    get:
      operationId: getPart
      responses: {'200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}}
    put:
      operationId: setPart
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {'200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}}
    delete: {operationId: dropPart, responses: {'204': {description: gone}}}
  /refs/{ref}:
    parameters: [{$ref: '#/components/parameters/tag'}, {name: ref, in: path, required: true, schema: {type: string}}]
    get:
      operationId: findPart
      responses: {'200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}}
  /jobs/{id}:
    parameters: [{$ref: '#/components/parameters/tag'}, {$ref: '#/components/parameters/id'}]
    get:
      operationId: getJob
      responses: {'200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}}
components:
  parameters:
    tag: {name: tag, in: query, schema: {type: string}}
    id: {name: id, in: path, required: true, schema: {type: integer}}
  requestBodies:
    New: {required: true, content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}, ref: {type: string}, lot_id: {type: string}}}}}}
  schemas:
    Part:
      type: object
      required: [id, name, state, amount]
      properties: {id: {type: integer}, name: {type: string}, lot_id: {type: string}, state: {type: string}, amount: {type: number}}
    Page:
      type: object
      required: [data]
      properties: {data: {type: array, items: {$ref: '#/components/schemas/Part'}}, next_cursor: {type: string, nullable: true}}
    Job: {type: object, required: [id, state], properties: {id: {type: integer}, state: {type: string}}}
    Closed: {type: object, required: [code, closed_until], properties: {code: {type: string}, closed_until: {type: string}}}
    Message: {type: object, properties: {message: {type: string}}}
`

// made is the documentation of a POST: an answer, an error schema that means
// that nothing was done, and one that proves nothing.
const made = `{'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}, '503': {description: closed, content: {application/json: {schema: {$ref: '#/components/schemas/Closed'}}}}, '500': {description: failed, content: {application/json: {schema: {$ref: '#/components/schemas/Message'}}}}}`

func document() string { return strings.ReplaceAll(yard, "{$ref: '#/x-made'}", made) }
