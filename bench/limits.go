package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// limit is the most that something may count.
type limit struct {
	name      string
	value     float64
	tolerance float64 // percent
}

const limitsFile = "bench/limits.txt"

const limitsHead = `# What bench/run -limits counts, and the most that it may be: a count over its limit
# by more than the tolerance, in percent, is a regression. "bench/run -limits -update"
# writes the counts of today. They are those of linux/amd64 and of one release of Go.
`

// hold compares the counts with the limits, and names each that is exceeded.
func hold(ctx context.Context, b *bench, update bool, out io.Writer) error {
	limits, err := readLimits(limitsFile)
	if err != nil {
		return err
	}
	counts, err := count(ctx, b)
	if err != nil {
		return err
	}
	if !update {
		return compare(limits, counts, out)
	}
	return os.WriteFile(limitsFile, []byte(limitsHead+write(limits, counts)), 0o644)
}

func readLimits(name string) ([]limit, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseLimits(string(text))
}

func parseLimits(text string) (limits []limit, err error) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var l limit
		if _, err := fmt.Sscanf(line, "%s %g %g%%", &l.name, &l.value, &l.tolerance); err != nil {
			return nil, fmt.Errorf("%s: %q is not a name, a number and a percentage: %w", limitsFile, line, err)
		}
		limits = append(limits, l)
	}
	return limits, nil
}

// compare prints every count beside its limit. The error names those over it.
func compare(limits []limit, counts []counted, out io.Writer) error {
	var errs []error
	for _, c := range counts {
		i := slices.IndexFunc(limits, func(l limit) bool { return l.name == c.name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s has no limit: bench/run -limits -update", c.name))
			continue
		}
		l := limits[i]
		more := 100 * (c.value/l.value - 1)
		fmt.Fprintf(out, "%-36s %14.0f of %14.0f  %+6.1f %%\n", c.name, c.value, l.value, more)
		if c.value > l.value*(1+l.tolerance/100) {
			errs = append(errs, fmt.Errorf("%s is %.0f, %.1f %% over its limit of %.0f (at most %g %% are tolerated)", c.name, c.value, more, l.value, l.tolerance))
		}
	}
	return errors.Join(errs...)
}

// tolerance is the variation of a count from machine to machine, and a little. Peak
// memory has the pages of the binary in it, which come and go with the system's cache;
// instructions have what goroutines wait by turning round.
func tolerance(name string) float64 {
	switch {
	case strings.HasSuffix(name, ".peak"):
		return 40
	case strings.HasSuffix(name, ".instructions"):
		return 8
	}
	return 5
}

// write makes limits of counts. A limit of something that was not counted stays, and
// so does each tolerance.
func write(limits []limit, counts []counted) string {
	for _, c := range counts {
		i := slices.IndexFunc(limits, func(l limit) bool { return l.name == c.name })
		if i < 0 {
			limits = append(limits, limit{name: c.name, tolerance: tolerance(c.name)})
			i = len(limits) - 1
		}
		limits[i].value = c.value
	}
	var b strings.Builder
	for _, l := range limits {
		fmt.Fprintf(&b, "%-36s %14.0f %4g%%\n", l.name, l.value, l.tolerance)
	}
	return b.String()
}
