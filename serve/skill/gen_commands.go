package skill

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
)

// flags returns the flags that every command on the file takes.
func (c *capabilityPage) flags() []string {
	if c.noOverlay {
		return []string{"--no-overlay"}
	}
	return nil
}

// on is a command on the capability's file.
func (c *capabilityPage) on(verb string, more ...string) string {
	words := append([]string{"capstan", verb, c.file}, c.flags()...)
	return command(append(words, more...)...)
}

// given are the inputs of an example run: the required ones.
func (c *capabilityPage) given() []string {
	var words []string
	for _, in := range c.plan.Inputs {
		if in.Required {
			words = append(words, "-i", c.exampleInput(in))
		}
	}
	return words
}

func (c *capabilityPage) running() {
	externals := c.externals()
	c.para("## Run")
	c.para("Check the file and read what a run would do; nothing is sent:")
	c.shell(c.on("validate"), c.on("plan"))
	c.para("Rehearse without credentials; every answer is made from the API's document, and nothing leaves the machine:")
	rehearsal := append([]string{"--mock", "--state", "none"}, c.given()...)
	for _, s := range externals {
		rehearsal = append(rehearsal, "--done", c.done(s))
	}
	c.shell(c.on("run", rehearsal...))
	c.para("Do it, with the values that were asked for in place of these:")
	c.shell(c.on("run", append(c.given(), "--non-interactive")...))
	text := "The outputs are on stdout, progress and problems on stderr; the last lines on stderr of a run that stopped say why, and\n" +
		"which command goes on with it. `-o json` gives one document instead, with `run`, `status`, `outputs`, `steps`, `waiting`\nand `error`."
	if c.sensitive() {
		text += " It has sensitive values in clear: leave it off unless you need one."
	}
	c.para("%s", text)
}

func (c *capabilityPage) goingOn() {
	c.para("## Follow and go on")
	c.para("A run has an id (`run_...`); in these commands it stands in `RUN`. Where it is not known, the list has it, newest first:")
	c.shell(command("capstan", "runs", "list", "--capability", c.prog.Name(), "--limit", "5"), `capstan runs show "$RUN"`)
	c.para("Go on with a run that waits, was interrupted or failed; what is done is not done again, and inputs are not given again:")
	c.shell(`capstan resume "$RUN" --non-interactive`)
	if c.polls() {
		c.para("A step that waits for something looks again and again, for days if need be. A wait of more than a minute ends the\n" +
			"command with exit code 5 and keeps the run: resume it later, once it is due (`runs show` says when). `--wait` on `run` and\n`resume` stays instead; `capstan resume --all` takes up whatever is due.")
	}
	c.para("End a run for good; what it did stays done:")
	c.shell(`capstan runs cancel "$RUN"`)
}

func (c *capabilityPage) polls() bool {
	return slices.ContainsFunc(c.plan.Steps, func(s document.Step) bool { return s.Until != "" })
}

func (c *capabilityPage) externals() []document.Step {
	var out []document.Step
	for _, s := range c.plan.Steps {
		if s.Kind == "external" {
			out = append(out, s)
		}
	}
	return out
}

// external tells how to finish what somebody else does.
func (c *capabilityPage) external() {
	steps := c.externals()
	if len(steps) == 0 {
		return
	}
	c.para("## What somebody else does")
	c.para("The run stops there with exit code 5 and says what is to be done, with which values (sensitive ones only with\n`--show-sensitive`). Do it yourself only if you were asked to and have the means; else ask. Say that it is done only\nwhen it is.")
	for _, s := range steps {
		c.para("### %s", code(s.ID))
		if s.Description != "" {
			c.para("%s", prose(s.Description, 1000))
		}
		if len(s.Binds) > 0 {
			var names []string
			for _, b := range s.Binds {
				names = append(names, b.Param)
			}
			c.para("It is told: %s.", codes(names, 20))
		}
		c.para("Once it is done%s:", c.wants(s))
		c.shell(`capstan resume "$RUN" --non-interactive --done ` + quote(c.done(s)))
	}
}

// wants tells which result of an external step others read.
func (c *capabilityPage) wants(s document.Step) string {
	if fields := c.readsOf(s.ID); len(fields) > 0 {
		return ", with its result, of which " + codes(fields, 10) + " is read"
	}
	return ""
}

// done is the value of --done for a step.
func (c *capabilityPage) done(s document.Step) string {
	if fields := c.readsOf(s.ID); len(fields) > 0 {
		return s.ID + "=" + resultOf(fields)
	}
	return s.ID
}

// inDoubt tells how to settle a write whose answer was lost.
func (c *capabilityPage) inDoubt() {
	var unsafe []document.Step
	for _, s := range c.plan.Steps {
		if s.Policy == "unsafe" || s.Policy == "probed" {
			unsafe = append(unsafe, s)
		}
	}
	if len(unsafe) == 0 {
		return
	}
	c.para("## When it is not known whether a write happened")
	c.para("A request was sent and its answer lost, or may be a gateway's (408, 425, 5xx): the run is `in_doubt`, exit code 5. It is never sent again unasked. Look at the\nAPI first, or ask; then say what is so, and resume. A wrong answer here makes a thing twice, or never.")
	for _, s := range unsafe {
		c.para("%s, %s %s%s:", code(s.ID), s.Method, code(s.Path), looksUp(s))
		happened := "--happened"
		if fields := c.readsOf(s.ID); len(fields) > 0 {
			happened += "=" + resultOf(fields)
		}
		c.shell(
			`capstan runs resolve "$RUN" `+quote(s.ID)+" "+quote(happened),
			`capstan runs resolve "$RUN" `+quote(s.ID)+" --did-not-happen",
		)
	}
	c.para("`--happened` takes the answer that was lost, as far as later steps read it.")
}

func looksUp(s document.Step) string {
	if s.Probe == "" {
		return ""
	}
	return " (looked up with " + code(s.Probe) + "; in doubt only when that says nothing)"
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
					at[name] = exampleText("_" + name)
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
	return compactJSON(out)
}

// readsOf lists the paths into a step's result that other steps and the outputs
// read, in the plan's order, each once.
func (c *capabilityPage) readsOf(id string) []string {
	read := regexp.MustCompile(`(?:^|[^\w.-])(?:` + regexp.QuoteMeta(id) + `|steps\[` + regexp.QuoteMeta(fmt.Sprintf("%q", id)) + `\])((?:\.\w+)+)`)
	var found []string
	look := func(exprs ...string) {
		for _, e := range exprs {
			for _, m := range read.FindAllStringSubmatch(e, -1) {
				path := strings.TrimPrefix(m[1], ".")
				if !slices.Contains(found, path) {
					found = append(found, path)
				}
			}
		}
	}
	for _, s := range c.plan.Steps {
		if s.ID == id {
			continue
		}
		for _, b := range s.Binds {
			look(b.From, b.Expr)
		}
		look(s.When, s.Each, s.Until, s.Fail, s.Select)
	}
	for _, o := range c.plan.Outputs {
		look(o.Source)
	}
	return found
}

func (c *capabilityPage) exits() {
	c.para("## Exit codes")
	c.table([]string{"code", "means", "do"}, [][]string{
		{"0", "done", "report the outputs"},
		{"1", "the run failed", "read the error; `capstan resume \"$RUN\"` tries again from the step that failed, once the cause is gone"},
		{"2", "wrong usage", "mend the command line; nothing was sent"},
		{"3", "the capability is invalid", "run the `validate` command above and report what it says; nothing was sent"},
		{"4", "wrong inputs, or a credential is missing", "ask for what is missing or wrong; nothing was sent"},
		{"5", "waiting: for somebody, for time, or for a word on a lost answer", "see above; do not start a second run"},
		{"6", "timed out", "what was waited for did not come true; `capstan resume \"$RUN\"` looks again"},
		{"130", "interrupted", "`capstan resume \"$RUN\"` goes on"},
	})
}
