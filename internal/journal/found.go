package journal

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
)

// Found is how a run is found. It follows from what the run was started with and never
// changes.
type Found struct {
	// Facts are the labels and the inputs of the run, each as one text that [Wanted]
	// writes in the same way, without those that are sensitive.
	Facts []string
	// Text has their values, the title and the id, in lower case, a line each.
	Text string
}

// mostFacts bounds how many facts a run has: lists may be long.
const mostFacts = 64

// The facts of labels and of inputs, which may have the same names.
const (
	labelFact = "label "
	inputFact = "input "
)

// FoundBy returns how a new run is found.
func FoundBy(s durable.Spec) *Found {
	f := &Found{}
	lines := []string{s.Title, s.ID}
	add := func(kind, name, value string) {
		if len(f.Facts) >= mostFacts || len([]rune(value)) > durable.MaxLabel {
			return
		}
		f.Facts = append(f.Facts, kind+name+"="+value)
		lines = append(lines, value)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		add(labelFact, name, s.Labels[name])
	}
	for _, v := range Values(s) {
		add(inputFact, v.Name, v.Text)
	}
	slices.Sort(f.Facts)
	f.Facts = slices.Compact(f.Facts)
	slices.Sort(lines)
	f.Text = Folded(strings.Join(slices.DeleteFunc(slices.Compact(lines), func(l string) bool { return l == "" }), "\n"))
	return f
}

// Has reports whether a run has all of the facts.
func (f *Found) Has(wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(fact string) bool { return !slices.Contains(f.Facts, fact) })
}

// Reads reports whether a text, whatever its case, is a part of how the run is found.
func (f *Found) Reads(text string) bool { return strings.Contains(f.Text, Folded(text)) }

// Folded is a text as [Found.Text] has it.
func Folded(text string) string { return strings.ToLower(text) }

// Wanted returns the facts that a filter asks for.
func Wanted(f durable.Filter) []string {
	if len(f.Labels)+len(f.Inputs) == 0 {
		return nil
	}
	var facts []string
	for name, value := range f.Labels {
		facts = append(facts, labelFact+name+"="+value)
	}
	for name, value := range f.Inputs {
		facts = append(facts, inputFact+name+"="+value)
	}
	slices.Sort(facts)
	return facts
}

// Values returns the inputs of a run that are not sensitive as text, in the order of their
// names: each text, number and boolean, and those in lists.
func Values(s durable.Spec) []durable.Value {
	var inputs map[string]json.RawMessage
	if json.Unmarshal(s.Input, &inputs) != nil {
		return nil
	}
	var out []durable.Value
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if slices.Contains(s.Sensitive, name) {
			continue
		}
		var items []json.RawMessage
		if raw := inputs[name]; raw[0] == '[' && json.Unmarshal(raw, &items) == nil {
			for _, item := range items {
				out = appendScalar(out, name, item)
			}
		} else {
			out = appendScalar(out, name, raw)
		}
	}
	return out
}

// appendScalar appends a JSON value as text, if it is a text, a number or a boolean.
func appendScalar(to []durable.Value, name string, raw json.RawMessage) []durable.Value {
	text := string(raw)
	switch raw[0] {
	case '{', '[', 'n': // null
		return to
	case '"':
		if json.Unmarshal(raw, &text) != nil || text == "" {
			return to
		}
	}
	return append(to, durable.Value{Name: name, Text: text})
}

// WaitsFor reports whether a run waits for a step, or for a reason.
func WaitsFor(row Row, what string) bool {
	w := row.Waiting
	if w == nil || row.Status.Ended() {
		return false
	}
	step, _, _ := strings.Cut(w.Path, "[")
	return what == w.Path || what == step || what == string(w.Reason)
}

// Matches reports whether a run is one that a filter selects.
func Matches(run Run, found *Found, f durable.Filter) bool {
	row, s := run.Row, run.Spec
	return (len(f.Status) == 0 || slices.Contains(f.Status, row.Status)) &&
		(f.Capability == "" || f.Capability == s.Capability) &&
		(f.Owner == "" || f.Owner == s.Owner) &&
		strings.HasPrefix(s.ID, f.Prefix) &&
		(f.Due.IsZero() || !row.Due.IsZero() && !row.Due.After(f.Due)) &&
		(f.After.ID == "" || newestFirst(f.After, mark(s)) < 0) &&
		(f.Since.IsZero() || !s.Started.Before(f.Since)) &&
		(f.Before.IsZero() || s.Started.Before(f.Before)) &&
		(f.Waiting == "" || WaitsFor(row, f.Waiting)) &&
		found.Has(Wanted(f)) && found.Reads(f.Text)
}

// NewestFirst is the order of List.
func NewestFirst(a, b Run) int { return newestFirst(mark(a.Spec), mark(b.Spec)) }

func mark(s durable.Spec) durable.Mark { return durable.Mark{Started: s.Started, ID: s.ID} }

func newestFirst(a, b durable.Mark) int {
	return cmp.Or(b.Started.Compare(a.Started), strings.Compare(b.ID, a.ID))
}
