package formats

import (
	"math"
	"strconv"
)

// wholeNumber returns an int, or a float64 where an int is too small for it.
func wholeNumber(n int64) any {
	if i := int(n); int64(i) == n {
		return i
	}
	return float64(n)
}

// shortFloat widens f to the float64 that reads the same: 0.1 stays 0.1.
func shortFloat(f float32) any {
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		wide = float64(f)
	}
	return finite(wide)
}

// finite returns f, or for what JSON has no number for the text that the JSON
// mapping of Protocol Buffers has.
func finite(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}
