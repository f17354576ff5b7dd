package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One resource in several steps: each is called with the id of one before it.
func TestTheLastStepWithAResourceIsBound(t *testing.T) {
	p := sound(t, composition(`inputs:
  - {name: owner_name, type: string, required: true}
steps:
  - {id: owner, operation: createOwner}
  - {id: ship, operation: createShip, with: {name: Tern}}
  - {id: fetched, operation: getShip}
  - {id: again, operation: getShip}
  - {id: maybe, operation: getShip, when: again.name == "Tern"}
  - {id: end, operation: getShip}
outputs:
  - {name: id, source: end.id}
`), "")
	want := `owner
  name <- inputs.owner_name (resource name)
ship
  name <- "Tern" (with)
  owner_id <- owner.id (step resource)
  kind <- "cargo" (schema)
fetched
  id <- ship.id (step resource)
again
  id <- fetched.id (last step with the resource)
maybe
  id <- again.id (last step with the resource)
end
  id <- again.id (last step with the resource)
`
	if d := cmp.Diff(want, bindings(p)); d != "" {
		t.Errorf("bindings (-want +got):\n%s", d)
	}
}

// What `with` makes of an input is another value; the input still feeds the parameter of
// its own name.
func TestInputsReadByWithFeedTheirParameters(t *testing.T) {
	p := sound(t, composition(`inputs:
  - {name: name, type: string, required: true}
  - {name: flag, type: string, required: true}
  - {name: owner_id, type: string, required: true}
steps:
  - {id: owner, operation: createOwner, with: {Idempotency-Key: 'owner {{ inputs.name }}'}}
  - {id: ship, operation: createShip, with: {name: '{{ inputs.flag }} ship', owner_id: '{{ owner.id }}'}}
  - {id: ships, operation: listShips, with: {q: '{{ inputs.owner_id }}'}}
outputs:
  - {name: id, source: ship.id}
`), "")
	want := `owner
  Idempotency-Key <- inputs.name (with)
  name <- inputs.name (input name)
ship
  name <- inputs.flag (with)
  owner_id <- owner.id (with)
  kind <- "cargo" (schema)
  flag <- inputs.flag (input name)
ships
  owner_id <- inputs.owner_id (input name)
  q <- inputs.owner_id (with)
  guard owner_id on owner_id, exact true
`
	if d := cmp.Diff(want, bindings(p)); d != "" {
		t.Errorf("bindings (-want +got):\n%s", d)
	}
}
