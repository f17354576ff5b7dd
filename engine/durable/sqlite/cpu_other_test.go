//go:build !unix

package sqlite_test

import (
	"testing"
	"time"
)

func cpu(testing.TB) time.Duration { return 0 }
