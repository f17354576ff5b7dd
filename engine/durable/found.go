package durable

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
)

// MaxLabel is the longest value of a label, in characters.
const MaxLabel = 200

// KeyLabel is the label that holds the idempotency key a run was started with.
const KeyLabel = "idempotency-key"

// CheckLabel returns why a label cannot be kept: its name is made of letters, digits,
// ".", "_" and "-", and its value is one line of at most [MaxLabel] characters.
func CheckLabel(name, value string) error {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	switch {
	case name == "" || len(name) > 64 || strings.Trim(name, letters) != "":
		return fmt.Errorf("label %q: a name is 1 to 64 letters, digits, \".\", \"_\" and \"-\"", name)
	case value == "":
		return fmt.Errorf("label %q: its value is empty", name)
	case len([]rune(value)) > MaxLabel:
		return fmt.Errorf("label %q: its value has %d characters, and %d is the most", name, len([]rune(value)), MaxLabel)
	case columns.OneLine(value) != value:
		return fmt.Errorf("label %q: its value is one line, with single blanks and none at its ends", name)
	}
	return nil
}

// mostLabels is how many labels a run may have.
const mostLabels = 32

// CheckLabels returns why labels cannot be kept: one of them, or their number.
func CheckLabels(labels map[string]string) error {
	if len(labels) > mostLabels {
		return fmt.Errorf("a run has %d labels at most, and %d are given", mostLabels, len(labels))
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if err := CheckLabel(name, labels[name]); err != nil {
			return err
		}
	}
	return nil
}

// Value is an input of a run as text.
type Value struct{ Name, Text string }

// namingWords end the names of inputs that name the thing a run is about, the best first.
var namingWords = []string{"name", "title", "slug", "email", "domain", "id"}

// How much a title holds.
const (
	maxTitle  = 100 // columns
	maxTitled = 3   // values
)

// TitleOf returns the title that a run has by default: the one of naming that names the
// thing, such as organization_name, else the first of all; and its labels, apart from
// [KeyLabel] and those that say the same. A single value stands alone, and so does one that
// names the thing; others stand with their names.
func TitleOf(labels map[string]string, naming, all []Value) string {
	named := namesThing(naming)
	parts := named
	if named == nil {
		parts = slices.Clone(all[:min(len(all), maxTitled)])
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		said := slices.ContainsFunc(parts, func(v Value) bool { return columns.OneLine(v.Text) == columns.OneLine(labels[name]) })
		if name != KeyLabel && !said {
			parts = append(parts, Value{name, labels[name]})
		}
	}
	var words []string
	for i, p := range parts {
		word := columns.OneLine(p.Text)
		if len(parts) > 1 && (named == nil || i > 0) {
			word = p.Name + "=" + word
		}
		words = append(words, word)
	}
	return columns.Cut(strings.Join(words, " "), maxTitle)
}

// namesThing returns the value that names the thing, if one does.
func namesThing(values []Value) []Value {
	for _, word := range namingWords {
		for _, v := range values {
			name := strings.ToLower(v.Name)
			if strings.TrimSpace(v.Text) != "" && strings.HasSuffix(name, word) {
				return []Value{v}
			}
		}
	}
	return nil
}
