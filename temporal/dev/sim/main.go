// Sim writes the tables of docs/scale.md: what numbers of runs in flight need, and what the
// limit of an API does to them, simulated. It takes no arguments:
//
//	go run ./dev/sim
package main

import (
	"fmt"
	"os"

	"github.com/capstan-run/capstan/temporal/internal/sim"
)

func main() {
	sim.WriteNeeds(os.Stdout, sim.Loads())
	fmt.Println()
	sim.WriteScenarios(os.Stdout, sim.Scenarios())
}
