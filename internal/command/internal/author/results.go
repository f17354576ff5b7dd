package author

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// mostOutputs bounds the outputs of a step that has neither an id nor a link.
const mostOutputs = 3

// results adds the outputs: the id and the links of each resource that is written, and of
// the last step, whatever it does; where that has a resource that was written, its other
// values. One that the planner refuses is left out.
func (c *Composition) results() {
	for i, s := range c.steps {
		last := i == len(c.steps)-1
		if last || s.op.Effect() == operations.Write {
			c.result(s, last)
		}
	}
	for {
		bad := c.refused()
		if len(bad) == 0 {
			return
		}
		c.outputs = slices.DeleteFunc(c.outputs, func(o output) bool { return slices.Contains(bad, o.name) })
	}
}

func (c *Composition) result(s *step, last bool) {
	thing, before := s.op.Resource(), len(c.outputs)
	if thing.List {
		if last {
			c.output(s, words.Plural(thing.Name), member("", thing.ItemsAt))
		}
		return
	}
	var simple []Field
	known := slices.ContainsFunc(c.outputs, func(o output) bool { return o.name == thing.Name+"_id" })
	for _, f := range Gives(s.op) {
		switch {
		case f.Path != f.Name || f.Schema == nil || secret(f.Name), known && (f.Name == "id" || strings.HasSuffix(words.Snake(f.Name), "_id")):
		case f.Name == "id" || isLink(f.Name):
			c.output(s, strings.TrimSuffix(thing.Name, "_"+f.Name)+"_"+f.Name, f.Path)
		case f.Name == "status" || f.Name == "state", f.Schema.Is("string"), f.Schema.Is("number"), f.Schema.Is("boolean"):
			simple = append(simple, f)
		}
	}
	if !last || len(c.outputs) > before {
		return
	}
	for _, f := range simple[:min(len(simple), mostOutputs)] {
		c.output(s, f.Name, f.Path)
	}
	if len(c.outputs) == before && s.op.Result() != nil {
		c.output(s, "result", "")
	}
}

func isLink(name string) bool {
	name = words.Snake(name)
	return name == "link" || name == "url" || strings.HasSuffix(name, "_url") || strings.HasSuffix(name, "_link")
}

// secret reports whether a field is likely to hold a credential: it is left to the author
// to give it out.
func secret(name string) bool {
	return slices.ContainsFunc(words.Split(name, nil), func(w string) bool {
		return slices.Contains([]string{"secret", "token", "password", "key", "credential", "credentials", "code"}, w)
	})
}

func (c *Composition) output(s *step, name, path string) {
	name = strings.TrimPrefix(identifier(name), "input_")
	if name == "" {
		name = "result"
	}
	unique := name
	for n := 2; slices.ContainsFunc(c.outputs, func(o output) bool { return o.name == unique }); n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	c.outputs = append(c.outputs, output{unique, Reading(s.id, path)})
}

// refused are the outputs with an error.
func (c *Composition) refused() (out []string) {
	text := c.text()
	lines := strings.Split(string(text), "\n")
	for _, d := range c.plan(text).Diagnostics {
		if d.Severity != diag.Error || d.Pos.Line < 1 || d.Pos.Line > len(lines) {
			continue
		}
		for _, o := range c.outputs {
			if line := lines[d.Pos.Line-1]; line == o.nameLine() || line == o.sourceLine() {
				out = append(out, o.name)
			}
		}
	}
	return out
}

// Words of states that are reached in the end.
var (
	reached = []string{"active", "linked", "ready", "completed", "complete", "succeeded", "success", "successful", "done", "finished", "available", "verified", "processed", "approved", "accepted", "running", "online", "enabled", "paid", "delivered", "published"}
	given   = []string{"failed", "failure", "error", "errored", "cancelled", "canceled", "rejected", "expired", "invalid", "declined", "denied", "aborted", "timed_out", "invalid_credentials"}
)

// poll repeats the step of an operation or id until its state is one that is final.
func (c *Composition) poll(name string) error {
	i := slices.IndexFunc(c.steps, func(s *step) bool { return s.id == name || s.op.ID == name })
	if i < 0 {
		return fmt.Errorf("--poll %s: no step of that id, and none of that operation; the steps are %s", name, strings.Join(c.stepIDs(), ", "))
	}
	s := c.steps[i]
	if s.op.Effect() != operations.Read {
		return fmt.Errorf("--poll %s: %s writes, and would do it again and again", name, s.op.ID)
	}
	thing := s.op.Resource()
	for _, field := range []string{"state", "status"} {
		values := states(thing.Item.Property(field))
		end := final(values, reached)
		if len(end) == 0 {
			continue
		}
		s.notes = append(s.notes, field+" is one of "+listed(values))
		s.wait(field, end[0], final(values, given))
		return nil
	}
	return fmt.Errorf("--poll %s: the result of %s has no state or status with a final value that is known; write `until` by hand", name, s.op.ID)
}

// wait adds the keys of a step that waits for a state, and fails at others.
func (s *step) wait(field, end string, never []string) {
	if s.op.Resource().List {
		s.extra = append(s.extra,
			value{"until", fmt.Sprintf("any(%s, .%s == %q)", s.items(), field, end)},
			value{"select", fmt.Sprintf("find(%s, .%s == %q)", s.items(), field, end)})
		return
	}
	s.extra = append(s.extra, value{"until", fmt.Sprintf("result.%s == %q", field, end)})
	switch len(never) {
	case 0:
	case 1:
		s.extra = append(s.extra, value{"fail", fmt.Sprintf("result.%s == %q", field, never[0])})
	default:
		s.extra = append(s.extra, value{"fail", fmt.Sprintf("result.%s in [%s]", field, `"`+strings.Join(never, `", "`)+`"`)})
	}
}

func (c *Composition) stepIDs() (out []string) {
	for _, s := range c.steps {
		out = append(out, s.id)
	}
	return out
}

func states(s *operations.Schema) (out []string) {
	if s = s.Flatten(); s == nil {
		return nil
	}
	for _, v := range s.Enum {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// final returns the values that are among known ones, in their order.
func final(values, known []string) (out []string) {
	for _, word := range known {
		for _, v := range values {
			if words.Snake(v) == word {
				out = append(out, v)
			}
		}
	}
	return out
}
