package composition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// reserved are the ids that expressions give another meaning.
var reserved = []string{"inputs", "steps", "run", "env", "true", "false", "nil", "result", "item", "index", "match"}

func isIdentifier(name string) bool {
	return name != "" && name[0] != '-' && name[len(name)-1] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}

// ident is a name that expressions can hold: letters, digits, "_" and, inside,
// "-".
func (d reader) ident(n *node.Node, what string) spec.Str {
	s := d.Text(n, what)
	if s.IsSet() && !isIdentifier(s.Value) {
		d.Report(n, "bad-name", "%s cannot be %q", what, s.Value).Hint = `use letters, digits, "_" and, inside, "-"`
	}
	return s
}

func (d reader) stepID(n *node.Node) spec.Str {
	s := d.ident(n, "a step's id")
	if slices.Contains(reserved, s.Value) {
		d.Report(n, "reserved-name", "a step cannot be called %q: expressions use that name", s.Value).Hint =
			fmt.Sprintf("call it something else, such as %q", s.Value+"-step")
	}
	return s
}

func (d reader) step(n *node.Node) *spec.Step {
	table := stepKeys()
	o := d.Object(n, table.What)
	if o == nil {
		return d.bareStep(n)
	}
	if d.Tree.Forms != nil {
		o.Order = stepOrder()
	}
	s := &step{Step: spec.Step{Pos: d.Pos(n)}}
	table.Fill(o, s)
	sendingKeys().Fill(o, s)
	if s.ID.IsSet() {
		o.What = fmt.Sprintf("step %q", s.ID.Value)
	}
	d.kindMisspelt(o)
	o.ReportCut(diag.Error)
	op := &s.operation
	for _, k := range o.Unasked() {
		op.Keys = append(op.Keys, d.Field(k, node.Value(n, k.Value)))
	}
	o.ReportAbsent()
	s.Action = op
	if s.external {
		s.Action = &spec.External{With: op.With, Keys: op.Keys}
		d.checkExternal(o)
	} else if !op.Operation.IsSet() && !node.Has(n, "operation") {
		d.noOperation(o)
	}
	return &s.Step
}

// bareStep completes the report on an item that is no mapping. By a name alone
// later stages know that there is such a step.
func (d reader) bareStep(n *node.Node) *spec.Step {
	if n.Kind != node.ScalarNode || !node.IsText(n) || !isIdentifier(n.Value) {
		return nil
	}
	d.Diags[len(d.Diags)-1].Hint = fmt.Sprintf(`write "- id: %s", and its operation below`, n.Value)
	return &spec.Step{ID: d.Text(n, "a step's id"), Pos: d.Pos(n), Action: &spec.Operation{}}
}

// standIn is the id of the step at index i when its own cannot be used. No
// expression can hold it by itself, so that nothing reads it by accident.
func standIn(i int, s *spec.Step) spec.Str {
	pos := s.Pos
	if s.ID.IsSet() {
		pos = s.ID.Pos
	}
	return spec.At(pos, fmt.Sprintf("#%d", i+1))
}

// checkExternal reports the keys that mean nothing where nothing is sent.
func (d reader) checkExternal(o *node.Object) {
	if operation := node.Key(o.Node, "operation"); operation != nil {
		r := d.Report(operation, "misplaced-key", "%s is external, so it has no operation", o.What)
		r.Hint = `remove "operation", or "external" if capstan is to send it`
		r.Related = []diag.Related{{Pos: d.Pos(node.Key(o.Node, "external")), Message: "external here"}}
		return
	}
	for _, key := range sendingKeys().Keys {
		k := node.Key(o.Node, key.Name)
		switch {
		case k == nil:
		case key.Name == "timeout":
			d.Report(k, "misplaced-key", "%q means nothing for an external step: it waits until it is done", key.Name).Hint =
				`remove it; "--timeout" bounds a whole run`
		default:
			d.Report(k, "misplaced-key", "%q means nothing for an external step: nothing is sent", key.Name).Hint = "remove it"
		}
	}
}

// kindMisspelt reports a misspelling of the key that a step has its kind from.
func (d reader) kindMisspelt(o *node.Object) {
	if node.Has(o.Node, "operation") || node.Has(o.Node, "external") {
		return
	}
	for _, name := range []string{"operation", "external"} {
		if k := o.Misspelt(name); k != nil {
			suggest.Explain(d.Report(k, "unknown-key", "unknown key %q in %s", k.Value, o.What), k.Value, "", o.Asked)
			o.Allow(k.Value)
			return
		}
	}
}

func (d reader) noOperation(o *node.Object) {
	if external := node.Value(o.Node, "external"); external != nil && external.ShortTag() != "!!bool" {
		return // reported where it is written
	}
	r := d.Report(o.Node, "missing-key", "%s has no operation and is not external", o.What)
	r.Hint, r.Words = `name its operation ("operation: ..."), or mark it as done by others ("external: true")`, o.Asked
}

// retry is a number of attempts, 0 when none is written.
func (d reader) retry(n *node.Node) int {
	if n != nil && n.Kind == node.MappingNode {
		o := d.Object(n, "retry")
		n = o.Need("attempts")
		o.Done()
	}
	if n == nil {
		return 0
	}
	if n.Kind != node.ScalarNode || n.ShortTag() != "!!int" {
		d.Report(n, "wrong-type", "retry must be a number of attempts or a mapping with attempts, found %s", node.Describe(n))
		return 0
	}
	attempts, err := strconv.Atoi(n.Value)
	if err != nil || attempts < 1 || attempts > maxAttempts {
		d.Report(n, "bad-value", "retry cannot be %s attempts", n.Value).Hint =
			fmt.Sprintf("write a number from 1 (send once) to %d", maxAttempts)
		return 0
	}
	return attempts
}

// headerToken is the syntax of a header's name (RFC 9110, section 5.1).
var headerToken = lazyregexp.New("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func (d reader) headerName(n *node.Node) *spec.Str {
	s := d.Text(n, "key")
	if !s.IsSet() {
		return nil
	}
	if !headerToken.MatchString(s.Value) {
		d.Report(n, "bad-value", "key names a header, which cannot be %q", s.Value).Hint = `write a header name, such as "Idempotency-Key"`
		return nil
	}
	return &s
}
