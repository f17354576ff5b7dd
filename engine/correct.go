package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Correct replaces inputs of a kept run that has not succeeded, for all steps that were not
// begun yet, and makes the run due: [Runner.Serve] or [Runner.Resume] takes it up. The title
// and the labels that are made of inputs follow. in has
// the inputs to change; null takes one back. An input that a step used which is done, or
// may have taken effect, is an *[InputError], and so are inputs that a new run would not
// take; then nothing is changed. A write that was refused is sent under another idempotency
// key where it is another one now. A run that is being driven is durable.ErrBusy. by is the
// sender, for the history.
func (r *Runner) Correct(ctx context.Context, id string, in Inputs, by string) error {
	p, _, err := r.keptRun(ctx, id)
	if err != nil {
		return err
	}
	return r.o.Runtime.Correct(ctx, id, func(spec durable.Spec, begun []string) (*durable.Correction, error) {
		return p.correction(ctx, spec, begun, in, by)
	})
}

// correction decides about the correction of a run that stands so.
func (p *Program) correction(ctx context.Context, spec durable.Spec, begun []string, in Inputs, by string) (*durable.Correction, error) {
	kept, err := jsonvalue.Decode(spec.Input)
	if err != nil {
		return nil, fmt.Errorf("the run's inputs cannot be read: %w", err)
	}
	before, _ := kept.(map[string]any)
	given := Inputs{}
	maps.Copy(given, before)
	maps.Copy(given, in)
	for name, v := range given {
		if v == nil { // its default stands
			delete(given, name)
		}
	}
	after, err := p.CheckInputs(given)
	if err != nil {
		return nil, err
	}
	type change struct {
		From any `json:"from"`
		To   any `json:"to"`
	}
	changes := map[string]change{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !jsonvalue.Equal(before[name], after[name]) {
			changes[name] = change{before[name], after[name]}
		}
	}
	names := slices.Sorted(maps.Keys(changes))
	if len(names) == 0 {
		return nil, nil
	}
	if err := p.unused(names, begun); err != nil {
		return nil, err
	}
	c := &durable.Correction{Names: names, By: by}
	if c.Title, c.Labels, err = p.renamed(ctx, spec, before, after); err != nil {
		return nil, err
	}
	if c.Input, err = json.Marshal(after); err == nil {
		c.Changes, err = json.Marshal(changes)
	}
	return c, err
}

// renamed returns the title and the labels of a run whose inputs are corrected: those that
// were made of its inputs are made anew, others stay.
func (p *Program) renamed(ctx context.Context, spec durable.Spec, before, after Inputs) (title string, labels map[string]string, err error) {
	old, err := p.plan.LabelsOf(ctx, before)
	if err != nil {
		return "", nil, err // they were made of these inputs
	}
	given := maps.Clone(spec.Labels)
	maps.DeleteFunc(given, func(name, text string) bool { return old[name] == text })
	if labels, err = p.labels(ctx, after, given); err != nil {
		return "", nil, err
	}
	if title = spec.Title; title == p.title(before, spec.Labels) {
		title = p.title(after, labels)
	}
	return title, labels, nil
}

// unused refuses inputs that were used. The steps are executed in the file's order, so
// that every step up to the last one that was begun is done, or was skipped for what its
// inputs were.
func (p *Program) unused(names, begun []string) error {
	last := -1
	for i, s := range p.plan.Steps {
		if slices.ContainsFunc(begun, func(path string) bool { return stepID(path) == s.ID }) {
			last = i
		}
	}
	e := &InputError{}
	for _, in := range p.plan.Inputs {
		if !slices.Contains(names, in.Name) {
			continue
		}
		var used []string
		for _, s := range p.plan.Steps[:last+1] {
			if slices.Contains(in.UsedBy, s.ID) {
				used = append(used, fmt.Sprintf("%q", s.ID))
			}
		}
		if len(used) > 0 {
			e.add(in.Name, "cancel the run and start another with the value", "input %q was used: the run has %s behind it", in.Name, stepsOf(used))
		}
	}
	return e.err()
}

// stepsOf names one step or several.
func stepsOf(ids []string) string {
	if len(ids) == 1 {
		return "step " + ids[0]
	}
	return "steps " + strings.Join(ids, ", ")
}
