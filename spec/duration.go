package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// ParseDuration reads a length of time as capabilities write it: numbers with
// units ("30s", "1h30m", "3d", "2w"; a day has 24 hours), or a whole number of
// seconds. It must be more than zero. The error names the form to write instead.
func ParseDuration(s string) (time.Duration, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n <= 0 || n > math.MaxInt64/int64(time.Second) {
			return 0, fmt.Errorf("%q is out of range: a length of time is more than zero and at most %s", s, longest)
		}
		return time.Duration(n) * time.Second, nil
	}
	var total float64
	parts := durationPart.FindAllStringSubmatch(s, -1)
	var read strings.Builder
	for _, p := range parts {
		n, err := strconv.ParseFloat(p[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a length of time", s)
		}
		total += n * float64(units[p[2]])
		read.WriteString(p[0])
	}
	switch {
	case len(parts) == 0 || read.String() != s:
		return 0, fmt.Errorf("%q is not a length of time: write numbers with units (ms, s, m, h, d, w), such as 30s, 1h30m or 3d", s)
	case total < 1 || total >= math.MaxInt64:
		return 0, fmt.Errorf("%q is out of range: a length of time is more than zero and at most %s", s, longest)
	}
	return time.Duration(total), nil
}

const longest = "290 years"

var durationPart = lazyregexp.New(`([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d|w)`)

var units = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}
