package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// axis compares subjects with the first of them, which is the reference.
type axis struct {
	title    string
	metrics  []string
	subjects []subject
	slow     int // divides the number of rounds; 0 is 1
}

// subject is something that is measured, by one sample a round.
type subject struct {
	name   string
	sample func(ctx context.Context) (sample, error)
}

// sample has a value for each metric.
type sample map[string]float64

// suites makes the axes of each name that -only takes, in the order of names.
var (
	names  = []string{"version", "cold", "library", "steps", "long", "durable", "serve", "directory", "lint", "instructions", "build"}
	suites = map[string]func(context.Context, *bench) ([]axis, error){
		"version":      startUp,
		"cold":         cold,
		"library":      embedded,
		"steps":        steps,
		"long":         long,
		"durable":      kept,
		"serve":        serving,
		"directory":    directory,
		"lint":         lint,
		"instructions": instructed,
		"build":        firstBuild,
	}
)

// measure takes the samples round by round, each round beginning with another
// subject, so that a slow moment of the machine meets all of them alike, and prints
// the rows of the table.
func (a axis) measure(ctx context.Context, rounds int, out io.Writer) error {
	rounds = max(1, rounds/max(1, a.slow))
	taken := make([][]sample, len(a.subjects))
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "\r\033[K%s: round %d of %d", a.title, round+1, rounds)
		for i := range a.subjects {
			i := (i + round) % len(a.subjects)
			s, err := a.subjects[i].sample(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", a.subjects[i].name, err)
			}
			taken[i] = append(taken[i], s)
		}
	}
	fmt.Fprint(os.Stderr, "\r\033[K")
	for _, metric := range a.metrics {
		for i := 1; i < len(a.subjects); i++ {
			if err := a.row(out, metric, i, taken); err != nil {
				return err
			}
		}
	}
	return nil
}

const header = "| axis | measure | reference | | subject | | ratio | quartiles |\n|---|---|---|---:|---|---:|---:|---:|"

func (a axis) row(out io.Writer, metric string, i int, taken [][]sample) error {
	var reference, value, ratios []float64
	for round := range taken[i] {
		r, v := taken[0][round][metric], taken[i][round][metric]
		if !(r > 0 && v > 0) { // a benchmark that measures nothing is broken
			return fmt.Errorf("%s: %s is %v, of %s %v", a.subjects[i].name, metric, v, a.subjects[0].name, r)
		}
		reference, value, ratios = append(reference, r), append(value, v), append(ratios, v/r)
	}
	spread := "one round"
	if len(ratios) > 1 {
		spread = digits(quantile(ratios, 0.25)) + " to " + digits(quantile(ratios, 0.75))
	}
	_, err := fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | **%s** | %s |\n", a.title, metric,
		a.subjects[0].name, digits(quantile(reference, 0.5)), a.subjects[i].name, digits(quantile(value, 0.5)), digits(quantile(ratios, 0.5)), spread)
	return err
}

// quantile interpolates between the values next to q.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low, high := sorted[int(math.Floor(at))], sorted[int(math.Ceil(at))]
	return low + (high-low)*(at-math.Floor(at))
}

// digits writes a number with three digits that count.
func digits(v float64) string {
	places := max(0, 2-int(math.Floor(math.Log10(v))))
	text := fmt.Sprintf("%.*f", places, v)
	if whole, _, found := strings.Cut(text, "."); !found && len(whole) > 4 {
		return grouped(whole)
	}
	return text
}

// grouped writes a whole number with a comma before each three digits.
func grouped(whole string) string {
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
