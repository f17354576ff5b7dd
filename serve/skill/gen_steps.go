package skill

import (
	"strings"

	"github.com/capstan-run/capstan/engine/document"
)

// steps is the reference page of a composition: every step in full.
func (c *capabilityPage) steps() File {
	var p page
	p.para("# The steps of %s", prose(c.prog.Title(), 200))
	p.para("As `%s` has it, which is the last word.", c.on("plan"))
	for i, s := range c.plan.Steps {
		p.para("## %d. %s", i+1, code(s.ID))
		if s.Description != "" {
			p.para("%s", prose(s.Description, 1000))
		}
		if s.Kind == "external" {
			p.para("Somebody else does it.")
		} else {
			p.para("%s, %s %s. If the answer is lost: %s.", code(s.Operation), s.Method, code(s.Path), ifLost(s))
		}
		p.binds(s)
		p.conditions(s)
	}
	return reference("steps", &p)
}

func (p *page) binds(s document.Step) {
	var rows [][]string
	for _, b := range s.Binds {
		from := b.From
		if b.Expr != "" {
			from = b.Expr
		}
		rows = append(rows, []string{code(b.Param), b.In, code(from)})
	}
	p.table([]string{"value", "in", "from"}, rows)
}

func (p *page) conditions(s document.Step) {
	start := p.Len()
	for _, c := range []struct{ label, text string }{
		{"only when", s.When}, {"for each of", s.Each}, {"until", s.Until}, {"fails if", s.Fail}, {"selects", s.Select},
	} {
		if c.text != "" {
			p.line("- %s %s", c.label, code(c.text))
		}
	}
	if s.Until != "" {
		p.line("- looks every %s or less often, for %s at most", plainDuration(s.Every), plainDuration(s.Timeout))
	}
	for _, g := range s.Guards {
		p.line("- %s is always sent, and every item that comes back must match it", code(g.Param))
	}
	if s.All {
		p.line("- reads every page")
	}
	if len(s.Sensitive) > 0 {
		p.line("- sensitive: %s", codes(s.Sensitive, 20))
	}
	if len(s.Needs) > 0 {
		p.line("- needs %s", codes(s.Needs, 20))
	}
	if p.Len() > start {
		p.line("")
	}
}

// plainDuration writes "72h0m0s" as "72h".
func plainDuration(s string) string {
	if rest, ok := strings.CutSuffix(s, "m0s"); ok {
		s = rest + "m"
	}
	if rest, ok := strings.CutSuffix(s, "h0m"); ok {
		s = rest + "h"
	}
	return s
}

func ifLost(s document.Step) string {
	switch s.Policy {
	case "safe":
		return "it is sent again, which changes nothing"
	case "idempotent":
		return "it is sent again, to the same effect"
	case "keyed":
		return "it is sent again with the same idempotency key"
	case "probed":
		return "it is looked up with " + code(s.Probe)
	}
	return "the run stops, in doubt"
}
