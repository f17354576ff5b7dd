package skill

import (
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations/mock"
)

// exampleInput gives an input a value, as -i takes it: one that fits where the input goes,
// and that its name suggests.
func (c *capabilityPage) exampleInput(in document.Input) string {
	accepts := c.Prog.Accepts(in.Name)
	return assign(in.Name, mock.Example(accepts, in.Name), accepts)
}
