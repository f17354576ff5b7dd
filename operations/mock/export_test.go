package mock

import (
	"time"

	"github.com/capstan-run/capstan/operations"
)

// Sample makes a value from a schema, for tests that send requests.
func Sample(s *operations.Schema, name string) any {
	return newMaker(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)).value(s, name, nil)
}
