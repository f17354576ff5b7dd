package framework

import (
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func (f *frame) skills(p *part, x *spec.Exposure) {
	x.Skills = node.DecodeEach(p.named("skills"), f.skill)
}

func (f *frame) skill(e entryNode) *spec.Skill {
	p := f.item(e, kindSkill)
	if p == nil {
		return nil
	}
	s := &spec.Skill{
		Name: e.name, Description: p.text("description"), License: p.text("license"), Compatibility: p.text("compatibility"),
		AllowedTools: f.spaced(p.get("allowed-tools")), ArgumentHint: p.text("argument-hint"),
		UserInvocable: p.flag("user-invocable"), NoModelInvocation: p.flag("disable-model-invocation"),
		Location: p.text("location"), File: f.doc.Path(),
	}
	s.Metadata = f.Arguments(p.get("metadata"), "metadata")
	s.Tools = node.DecodeEach(p.named("tools"), f.skillTool)
	if !s.Name.IsSet() {
		p.Absent = append(p.Absent, "name")
	}
	p.Allow("display", "label", "tags")
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
	p := f.item(e, kindSkillTool)
	if p == nil {
		return nil
	}
	t := &spec.SkillTool{Name: e.name, Description: p.text("description"), Instruction: p.text("instruction"), Pos: f.Pos(e.node)}
	if s := f.part(p.get("from"), kindSkillSource); s != nil {
		t.Source, t.Action = s.needText("sourceNamespace"), s.needText("action")
		s.done()
	}
	p.done()
	return t
}
