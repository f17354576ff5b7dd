package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// reserved are the ids that expressions give another meaning.
var reserved = []string{"inputs", "steps", "run", "env", "true", "false", "nil", "result", "item", "index", "match"}

var identifier = regexp.MustCompile(`^[\pL\pN_]+(-+[\pL\pN_]+)*$`)

// ident is a name that expressions can hold: letters, digits, "_" and, inside,
// "-".
func (d reader) ident(n *yaml.Node, what string) Str {
	s := d.text(n, what)
	if s.IsSet() && !identifier.MatchString(s.Value) {
		d.report(n, "bad-name", "%s cannot be %q", what, s.Value).Hint = `use letters, digits, "_" and, inside, "-"`
	}
	return s
}

func (d reader) stepID(n *yaml.Node) Str {
	s := d.ident(n, "a step's id")
	if slices.Contains(reserved, s.Value) {
		d.report(n, "reserved-name", "a step cannot be called %q: expressions use that name", s.Value).Hint =
			fmt.Sprintf("call it something else, such as %q", s.Value+"-step")
	}
	return s
}

func (d reader) step(n *yaml.Node) (s CompositionStep, ok bool) {
	o := d.object(n, "a step")
	if o == nil {
		return d.bareStep(n)
	}
	s = CompositionStep{ID: d.stepID(o.need("id")), Pos: d.pos(n)}
	if s.ID.IsSet() {
		o.what = fmt.Sprintf("step %q", s.ID.Value)
	}
	s.Description = d.prose(o.get("description"), "description")
	s.Capability = d.loose(o.get("capability"), "capability")
	s.Operation = d.text(o.get("operation"), "operation")
	s.API = d.text(o.get("api"), "api")
	s.External = d.boolean(o.get("external"), "external")
	s.With = d.arguments(o.get("with"), "with")
	s.Until = d.expression(o.get("until"), "until")
	s.Fail = d.expression(o.get("fail"), "fail")
	s.When = d.expression(o.get("when"), "when")
	s.Select = d.expression(o.get("select"), "select")
	s.Each = d.expression(o.get("each"), "each")
	s.Every = d.duration(o.get("every"), "every")
	s.Timeout = d.duration(o.get("timeout"), "timeout")
	s.All = d.boolean(o.get("all"), "all")
	s.RequestTimeout = d.duration(o.get("requestTimeout"), "requestTimeout")
	s.Retry = d.retry(o.get("retry"))
	s.Key = d.headerName(o.get("key"))
	s.Probe = d.probe(o.get("probe"))
	s.Sensitive = d.paths(o.get("sensitive"), "sensitive")
	for _, k := range o.unasked() {
		s.Keys = append(s.Keys, d.field(k, value(n, k.Value)))
	}
	o.reportAbsent()
	d.checkKind(o, &s)
	return s, true
}

// bareStep completes the report on an item that is no mapping. A name alone
// still tells later stages that there is such a step.
func (d reader) bareStep(n *yaml.Node) (s CompositionStep, ok bool) {
	if n.Kind != yaml.ScalarNode || !isText(n) || !identifier.MatchString(n.Value) {
		return s, false
	}
	d.diags[len(d.diags)-1].Hint = fmt.Sprintf(`write "- id: %s", and its operation below`, n.Value)
	return CompositionStep{ID: d.text(n, "a step's id"), Pos: d.pos(n)}, true
}

// standIn is the id of the step at index i when its own cannot be used. No
// expression can hold it by itself, so that nothing reads it by accident.
func standIn(i int, s CompositionStep) Str {
	pos := s.Pos
	if s.ID.IsSet() {
		pos = s.ID.Pos
	}
	return Str{Value: fmt.Sprintf("#%d", i+1), Pos: pos, Style: Block} // Block: only its start is known
}

// checkKind checks that a step is an operation or external, and that its keys
// mean something for what it is. What means nothing is taken out of s.
func (d reader) checkKind(o *object, s *CompositionStep) {
	operation := key(o.node, "operation")
	switch {
	case s.External && operation != nil:
		r := d.report(operation, "misplaced-key", "%s is external, so it has no operation", o.what)
		r.Hint = `remove "operation", or "external" if capstan is to send it`
		r.Related = []diag.Related{{Pos: d.pos(key(o.node, "external")), Message: "external here"}}
	case s.External:
		for _, name := range []string{"until", "fail", "select", "every", "all", "requestTimeout", "retry", "key", "probe"} {
			if k := key(o.node, name); k != nil {
				d.report(k, "misplaced-key", "%q means nothing for an external step: nothing is sent", name).Hint = "remove it"
			}
		}
		s.Until, s.Fail, s.Select, s.Every, s.All = nil, nil, nil, nil, false
		s.RequestTimeout, s.Retry, s.Key, s.Probe = nil, nil, nil, nil
	case operation == nil:
		d.noOperation(o)
	}
}

func (d reader) noOperation(o *object) {
	if external := value(o.node, "external"); external != nil && external.ShortTag() != "!!bool" {
		return // reported where it is written
	}
	r := d.report(o.node, "missing-key", "%s has no operation and is not external", o.what)
	r.Hint = `name its operation ("operation: ..."), or say that others do it ("external: true")`
	for _, name := range []string{"operation", "external"} {
		if near := o.misspelt(name); near != "" {
			r.Hint = fmt.Sprintf("did you mean %q to be %q?", near, name)
			return
		}
	}
}

// maxAttempts bounds retry.attempts; what needs more is a poll.
const maxAttempts = 100

func (d reader) retry(n *yaml.Node) *Retry {
	if n == nil {
		return nil
	}
	count := n
	if n.Kind == yaml.MappingNode {
		o := d.object(n, "retry")
		count = o.need("attempts")
		o.done()
	}
	if count == nil {
		return nil
	}
	if count.Kind != yaml.ScalarNode || count.ShortTag() != "!!int" {
		d.report(count, "wrong-type", "retry must be a number of attempts or a mapping with attempts, found %s", describe(count))
		return nil
	}
	attempts, err := strconv.Atoi(count.Value)
	if err != nil || attempts < 1 || attempts > maxAttempts {
		d.report(count, "bad-value", "retry cannot be %s attempts", count.Value).Hint =
			fmt.Sprintf("write a number from 1 (send once) to %d", maxAttempts)
		return nil
	}
	return &Retry{Attempts: attempts, Pos: d.pos(count)}
}

// headerToken is the syntax of a header's name (RFC 9110, section 5.1).
var headerToken = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func (d reader) headerName(n *yaml.Node) *Str {
	s := d.text(n, "key")
	if !s.IsSet() {
		return nil
	}
	if !headerToken.MatchString(s.Value) {
		d.report(n, "bad-value", "key names a header, which cannot be %q", s.Value).Hint = `write a header name, such as "Idempotency-Key"`
		return nil
	}
	return &s
}

func (d reader) probe(n *yaml.Node) *Probe {
	o := d.object(n, "probe")
	if o == nil {
		return nil
	}
	p := &Probe{
		Operation: d.text(o.need("operation"), "operation"),
		With:      d.arguments(o.get("with"), "with"),
		Pos:       d.pos(n),
	}
	o.done()
	return p
}
