package formats

import (
	"fmt"
	"math"
	"strconv"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// wholeNumber returns an int, or a json.Number where an int is too small for it.
func wholeNumber[N int64 | uint64](n N) any {
	v, _ := jsonvalue.Number(fmt.Sprint(n))
	return v
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
