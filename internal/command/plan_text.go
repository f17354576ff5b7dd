package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/pace"
	"github.com/capstan-run/capstan/internal/words"
)

// planText writes a plan for a person: one block a step, one line a value.
type planText struct {
	app   *app
	plan  *document.Plan
	paint term.Paint
	width int // 0: no limit
}

func (a *app) planText(plan *document.Plan) planText {
	return planText{app: a, plan: plan, paint: term.Paint(a.color(a.io.OutTTY)), width: a.textWidth(a.io.OutTTY)}
}

func (t planText) write() {
	t.header()
	t.inputs()
	t.section("steps")
	for i, s := range t.plan.Steps {
		t.step(i+1, s)
	}
	t.outputs()
	end := "nothing was sent"
	if n := countOf(t.plan.Diagnostics, diag.Error); n > 0 {
		end += "; this cannot run yet: " + words.Count(n, "error", "errors")
	}
	t.app.printf("\n%s\n", end)
}

func (t planText) header() {
	p := t.plan
	t.fact("capability", p.Capability)
	t.fact("dialect", p.Dialect)
	t.fact("overlays", orNone(strings.Join(p.Overlays, ", ")))
	for _, s := range p.StoodBack {
		t.fact("stood back", stoodBackText(s))
	}
	t.fact("hosts", orNone(strings.Join(p.Hosts, ", ")))
	for _, of := range p.Pace {
		t.fact("pace", of.API+" at most "+pace.Words(of.Pace))
	}
	for _, e := range p.Env {
		t.fact("credential", envText(e))
	}
	for _, f := range p.Files {
		t.fact("reads", fileText(f))
	}
}

// stoodBackText shows an action of an overlay that left a value alone.
func stoodBackText(s document.StoodBack) string {
	text := s.Target + ": " + s.Reason
	if s.Line > 0 {
		text += " (" + diag.Pos{File: s.File, Line: s.Line, Column: s.Column}.String() + ")"
	}
	return text + "; " + s.Overlay
}

// fileText shows a file that is read, where links lead to, its role, and why it was
// chosen.
func fileText(f document.File) string {
	text := f.Path
	if f.Real != "" {
		text += " -> " + f.Real
	}
	if f.Why != "" {
		return text + " (" + f.As + ": " + f.Why + ")"
	}
	return text + " (" + f.As + ")"
}

// envText shows a credential's variable, whether it is set, and where its value
// goes; never the value.
func envText(e document.Env) string {
	set := "not set"
	if e.Set {
		set = "set"
	}
	names := strings.Join(append([]string{e.Name}, e.Aliases...), " or ")
	text := fmt.Sprintf("%s for %s (%s)", names, e.For, set)
	var where []string
	if e.Scheme != "" {
		where = append(where, "scheme "+e.Scheme)
	}
	if e.Sent != "" {
		where = append(where, e.Sent)
	}
	if len(e.Hosts) > 0 {
		where = append(where, "to "+strings.Join(e.Hosts, ", "))
	}
	if len(where) == 0 {
		return text
	}
	return text + ": " + strings.Join(where, ", ")
}

func (t planText) inputs() {
	if len(t.plan.Inputs) == 0 {
		return
	}
	t.section("inputs")
	var rows [][]string
	for _, in := range t.plan.Inputs {
		rows = append(rows, []string{"  " + in.Name, inputType(in)})
	}
	for i, label := range term.Table(rows) {
		var about []string
		if limits := t.plan.Inputs[i].Limits(); limits != "" {
			about = append(about, limits)
		}
		if by := t.plan.Inputs[i].UsedBy; len(by) > 0 {
			about = append(about, "used by "+strings.Join(by, ", "))
		}
		t.row(label, strings.Join(about, "; "))
	}
}

func inputType(in document.Input) string {
	switch {
	case in.Default != nil:
		return in.Type + ", default " + term.Value(in.Default)
	case in.Required:
		return in.Type + ", required"
	}
	return in.Type + ", optional"
}

func (t planText) step(number int, s document.Step) {
	t.app.printf("%s\n", columns.Fold(fmt.Sprintf("%3d  %s  %s", number, t.paint.Bold(s.ID), t.action(s)), t.width))
	for _, l := range columns.Wrap(term.OneLine(s.Description), t.room(len(stepIndent))) {
		if l != "" {
			t.app.printf("%s%s\n", stepIndent, t.paint.Dim(l))
		}
	}
	t.detail("operation", strings.TrimPrefix(s.API+"."+s.Operation, "."))
	for _, b := range s.Binds {
		t.bind(b)
	}
	for _, m := range s.Missing {
		t.detail(m.In, m.Param+" <- "+missingText(m))
	}
	t.conditions(s)
	t.problems(s)
	if number < len(t.plan.Steps) {
		t.app.printf("\n")
	}
}

// missingText describes a value that has no source.
func missingText(m document.Missing) string {
	if len(m.Could) > 0 {
		return "missing: could be " + strings.Join(m.Could, " or ")
	}
	return "missing: " + m.Type + ", required"
}

// problems prints the errors of a step, but for those of the values that are missing,
// which are shown in their place.
func (t planText) problems(s document.Step) {
	for _, d := range s.Problems {
		if len(s.Missing) > 0 && (d.Code == "missing-parameter" || d.Code == "ambiguous-binding") {
			continue
		}
		t.detail("error", d.Message+" ["+d.Code+"]")
	}
}

const stepIndent = "     "

// detail prints one fact about a step, if there is one.
func (t planText) detail(label, text string) {
	if text != "" {
		t.row(stepIndent+term.Pad(label, len("operation")), text)
	}
}

// row prints a label and its text. On a terminal a long text goes on below
// itself: no value that is sent is cut out of the picture. A word for which there is no
// room beside the label puts the text below it.
func (t planText) row(label, text string) {
	blank := term.Pad("", columns.Of(label)+2)
	text = term.OneLine(text)
	if t.width > 0 && term.Column(strings.Fields(text), func(word string) string { return word }) > t.width-len(blank)-2 {
		indent := columns.Hanging(label)
		t.app.printf("%s\n", strings.TrimRight(columns.Fold(term.Printable(label), t.width), " "))
		for _, part := range columns.Wrap(text, t.width-len(indent)) {
			t.app.printf("%s%s\n", indent, part)
		}
		return
	}
	for i, part := range columns.Wrap(text, t.room(len(blank))) {
		if i > 0 {
			t.app.printf("%s  %s\n", blank, part)
			continue
		}
		t.app.printf("%s\n", strings.TrimRight(term.Printable(label)+"  "+part, " "))
	}
}

// room returns the columns left of the width after used ones and the two that
// a continued line is set in, 0 for no limit.
func (t planText) room(used int) int {
	if t.width == 0 {
		return 0
	}
	return max(t.width-used-2, 20)
}

// action describes the step's effect, writes clearly marked.
func (t planText) action(s document.Step) string {
	if s.Kind == "external" {
		return t.paint.Yellow("external: somebody else does it")
	}
	if s.Kind == "operation" && s.Method == "" {
		return t.paint.Red("unknown operation")
	}
	action := s.Method + " " + s.Path
	switch s.Effect {
	case "":
		return t.paint.Dim(ownAction(s))
	case "write":
		return action + "  " + t.paint.Yellow("[writes]")
	case "delete":
		return action + "  " + t.paint.Red("[deletes]")
	}
	return action + "  " + t.paint.Dim("[reads]")
}

// ownAction describes a step that calls no API.
func ownAction(s document.Step) string {
	switch {
	case s.Lookup != nil:
		text := "lookup in " + s.Lookup.Index + " by " + s.Lookup.Match
		if len(s.Lookup.Fields) > 0 {
			text += ", takes " + strings.Join(s.Lookup.Fields, ", ")
		}
		return text
	case s.Kind == "script":
		return "script: computes, and reaches nothing else"
	case s.Kind == "mock":
		return "mock: answers with what the file says"
	}
	return s.Kind
}

func (t planText) bind(b document.Bind) {
	text := b.Param + " <- " + b.From
	if t.app.flags.verbose || slices.Contains([]string{"overlay", "with", "step key", "schema"}, b.Rule) {
		text += " (" + b.Rule + ")"
	}
	if len(b.Also) > 0 {
		text += " (also in " + strings.Join(b.Also, " and ") + ")"
	}
	t.detail(b.In, text)
	if b.Expr != "" && b.Expr != b.From {
		t.detail("", "= "+b.Expr)
	}
}

// conditions prints the other decisions about a step.
func (t planText) conditions(s document.Step) {
	t.detail("when", s.When)
	t.detail("for each", s.Each)
	if s.All {
		t.detail("pages", "all of them")
	}
	for _, g := range s.Guards {
		t.detail("filter", guardText(g))
	}
	t.detail("until", s.Until)
	t.detail("fails if", s.Fail)
	if s.Every != "" {
		t.detail("looks", "every "+tidyDuration(s.Every)+" or less often, for "+tidyDuration(s.Timeout)+" at most")
	}
	t.detail("selects", s.Select)
	t.detail("sensitive", strings.Join(s.Sensitive, ", "))
	t.detail("needs", strings.Join(s.Needs, ", "))
	t.detail("if lost", lostText(s))
	if s.RequestTimeout != "" {
		t.detail("answer", "within "+tidyDuration(s.RequestTimeout))
	}
	if s.Retry > 0 {
		t.detail("attempts", fmt.Sprintf("at most %d", s.Retry))
	}
}

// tidyDuration writes "72h0m0s" as "72h".
func tidyDuration(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func guardText(g document.Guard) string {
	if g.Field == "" {
		return g.Param + " is mandatory"
	}
	if g.Field == g.Param {
		return g.Param + " is mandatory and checked"
	}
	return g.Param + " is mandatory and checked against " + g.Field
}

// countsAsLost names the answers that prove nothing about a write.
const countsAsLost = "302, 303, 408, 425 and a gateway's 5xx count as lost"

// lostText describes the consequence when a request was sent and its answer was lost, or
// may be a gateway's.
func lostText(s document.Step) string {
	switch s.Policy {
	case "safe":
		return "sent again; it changes nothing"
	case "idempotent":
		text := "sent again; " + s.Method + " has the same effect once or twice"
		if s.Effect == "delete" {
			text += ", and 404 means done then"
		}
		return text
	case "keyed":
		return "sent again under the same idempotency key"
	case "probed":
		return "looked up with " + s.Probe + ", then goes on; " + countsAsLost
	case "unsafe":
		return "the run stops, in doubt; nothing is sent twice; " + countsAsLost
	}
	return ""
}

func (t planText) outputs() {
	if len(t.plan.Outputs) == 0 {
		return
	}
	t.section("outputs")
	var rows [][]string
	for _, o := range t.plan.Outputs {
		rows = append(rows, []string{"  " + o.Name, o.Type})
	}
	for i, label := range term.Table(rows) {
		o := t.plan.Outputs[i]
		source := "<- " + o.Source
		if o.Sensitive {
			source += " [sensitive]"
		}
		t.row(label, source)
	}
}

func (t planText) section(title string) { t.app.printf("\n%s\n", t.paint.Bold(title)) }

func (t planText) fact(label, value string) { t.row(term.Pad(label, len("capability")), value) }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
