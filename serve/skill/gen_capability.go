package skill

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/spec"
)

// Capability writes a composition as a skill: what it does and when to use it,
// its inputs and outputs, the commands that run it and go on with it, and what
// each exit code asks for. The capability's file, its overlays and the OpenAPI
// documents that Capstan does not ship are part of the folder. It is an error
// when one of those cannot be taken along.
func Capability(p *engine.Program, o Options) (*Folder, error) {
	name, err := skillName(o.Name, p.Name())
	if err != nil {
		return nil, err
	}
	if d := p.Plan().Dialect; d != string(spec.DialectComposition) {
		return nil, fmt.Errorf("%s is no composition (it is of the dialect %q), and only of those a skill can be made", p.Name(), d)
	}
	var a assets
	file, err := a.source(p.Source(), o)
	if err != nil {
		return nil, err
	}
	c := &capabilityPage{prog: p, plan: p.Plan(), file: file, noOverlay: o.NoOverlay}
	files, err := a.all()
	if err != nil {
		return nil, err
	}
	c.write()
	return folder(front{
		Name: name, Description: c.description(), License: o.License,
		Compatibility: "Needs the capstan command and network access to " + c.hosts() + ".",
		Metadata:      map[string]string{"generator": generator, "capability": p.Name()},
		// Only what sends nothing is allowed beforehand.
		AllowedTools: "Read Bash(capstan validate:*) Bash(capstan plan:*) Bash(capstan runs list:*) Bash(capstan runs show:*)",
	}, c.String(), append(files, c.steps()))
}

// capabilityPage is the SKILL.md of a composition.
type capabilityPage struct {
	page
	prog      *engine.Program
	plan      *document.Plan
	file      string
	noOverlay bool
}

func (c *capabilityPage) hosts() string {
	if len(c.plan.Hosts) == 0 {
		return "nothing"
	}
	return strings.Join(c.plan.Hosts, ", ")
}

func (c *capabilityPage) description() string {
	title := c.prog.Title()
	when := fmt.Sprintf(" Use when asked for %q, or to follow, resume or finish a run of it.", title)
	var names []string
	for _, in := range c.plan.Inputs {
		if in.Required {
			names = append(names, in.Name)
		}
	}
	if len(names) > 0 {
		when = strings.TrimSuffix(when, ".") + "; needs " + strings.Join(names, ", ") + "."
	}
	what := oneLine(c.prog.Description())
	if what == "" {
		what = title
	}
	if !strings.HasSuffix(what, ".") {
		what += "."
	}
	when = clip(when, maxDescription/2)
	return clip(what, maxDescription-len([]rune(when))) + when
}

func (c *capabilityPage) write() {
	c.para("# %s", prose(c.prog.Title(), 200))
	if d := c.prog.Description(); d != "" {
		c.para("%s", prose(d, 2000))
	}
	c.para("Capstan runs it: it checks the inputs before anything is sent, keeps every run on disk, waits for what takes days,\n" +
		"and sends no write twice unasked. Run every command from the folder of this file; for another one, write the path of\n`" + c.file + "` accordingly.")
	c.whatItDoes()
	c.inputs()
	c.credentials()
	c.running()
	c.goingOn()
	c.external()
	c.inDoubt()
	c.outputs()
	c.exits()
}

func (c *capabilityPage) whatItDoes() {
	c.para("## What it does")
	for i, s := range c.plan.Steps {
		what := prose(s.Description, 300)
		if what == "" {
			what = s.Method + " " + prose(s.Path, 200)
		}
		c.line("%d. %s (%s): %s", i+1, code(s.ID), stepKind(s), what)
	}
	c.line("")
	c.para("`references/steps.md` has each step with its request, its values and its waits. Before a run that writes, show the\nplan to whoever asked for it, unless they said to go ahead.")
}

func stepKind(s document.Step) string {
	switch {
	case s.Kind == "external":
		return "somebody else does it"
	case s.Until != "":
		return s.Effect + "s until it is so"
	default:
		return s.Effect + "s"
	}
}

func (c *capabilityPage) inputs() {
	c.para("## Inputs")
	if len(c.plan.Inputs) == 0 {
		c.para("None.")
		return
	}
	var rows [][]string
	for _, in := range c.plan.Inputs {
		required, fallback := "no", ""
		if in.Required {
			required = "yes"
		}
		if in.Default != nil {
			fallback = code(compactJSON(in.Default))
		}
		rows = append(rows, []string{code(in.Name), cell(in.Type, 60), required, fallback, cell(c.inputText(in), 300)})
	}
	c.table([]string{"input", "type", "required", "default", "what"}, rows)
	c.para("Ask for a required input that nobody gave; never make one up. `-i name=value` gives one, repeated for each value of a\nlist; `-i name:=JSON` gives any value, `-i name=@FILE` the text of a file. An unknown or wrong input is exit code 4.")
}

// inputText says what an input is for; where the file does not, which steps
// take it.
func (c *capabilityPage) inputText(in document.Input) string {
	if in.Description != "" || len(in.UsedBy) == 0 {
		return in.Description
	}
	return "goes to " + strings.Join(in.UsedBy, ", ")
}

func (c *capabilityPage) credentials() {
	c.para("## Credentials")
	writeEnv(&c.page, c.plan.Env)
}

// writeEnv lists the variables that hold credentials.
func writeEnv(p *page, env []document.Env) {
	if len(env) == 0 {
		p.para("None.")
		return
	}
	var rows [][]string
	for _, e := range env {
		rows = append(rows, []string{code(e.Name), codes(e.Aliases, 4), cell(e.For, 80)})
	}
	p.table([]string{"environment variable", "or", "for"}, rows)
	p.para("A value may be `file:PATH` or `exec:COMMAND`. Never print one, and never put one on a command line. When one is\nmissing, capstan says so and exits 4: ask for it to be set.")
}

func (c *capabilityPage) outputs() {
	c.para("## Outputs")
	if len(c.plan.Outputs) == 0 {
		c.para("None.")
		return
	}
	var rows [][]string
	for _, out := range c.plan.Outputs {
		sensitive := ""
		if out.Sensitive {
			sensitive = "yes"
		}
		rows = append(rows, []string{code(out.Name), cell(out.Type, 60), sensitive, code(out.Source)})
	}
	c.table([]string{"output", "type", "sensitive", "from"}, rows)
	if c.sensitive() {
		c.para("Whoever holds a sensitive value can act with it. Text shows `[redacted]` in its place; `--show-sensitive` shows it, and\n`-o json` always has it in clear. Ask for it only to hand it to the person it is for, and repeat it nowhere else.")
	}
}

// sensitive reports whether the run holds values that must not be shown.
func (c *capabilityPage) sensitive() bool {
	for _, out := range c.plan.Outputs {
		if out.Sensitive {
			return true
		}
	}
	for _, s := range c.plan.Steps {
		if len(s.Sensitive) > 0 {
			return true
		}
	}
	return false
}
