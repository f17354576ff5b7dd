package plan

import (
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// policy decides how to go on when an answer is lost.
func (bb *binding) policy() {
	a := bb.a
	if bb.src.Probe != nil {
		bb.probe(bb.src.Probe)
	}
	a.KeyHeader = bb.keyHeader()
	switch {
	case a.Op.Effect() == operations.Read:
		a.Policy = durable.Safe
	case a.Op.Idempotent():
		a.Policy = durable.Idempotent
	case a.KeyHeader != "":
		a.Policy = durable.Keyed
	case a.Probe != nil:
		a.Policy = durable.Probed
	default:
		a.Policy = durable.Unsafe
	}
}

// keyHeader returns the header for the idempotency key: the one that `key`
// names, else a documented header parameter called Idempotency-Key (the IETF
// HTTPAPI draft's name).
func (bb *binding) keyHeader() string {
	a := bb.a
	if bb.src.Key != nil {
		return bb.src.Key.Value
	}
	if a.Op.Effect() == operations.Read {
		return ""
	}
	for _, p := range a.Op.Params {
		if p.In == operations.InHeader && strings.EqualFold(p.Name, "idempotency-key") && !binds(a.Binds, target{name: p.Name, in: p.In}) {
			return p.Name
		}
	}
	return ""
}

// probe binds the operation that looks a lost write up. It must read, and
// answer as the write would have.
func (bb *binding) probe(p *spec.Probe) {
	a, s := bb.a, bb.s
	set, err := bb.builder.src.API(a.API)
	if err != nil {
		return // reported with the step's own operation
	}
	op, ok := set.Lookup(p.Operation.Value)
	switch {
	case !ok:
		bb.misspelt(p.Operation, "unknown-operation", set.IDs(), "", "",
			"operation %q does not exist in the OpenAPI document of %q", p.Operation.Value, a.API)
		return
	case op.Effect() != operations.Read:
		bb.errorAt(p.Operation, "bad-probe", "name an operation that reads", "the probe of step %q would call %s, which writes", s.ID, op.ID)
		return
	case op.Resource().List || canon(op.Resource().Name) != canon(a.Op.Resource().Name):
		bb.errorAt(p.Operation, "bad-probe", "name an operation that answers with the one "+a.Op.Resource().Name,
			"the probe of step %q must answer as %s does, and %s does not", s.ID, a.Op.ID, op.ID)
		return
	}
	bb.builder.placeless(op, p.Operation)
	// The probe is bound like a step of its own that stands in the place of s.
	a.Probe = &Operation{API: a.API, At: p.Operation, Op: op}
	bb.builder.scoped(s, bb.scope).bind(a.Probe, &spec.Operation{With: p.With})
}
