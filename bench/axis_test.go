package main

import (
	"context"
	"strings"
	"testing"
)

func fixed(name string, values ...float64) subject {
	return subject{name, func(context.Context) (sample, error) {
		v := values[0]
		values = append(values[1:], v)
		return sample{"wall ms": v}, nil
	}}
}

// Ratios are those of values of the same round, not of the medians.
func TestRatiosAreTakenRoundByRound(t *testing.T) {
	a := axis{title: "walk", metrics: []string{"wall ms"}, subjects: []subject{fixed("hand", 1, 10, 2), fixed("capstan", 3, 20, 8)}}
	var out strings.Builder
	if err := a.measure(t.Context(), 3, &out); err != nil {
		t.Fatal(err)
	}
	const want = "| walk | wall ms | hand | 2.00 | capstan | 8.00 | **3.00** | 2.50 to 3.50 |\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", &out, want)
	}
}

func TestAMeasureWithoutAValueIsAnError(t *testing.T) {
	a := axis{title: "walk", metrics: []string{"wall ms"}, subjects: []subject{fixed("hand", 1), fixed("capstan", 0)}}
	if err := a.measure(t.Context(), 2, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "capstan: wall ms") {
		t.Errorf("err = %v", err)
	}
}

func TestDigits(t *testing.T) {
	for _, test := range []struct {
		value float64
		want  string
	}{
		{0.01234, "0.0123"}, {0.5, "0.500"}, {9.996, "10.00"}, {12.34, "12.3"}, {123.4, "123"}, {4321, "4321"}, {54321.4, "54,321"}, {1234567, "1,234,567"},
	} {
		if got := digits(test.value); got != test.want {
			t.Errorf("digits(%v) = %q, want %q", test.value, got, test.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 0.25: 1.75, 0.5: 2.5, 1: 4} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile(%v) = %v, want %v", q, got, want)
		}
	}
}
