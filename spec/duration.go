package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
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
	rest := s
	for rest != "" {
		number := rest[:numberEnd(rest)]
		unit, ok := unitOf(rest[len(number):])
		if number == "" || !ok {
			break
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a length of time", s)
		}
		total += n * float64(unit.length)
		rest = rest[len(number)+len(unit.name):]
	}
	switch {
	case s == "" || rest != "":
		return 0, fmt.Errorf("%q is not a length of time: write numbers with units (ms, s, m, h, d, w), such as 30s, 1h30m or 3d", s)
	case total < 1 || total >= math.MaxInt64:
		return 0, fmt.Errorf("%q is out of range: a length of time is more than zero and at most %s", s, longest)
	}
	return time.Duration(total), nil
}

const longest = "290 years"

// numberEnd returns the length of the number that s begins with: digits, and
// perhaps a point and more digits.
func numberEnd(s string) int {
	whole := digits(s)
	if whole > 0 && strings.HasPrefix(s[whole:], ".") {
		if part := digits(s[whole+1:]); part > 0 {
			return whole + 1 + part
		}
	}
	return whole
}

func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

type unit struct {
	name   string
	length time.Duration
}

var units = [...]unit{ // a name stands before the one that it begins with
	{"ns", time.Nanosecond}, {"us", time.Microsecond}, {"µs", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second},
	{"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
}

func unitOf(s string) (unit, bool) {
	for _, u := range units {
		if strings.HasPrefix(s, u.name) {
			return u, true
		}
	}
	return unit{}, false
}
