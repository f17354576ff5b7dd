package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// labels returns the labels of a new run: those that the file makes of its inputs, and
// those that are given.
func (p *Program) labels(ctx context.Context, inputs Inputs, given map[string]string) (map[string]string, error) {
	labels, err := p.plan.LabelsOf(ctx, inputs)
	if err != nil {
		return nil, &InputError{[]InputProblem{{Message: err.Error()}}}
	}
	maps.Copy(labels, given)
	return labels, durable.CheckLabels(labels)
}

// title returns the title of a new run: the required text among its inputs that names the
// thing, else the required ones, else any, and its labels.
func (p *Program) title(inputs Inputs, labels map[string]string) string {
	var naming, required, all []durable.Value
	for _, in := range p.plan.Inputs {
		text, ok := scalarText(inputs[in.Name])
		if !ok || in.Sensitive {
			continue
		}
		v := durable.Value{Name: in.Name, Text: text}
		all = append(all, v)
		if in.Required {
			required = append(required, v)
		}
		if in.Required && in.Type.Kind() == "string" {
			naming = append(naming, v)
		}
	}
	if len(required) > 0 {
		all = required
	}
	return durable.TitleOf(labels, naming, all)
}

// scalarText is a text, a number or a boolean as text; false for any other value.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case nil, []any, map[string]any:
		return "", false
	case string:
		return v, v != ""
	}
	return jsonvalue.Compact(v), true
}

// sensitiveInputs names the inputs that are secrets.
func (p *Program) sensitiveInputs() []string {
	var names []string
	for _, in := range p.plan.Inputs {
		if in.Sensitive {
			names = append(names, in.Name)
		}
	}
	return names
}

// hideInputs lets the run's redactor know the inputs that are secrets.
func (r *running) hideInputs() {
	for _, name := range r.p.sensitiveInputs() {
		r.hideValue(r.inputs[name])
	}
}

func (r *running) hideValue(v any) {
	switch v := v.(type) {
	case nil, bool:
	case []any:
		for _, item := range v {
			r.hideValue(item)
		}
	case map[string]any:
		for _, item := range v {
			r.hideValue(item)
		}
	default:
		if text, ok := scalarText(v); ok {
			r.redactor.Add(text)
		}
	}
}

// decodeInputs reads the inputs that a run was kept with.
func decodeInputs(kept json.RawMessage) (Inputs, error) {
	v, err := jsonvalue.Decode(kept)
	if err != nil {
		return nil, fmt.Errorf("the run's inputs cannot be read: %w", err)
	}
	inputs, _ := v.(map[string]any)
	return inputs, nil
}

// servers returns the addresses of the program's APIs, those of their documents where no
// other was given, and none where a mock answers.
func (p *linked) servers(ctx context.Context) []string {
	if p.set.Mock {
		return nil
	}
	var out []string
	add := func(server string) {
		server = p.link.Keys.Redactor.String(server) // a part of it may be a bind's value
		if server != "" && !slices.Contains(out, server) {
			out = append(out, server)
		}
	}
	for _, use := range p.unit.Uses {
		server, err := use.API.Server(ctx, p.link)
		switch {
		case err != nil:
		case server != "":
			add(server)
		default:
			for _, op := range use.Ops {
				add(use.API.URL(ctx, p.link, op))
			}
		}
	}
	return out
}
