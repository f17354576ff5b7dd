package meaning

import "math/rand/v2"

// file is a generated capability file.
type file struct {
	*rand.Rand
	auth  auth
	op    operation
	units []*unit
	flow  *unit // of an aggregate, that units may refer to
	first bool  // the API has another operation, with an answer that a second step reads
}

// auth is the API's credential.
type auth struct {
	kind string // "" for none
	key  string // of an API key
}

// operation is the consumed operation.
type operation struct {
	method string
	path   []*piece
	query  []*piece // of the path's own query
	params []*param
	body   string // "", fields, whole, json, form, formUrlEncoded, multipartForm, text, xml
	shape  []*piece
}

// piece is a segment of a path, a pair of its query, or a part of a body: text with at
// most one variable.
type piece struct {
	name          string // of a pair or of a field
	before, after string
	p             *param // nil for none
	spelt         string // the variable's name
	form          string // how it is written, "{{%s}}"
}

// param is a parameter of the operation.
type param struct {
	name       string
	words      []string // that the name is made of, nil for a name that has one spelling only
	in         string   // path, query, header, cookie, body, form
	typ        string
	required   bool
	value, def any    // a constant or a text as the file has it, a default
	sent       any    // of a text: the value that it comes to
	level      string // where it is declared: operation, resource, api
	supplied   bool   // by the credential or by the request itself
	undeclared bool   // a variable of the path that the file does not declare
	unplaced   bool   // in a path that has no place for it
}

func (p *param) inPath() bool { return p.in == "path" }

// texts reports whether the parameter travels in a text of the operation's body.
func (p *param) texts(op *operation) bool {
	return p.in == "form" || p.in == "body" && op.body != "fields" && op.body != "whole"
}

// unit is a tool, a REST operation or a resource that calls the operation.
type unit struct {
	kind    string // tool, rest, resource, flow
	name    string
	step    bool // the call is that of a step
	second  bool // another step is before it
	ref     bool // the call is the flow's
	inputs  []*input
	with    []field
	sources map[*param]source
	route   []*piece // with input set
	refused string   // why nothing can call the unit; "" for a sound one
}

// input is an input that the unit asks for, declared or not.
type input struct {
	name     string
	as       string // the name that the declaration has, where the route has another
	typ      string
	required bool // whatever the file says
	declared bool
	says     bool // the file says that it is required
	def      any
	in       string // of a REST request; "" for anywhere
	idle     bool   // declared, but filled by something else and not asked for
}

// field is an argument of the call.
type field struct {
	name string
	text any
}

// source is where the value of a parameter comes from: a literal, or an input with
// text around it.
type source struct {
	literal       any
	in            *input
	before, after string
}

func (f *file) chance(percent int) bool { return f.IntN(100) < percent }

func pick[T any](f *file, all ...T) T { return all[f.IntN(len(all))] }
