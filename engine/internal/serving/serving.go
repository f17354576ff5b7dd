// Package serving finds what the exposures of a file can serve and what they cannot,
// before anything is served. Start with [Check].
package serving

import (
	"cmp"
	"fmt"
	"net"
	"strconv"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/spec"
)

// Exposure is an exposure without the parts that cannot be served.
type Exposure struct {
	*spec.Exposure
	// Next is a port for an exposure that declares none and needs one, else 0: the next
	// one after the highest of the file.
	Next int
}

// Result is the exposures of a file as they can be served.
type Result struct {
	Exposures []*Exposure
	Refused   []document.Refusal // exposures and parts of them
	Problems  diag.List          // beside those that were known
}

// Check judges the exposures of a file, of which some problems are known. It notes
// the files and folders that they serve.
func Check(f *spec.File, known map[*spec.Exposure]diag.List, within *reach.Reach) *Result {
	c := &checker{Result: &Result{}, file: f, within: within, next: freePort(f)}
	for _, x := range f.Exposures {
		if first := known[x].Errors(); len(first) > 0 {
			c.lose(name(x), kind(x), first[0])
			continue
		}
		c.exposure(x)
	}
	return c.Result
}

type checker struct {
	*Result
	file   *spec.File
	within *reach.Reach
	next   int
}

// report adds a problem at a name, or at the whole of an exposure where the name has
// no place.
func (c *checker) report(x *spec.Exposure, at spec.Str, severity diag.Severity, code, message, hint string) diag.Diagnostic {
	pos, end := at.Whole()
	if !pos.IsValid() {
		pos, end = x.Pos, 0
	}
	d := diag.Diagnostic{Code: code, Severity: severity, Pos: pos, EndColumn: end, Message: message, Hint: hint}
	c.Problems.Add(d)
	return d
}

func (c *checker) lose(name, kind string, reason diag.Diagnostic) {
	c.Refused = append(c.Refused, document.Refusal{Name: name, Kind: kind, Reason: reason})
}

func name(x *spec.Exposure) string { return cmp.Or(x.Namespace.Value, x.Type.Value) }

func kind(x *spec.Exposure) string { return x.Type.Value + " exposure" }

// exposure keeps an exposure that has a place of its own, without the parts that have
// none.
func (c *checker) exposure(x *spec.Exposure) {
	out := &Exposure{Exposure: new(spec.Exposure)}
	*out.Exposure = *x
	if d, taken := c.taken(x); taken {
		c.lose(name(x), kind(x), d)
		return
	}
	if x.Port == 0 && !overStdio(x) {
		out.Next, c.next = c.next, c.next+1
		c.report(x, spec.Str{}, diag.Warning, "no-port", fmt.Sprintf("the %s %q has no port: it is served at the next free one", kind(x), name(x)),
			fmt.Sprintf("add port: %d", out.Next))
	}
	c.routes(out.Exposure)
	c.documents(out.Exposure)
	c.prompts(out.Exposure)
	c.skills(out.Exposure)
	if parts(x) == 0 || parts(out.Exposure) > 0 { // of one that lost all of them the reasons are there
		c.Exposures = append(c.Exposures, out)
	}
}

// parts counts the offers of an exposure.
func parts(x *spec.Exposure) int {
	return len(x.Tools) + len(x.Routes) + len(x.Documents) + len(x.Prompts) + len(x.Skills)
}

func overStdio(x *spec.Exposure) bool { return x.Type.Value == "mcp" && x.Transport == "stdio" }

// freePort returns the port after the highest of a file; of one without ports that
// after the one where compositions are served.
func freePort(f *spec.File) int {
	highest := 0
	for _, x := range f.Exposures {
		highest = max(highest, x.Port)
	}
	return cmp.Or(highest, 8080) + 1
}

// taken reports an exposure that stands where an earlier one is served.
func (c *checker) taken(x *spec.Exposure) (diag.Diagnostic, bool) {
	for _, other := range c.Exposures {
		what, hint := "", ""
		switch {
		case x.Type.Value == "control" && other.Type.Value == "control":
			what, hint = "a file has one control exposure, and this is another", "put what both turn on into one"
		case overStdio(x) && overStdio(other.Exposure):
			what, hint = "stdio is taken by "+strconv.Quote(name(other.Exposure)), "write transport: http and a port"
		case !overStdio(x) && !overStdio(other.Exposure) && x.Port > 0 && loopback.Meet(place(x), place(other.Exposure)):
			what, hint = fmt.Sprintf("%s is taken by %q", place(x), name(other.Exposure)), "give one of the two another port"
		default:
			continue
		}
		d := c.report(x, x.Namespace, diag.Error, "address-taken", fmt.Sprintf("the %s %q cannot be served: %s", kind(x), name(x), what), hint)
		last := &c.Problems[len(c.Problems)-1]
		last.Related = []diag.Related{{Pos: other.Pos, Message: "the first one"}}
		return d, true
	}
	return diag.Diagnostic{}, false
}

// place is where an exposure listens: on loopback where it names no host.
func place(x *spec.Exposure) string {
	return net.JoinHostPort(cmp.Or(x.Address.Value, "127.0.0.1"), strconv.Itoa(x.Port))
}
