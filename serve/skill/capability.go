package skill

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations/mock"
)

// Capability writes a composition, or another unit of a file, as a skill: its purpose,
// when to use it, its inputs and outputs, the commands that run it and go on with it,
// and the meaning of each exit code. The capability's file, the files that it names, its
// overlays and the OpenAPI documents that Capstan does not ship are part of the folder.
// It is an error when one of those cannot be taken along.
func Capability(p *engine.Program, o Options) (*Folder, error) {
	name, err := skillName(o.Name, p.Name())
	if err != nil {
		return nil, err
	}
	var a assets
	c, err := a.page(p, o)
	if err != nil {
		return nil, err
	}
	files, err := a.all()
	if err != nil {
		return nil, err
	}
	steps, err := reference("steps", "steps.md.tmpl", c)
	if err != nil {
		return nil, err
	}
	return folder(front{
		Name: name, Description: c.description(), License: o.License,
		Compatibility: compatibility(c.Plan.Hosts),
		Metadata:      map[string]string{"generator": generator, "capability": p.Name()},
		AllowedTools:  sendNothing,
	}, "capability.md.tmpl", c, append(files, steps))
}

// sendNothing allows beforehand the commands that send nothing, and no others.
const sendNothing = "Read Bash(capstan validate:*) Bash(capstan plan:*) Bash(capstan runs list:*) Bash(capstan runs show:*)"

// compatibility is what a skill needs to reach hosts.
func compatibility(hosts []string) string {
	return "Needs the capstan command and network access to " + cmp.Or(strings.Join(hosts, ", "), "nothing") + "."
}

// page makes the page of a program, and takes what its commands need.
func (a *assets) page(p *engine.Program, o Options) (*capabilityPage, error) {
	src := p.Source()
	file, err := a.source(src, o)
	return &capabilityPage{Prog: p, Plan: o.runner().Plan(context.Background(), p), File: file, Unit: src.Unit, Values: a.values, noOverlay: o.NoOverlay}, err
}

// capabilityPage is a unit as its pages show it.
type capabilityPage struct {
	Prog      *engine.Program
	Plan      *document.Plan
	File      string   // within the skill
	Unit      string   // its name in File, "" of the only one
	Values    []string // files with the values of binds, which are not in the skill
	Part      bool     // it is one page of an exposure's skill, which is called
	Page      string
	noOverlay bool
}

func (c *capabilityPage) description() string {
	title := c.Prog.Title()
	when := fmt.Sprintf(" Use when asked for %q, or to follow, resume or finish a run of it.", title)
	if names := c.Needed(); len(names) > 0 {
		when = strings.TrimSuffix(when, ".") + "; needs " + strings.Join(names, ", ") + "."
	}
	what := sentence(c.About())
	when = clip(when, maxDescription/2)
	return clip(what, maxDescription-len([]rune(when))) + when
}

// sentence ends a text with a full stop.
func sentence(s string) string { return strings.TrimSuffix(s, ".") + "." }

// About returns what the unit does.
func (c *capabilityPage) About() string {
	return cmp.Or(columns.OneLine(c.Prog.Description()), c.Prog.Title())
}

// Effect is the strongest effect of a step: delete, write or read.
func (c *capabilityPage) Effect() string {
	for _, effect := range []string{"delete", "write"} {
		if len(c.steps(func(s document.Step) bool { return s.Effect == effect })) > 0 {
			return effect
		}
	}
	return "read"
}

// Needed returns the names of the inputs that a run must have.
func (c *capabilityPage) Needed() []string {
	var names []string
	for _, in := range c.Plan.Inputs {
		if in.Required {
			names = append(names, in.Name)
		}
	}
	return names
}

// Listing is the command that lists the runs.
func (c *capabilityPage) Listing() string {
	return command("capstan", "runs", "list", "--capability", c.Prog.Name(), "--limit", "5")
}

// Judging names the command that reports what is wrong with the file.
func (c *capabilityPage) Judging() string {
	if c.Unit != "" {
		return "the `plan` command above"
	}
	return "the `validate` command above"
}

// stepKind is the effect of a step in words.
func stepKind(s document.Step) string {
	switch {
	case s.Kind == "external":
		return "somebody else does it"
	case s.Until != "":
		return s.Effect + "s until it is so"
	}
	return s.Effect + "s"
}

// inputText describes an input, by the steps that take it where there is no description,
// and what its value has to fit.
func inputText(in document.Input) string {
	text := in.Description
	if text == "" && len(in.UsedBy) > 0 {
		text = "goes to " + strings.Join(in.UsedBy, ", ")
	}
	if limits := in.Limits(); limits != "" {
		text = strings.TrimSpace(text + " (" + limits + ")")
	}
	return text
}

func params(binds []document.Bind) []string {
	var names []string
	for _, b := range binds {
		names = append(names, b.Param)
	}
	return names
}

// Sensitive reports whether the run holds values that must not be shown.
func (c *capabilityPage) Sensitive() bool {
	return slices.ContainsFunc(c.Plan.Outputs, func(o document.Output) bool { return o.Sensitive }) ||
		slices.ContainsFunc(c.Plan.Steps, func(s document.Step) bool { return len(s.Sensitive) > 0 })
}

// Polls reports whether a step waits for a condition.
func (c *capabilityPage) Polls() bool {
	return slices.ContainsFunc(c.Plan.Steps, func(s document.Step) bool { return s.Until != "" })
}

// Externals returns the steps that a person or another system does.
func (c *capabilityPage) Externals() []document.Step {
	return c.steps(func(s document.Step) bool { return s.Kind == "external" })
}

// InDoubt returns the writes that may have to be settled when their answer is lost.
func (c *capabilityPage) InDoubt() []document.Step {
	return c.steps(func(s document.Step) bool { return s.Policy == "unsafe" || s.Policy == "probed" })
}

func (c *capabilityPage) steps(which func(document.Step) bool) []document.Step {
	return slices.DeleteFunc(slices.Clone(c.Plan.Steps), func(s document.Step) bool { return !which(s) })
}

// On is a command on the capability's file.
func (c *capabilityPage) On(verb string, more ...string) string {
	words := []string{"capstan", verb, c.File}
	if c.Unit != "" {
		words = append(words, c.Unit)
	}
	if c.noOverlay {
		words = append(words, "--no-overlay")
	}
	return command(append(words, more...)...)
}

// given are the inputs of an example run: the required ones.
func (c *capabilityPage) given() []string {
	var words []string
	for _, in := range c.Plan.Inputs {
		if in.Required {
			words = append(words, "-i", c.exampleInput(in))
		}
	}
	return words
}

// Run is the command that runs the capability with example inputs.
func (c *capabilityPage) Run() string { return c.On("run", append(c.given(), "--non-interactive")...) }

// Rehearsal is Run with made-up answers.
func (c *capabilityPage) Rehearsal() string {
	words := append([]string{"--mock", "--state", "none"}, c.given()...)
	for _, s := range c.Externals() {
		words = append(words, "--done", c.Done(s))
	}
	return c.On("run", words...)
}

// Done is the value of --done for a step.
func (c *capabilityPage) Done(s document.Step) string { return s.ID + c.result(s) }

// Happened is the flag that settles a step which took effect.
func (c *capabilityPage) Happened(s document.Step) string { return "--happened" + c.result(s) }

func (c *capabilityPage) result(s document.Step) string {
	if fields := c.Reads(s.ID); len(fields) > 0 {
		return "=" + resultOf(fields)
	}
	return ""
}

// resultOf writes an object with a made-up text at each path.
func resultOf(paths []string) string {
	out := map[string]any{}
	for _, p := range paths {
		at := out
		names := strings.Split(p, ".")
		for i, name := range names {
			if i == len(names)-1 {
				if at[name] == nil {
					at[name] = mock.Example(nil, name)
				}
				break
			}
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
	}
	return jsonvalue.Compact(out)
}

// Reads lists the paths into a step's result that other steps and the outputs
// read, in the plan's order, each once.
func (c *capabilityPage) Reads(id string) []string {
	var reads []document.Read
	for _, s := range c.Plan.Steps {
		if s.ID == id {
			continue
		}
		for _, b := range s.Binds {
			reads = append(reads, b.Reads...)
		}
		reads = append(reads, s.Reads...)
	}
	for _, o := range c.Plan.Outputs {
		reads = append(reads, o.Reads...)
	}
	var paths []string
	for _, r := range reads {
		path := strings.Join(r.Path, ".")
		if r.Step == id && path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}
