//go:build !unix

package measure

import (
	"os"
	"time"
)

func used() (cpu time.Duration, peak int64) { return 0, 0 }

// Peak returns 0: this system does not report it.
func Peak(*os.ProcessState) int64 { return 0 }
