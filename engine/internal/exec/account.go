package exec

import (
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Record is the account of one step.
type Record struct {
	ID         string
	Status     durable.Status
	Attempts   int
	HTTPStatus int
	Duration   time.Duration
	Err        error
}
