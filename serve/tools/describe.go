package tools

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/serve/mcp"
)

// maxSteps bounds how many steps a description lists.
const maxSteps = 12

// describe describes a capability for a model: its purpose, when to use it, and that it may
// have to wait.
func describe(p *engine.Program) string {
	var b strings.Builder
	if d := strings.TrimSpace(p.Description()); d != "" {
		b.WriteString(ended(d) + " ")
	}
	fmt.Fprintf(&b, "Use it when asked for %q. A call starts a run that is kept and goes on by itself.", p.Title())
	var steps, people []string
	for _, s := range p.Plan().Steps {
		if s.Kind == "external" {
			people = append(people, s.ID)
			steps = append(steps, s.ID+" (somebody else)")
			continue
		}
		steps = append(steps, s.ID+" ("+effect(s)+")")
	}
	if len(steps) > maxSteps {
		steps = append(steps[:maxSteps], "...")
	}
	if len(steps) > 0 {
		fmt.Fprintf(&b, " Steps: %s.", strings.Join(steps, ", "))
	}
	if len(people) > 0 {
		fmt.Fprintf(&b, " It waits while a person or another system does %s, maybe for days: the answer is then that it is waiting, and finish_step goes on with it.", strings.Join(people, ", "))
	} else if slices.ContainsFunc(p.Plan().Steps, func(s document.Step) bool { return s.Until != "" }) {
		b.WriteString(" It may have to wait for something to come true: the answer is then that it is running, and get_run tells how it goes.")
	}
	return b.String()
}

func ended(text string) string {
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func effect(s document.Step) string {
	switch {
	case s.Until != "":
		return "polls"
	case s.Effect == "":
		return s.Kind
	}
	return s.Effect + "s"
}

// hints derives the effects of a call from those of the steps.
func hints(p *document.Plan) *mcp.Hints {
	readOnly, destructive, idempotent := true, false, true
	for _, s := range p.Steps {
		reads := s.Kind != "external" && (s.Effect == "" || s.Effect == "read")
		readOnly = readOnly && reads
		// A request that replaces or changes something is not undone either.
		destructive = destructive || s.Effect == "delete" || !reads && (s.Method == "PUT" || s.Method == "PATCH")
		// A second call is a second run: its own requests must be harmless again.
		idempotent = idempotent && (reads || s.Method == "PUT" || s.Method == "DELETE")
	}
	return &mcp.Hints{ReadOnly: &readOnly, Destructive: &destructive, Idempotent: &idempotent, OpenWorld: new(true)}
}
