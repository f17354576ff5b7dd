package formats

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// columns are the names that a table's cells have in its rows.
type columns []string

// newColumns makes names of a header row, nil when it is blank throughout. A
// blank name becomes "column N", and a name that stood before gets a number,
// so that no cell is lost.
func newColumns(header []string) columns {
	if strings.TrimSpace(strings.Join(header, "")) == "" {
		return nil
	}
	times := make(map[string]int, len(header)) // how often a name was given or wanted
	names := make(columns, len(header))
	for i, h := range header {
		h = strings.TrimSpace(h)
		if h == "" {
			h = unnamed(i)
		}
		name := h
		for times[name] > 0 {
			times[h]++
			name = h + " (" + strconv.Itoa(times[h]) + ")"
		}
		times[name], names[i] = 1, name
	}
	return names
}

func unnamed(i int) string { return "column " + strconv.Itoa(i+1) }

// row names the cells. Missing ones are empty text; cells beyond the header
// are kept as "column N" unless they are blank.
func (c columns) row(cells []string, left *budget) (map[string]any, error) {
	if err := left.take(max(len(c), len(cells)) + 1); err != nil {
		return nil, err
	}
	row := make(map[string]any, len(c))
	for i, name := range c {
		row[name] = ""
		if i < len(cells) {
			row[name] = cells[i]
		}
	}
	for i := len(c); i < len(cells); i++ {
		if strings.TrimSpace(cells[i]) != "" {
			row[unnamed(i)] = cells[i]
		}
	}
	return row, nil
}

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

// finite returns f, or, where JSON has no number for it, the text that the JSON
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
