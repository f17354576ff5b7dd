package serving

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
)

// skills keeps the skills whose files are within reach, and of each the tools that
// lead to something.
func (c *checker) skills(x *spec.Exposure) {
	x.Skills = slices.DeleteFunc(slices.Clone(x.Skills), func(s *spec.Skill) bool {
		return c.outside(x, s.File, s.Location, "skill", s.Name.Value)
	})
	for i, s := range x.Skills {
		out := *s
		out.Tools = slices.DeleteFunc(slices.Clone(s.Tools), func(t *spec.SkillTool) bool { return c.misled(x, s, t) })
		x.Skills[i] = &out
	}
}

// misled reports a tool of a skill that leads nowhere.
func (c *checker) misled(x *spec.Exposure, s *spec.Skill, t *spec.SkillTool) bool {
	at, message, hint := t.Name, "", ""
	switch {
	case t.Source.IsSet() && t.Instruction.IsSet():
		message, hint = "it has both from and instruction", "keep one"
	case t.Source.IsSet():
		at, message, hint = c.source(x, t)
	case !t.Instruction.IsSet():
		message, hint = "it has neither from nor instruction", "add from: {sourceNamespace, action} or instruction: FILE"
	case !s.Location.IsSet():
		at, message, hint = t.Instruction, "the skill has no location for its instruction", "add location: file:///FOLDER"
	}
	if message == "" {
		return false
	}
	reason := c.report(x, at, diag.Error, "cannot-serve", fmt.Sprintf("the tool %q of skill %q cannot be served: %s", t.Name.Value, s.Name.Value, message), hint)
	c.lose(name(x)+"."+s.Name.Value+"."+t.Name.Value, "skill tool", reason)
	return true
}

// source returns why a tool's source is none, "" where it is one.
func (c *checker) source(x *spec.Exposure, t *spec.SkillTool) (at spec.Str, message, hint string) {
	var namespaces []string
	for _, from := range c.file.Exposures {
		if from.Type.Value != "rest" && from.Type.Value != "mcp" || from.Pos == x.Pos {
			continue
		}
		namespaces = append(namespaces, from.Namespace.Value)
		if from.Namespace.Value != t.Source.Value {
			continue
		}
		if all := from.Actions(); !slices.Contains(all, t.Action.Value) {
			return t.Action, fmt.Sprintf("%q offers no %q", t.Source.Value, t.Action.Value), suggest.Hint(t.Action.Value, "there is ", all)
		}
		return spec.Str{}, "", ""
	}
	return t.Source, strconv.Quote(t.Source.Value) + " is no rest or mcp exposure of this file", suggest.Hint(t.Source.Value, "there is ", namespaces)
}
