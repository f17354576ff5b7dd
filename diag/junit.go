package diag

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
)

// junitSink writes a report of tests as JUnit's Ant task did: a suite for each file,
// with a case for each unit, and one for the file itself where it has no unit, or
// problems that are not those of one unit alone.
type junitSink struct{ stream }

func newJUnit(w io.Writer, _ SinkOptions) Sink {
	return &junitSink{newStream(w, xmlHeader+"<testsuites name=\"capstan validate\">\n")}
}

func (j *junitSink) Add(o *Outcome) {
	j.begin()
	cases := junitCases(o)
	failures, skipped := 0, 0
	for _, c := range cases {
		switch {
		case c.errors != nil:
			failures++
		case c.skipped:
			skipped++
		}
	}
	fmt.Fprintf(j.w, "  <testsuite name=%s tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\">\n", attribute(o.File), len(cases), failures, skipped)
	for _, c := range cases {
		j.one(o, c)
	}
	j.text("  </testsuite>\n")
	j.flush()
}

func (j *junitSink) Close() error { return j.end("</testsuites>\n") }

// junitCase is a unit, or the file itself. One that does not run for the file's reasons
// is skipped.
type junitCase struct {
	name          string
	errors, notes List
	skipped       bool
}

// junitCases sorts the problems of a file into its units.
func junitCases(o *Outcome) []junitCase {
	file := junitCase{name: o.File}
	cases := make([]junitCase, len(o.Units))
	for i, u := range o.Units {
		cases[i] = junitCase{name: u.Name}
	}
	owners := o.owners()
	for _, d := range o.Problems {
		c := &file
		if i, owned := owners[identityOf(d)]; owned && i != shared {
			c = &cases[i]
		}
		if d.Severity == Error {
			c.errors = append(c.errors, d)
		} else {
			c.notes = append(c.notes, d)
		}
	}
	for i, u := range o.Units {
		cases[i].skipped = !u.Runnable && cases[i].errors == nil
	}
	if o.Invalid && !o.Problems.HasErrors() {
		file.errors.Add(Diagnostic{Code: "invalid", Pos: Start(o.File), Message: "the file is invalid for a reason that is reported of an earlier one"})
	}
	if len(cases) == 0 || file.errors != nil || file.notes != nil {
		cases = slices.Insert(cases, 0, file)
	}
	return cases
}

// identity is what two reports of one problem have in common.
type identity struct {
	pos           Pos
	code, message string
}

func identityOf(d Diagnostic) identity { return identity{d.Pos, d.Code, d.Message} }

// shared is the owner of a problem of several units.
const shared = -1

// owners returns the index of the unit of each problem.
func (o *Outcome) owners() map[identity]int {
	owners := map[identity]int{}
	for i, u := range o.Units {
		for _, d := range u.Problems {
			if owner, ok := owners[identityOf(d)]; ok && owner != i {
				owners[identityOf(d)] = shared
			} else {
				owners[identityOf(d)] = i
			}
		}
	}
	return owners
}

func (j *junitSink) one(o *Outcome, c junitCase) {
	fmt.Fprintf(j.w, "    <testcase name=%s classname=%s", attribute(c.name), attribute(o.File))
	if c.errors == nil && c.notes == nil && !c.skipped {
		j.text("/>\n")
		return
	}
	j.text(">\n")
	if c.skipped {
		j.text("      <skipped>cannot run for a reason that is not of this part alone</skipped>\n")
	}
	if first := c.errors; first != nil {
		message := first[0].Message
		if more := len(first) - 1; more > 0 {
			message += " (and " + words.Count(more, "more error", "more errors") + ")"
		}
		fmt.Fprintf(j.w, "      <failure type=%s message=%s>%s</failure>\n", attribute(first[0].Code), attribute(message), element(frames(c.errors, o.Sources)))
	}
	if c.notes != nil {
		fmt.Fprintf(j.w, "      <system-out>%s</system-out>\n", element(frames(c.notes, o.Sources)))
	}
	j.text("    </testcase>\n")
}

func frames(l List, sources map[string][]byte) string {
	var b strings.Builder
	_ = WriteText(&b, l, sources, TextOptions{}) // a Builder takes everything
	return b.String()
}
