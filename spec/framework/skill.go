package framework

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func (f *frame) skills(p *part, x *spec.Exposure) {
	x.Skills = node.DecodeEach(p.named("skills"), f.skill)
	for _, e := range p.named("groups") {
		f.skillGroup(e, x)
	}
}

// skillGroup reads the skills of a group as skills of the exposure. One has the
// group's description where it has none, and the operation that it calls is its tool.
func (f *frame) skillGroup(e entryNode, x *spec.Exposure) {
	g := f.item(e, form.KindSkillGroup)
	if g == nil {
		return
	}
	f.loosely(e.node, "groups of skills are read as skills, each with the operation that it calls as a tool", "write skills, each with its tools")
	about := g.text("description")
	for _, entry := range g.named("skills") {
		p := f.item(entry, form.KindSkill)
		if p == nil {
			continue
		}
		call := f.call(p)
		s := f.skillOf(p, entry.name)
		if !s.Description.IsSet() {
			s.Description = about
		}
		if call.IsSet() {
			t := &spec.SkillTool{Name: s.Name, Description: s.Description, Pos: f.Pos(entry.node)}
			f.loading.skillCalls = append(f.loading.skillCalls, skillCall{f, s, t, call})
		}
		x.Skills = append(x.Skills, s)
	}
	g.done()
}

// skillCall is an operation that a skill of a group calls.
type skillCall struct {
	frame *frame
	skill *spec.Skill
	tool  *spec.SkillTool
	call  spec.Str
}

// offerSkillCalls makes a tool of each call, out of the unit that offers it.
func (l *loading) offerSkillCalls() {
	for _, c := range l.skillCalls {
		exact, known := l.find(c.frame, c.call)
		if !known {
			l.checkCall(c.frame, c.call)
		} else if x, u := l.offering(exact.Value); u != nil {
			c.tool.Source, c.tool.Action = x.Namespace, u.Short
			c.skill.Tools = append(c.skill.Tools, c.tool)
		} else {
			r := c.frame.ReportAt(c.call, "no-effect", "skill %q has no tool: no REST or MCP exposure of the file offers %s", c.skill.Name.Value, exact.Value)
			r.Severity, r.Hint = diag.Warning, "add an operation or a tool that calls it"
		}
	}
}

// offering returns the first unit that is nothing but a call of an operation.
func (l *loading) offering(call string) (*spec.Exposure, *spec.Unit) {
	for _, x := range l.out.Exposures {
		for _, u := range offered(x) {
			if u != nil && u.Direct && u.Short.IsSet() && slices.ContainsFunc(calls(u), func(op *spec.Operation) bool { return op.Call.Value == call }) {
				return x, u
			}
		}
	}
	return nil, nil
}

func (f *frame) skill(e entryNode) *spec.Skill {
	if p := f.item(e, form.KindSkill); p != nil {
		return f.skillOf(p, e.name)
	}
	return nil
}

func (f *frame) skillOf(p *part, name spec.Str) *spec.Skill {
	s := &spec.Skill{
		Name: name, Description: p.text("description"), License: p.text("license"), Compatibility: p.text("compatibility"),
		AllowedTools: f.spaced(p.get("allowed-tools")), ArgumentHint: p.text("argument-hint"),
		UserInvocable: p.flag("user-invocable"), NoModelInvocation: p.flag("disable-model-invocation"),
		Location: p.text("location"), File: f.doc.Path(),
	}
	s.Metadata = f.Arguments(p.get("metadata"), "metadata")
	s.Tools = node.DecodeEach(p.named("tools"), f.skillTool)
	if !s.Name.IsSet() {
		p.Absent = append(p.Absent, "name")
	}
	p.done()
	return s
}

// spaced is a text of words, which a loose file writes as a list.
func (f *frame) spaced(n *node.Node) spec.Str {
	if n == nil || n.Kind != node.SequenceNode {
		return f.words(n, "allowed-tools")
	}
	f.loosely(n, "allowed-tools as a list is read as words with blanks between", "write them as one text")
	out := spec.At(f.Pos(n), "")
	for _, item := range n.Content {
		if s := f.words(item, "a tool"); s.IsSet() {
			if out.Value != "" {
				out.Value += " "
			}
			out.Value += s.Value
		}
	}
	return out
}

func (f *frame) skillTool(e entryNode) *spec.SkillTool {
	p := f.item(e, form.KindSkillTool)
	if p == nil {
		return nil
	}
	t := &spec.SkillTool{Name: e.name, Description: p.text("description"), Instruction: p.text("instruction"), Pos: f.Pos(e.node)}
	if s := f.part(p.get("from"), form.KindSkillSource); s != nil {
		t.Source, t.Action = s.needText("sourceNamespace"), s.needText("action")
		s.done()
	}
	p.done()
	return t
}
