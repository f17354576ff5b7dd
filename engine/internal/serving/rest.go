package serving

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/pathtemplate"
	"github.com/capstan-run/capstan/spec"
)

// routes keeps of the operations that match the same requests the first.
func (c *checker) routes(x *spec.Exposure) {
	first := map[string]*spec.RouteOperation{}
	passed := map[string]*spec.Route{}
	var kept []*spec.Route
	for _, r := range x.Routes {
		out := *r
		out.Operations = nil
		path, ok := shape(r.Path.Value)
		for _, op := range r.Operations {
			key := op.Method.Value + " " + path
			if other := first[key]; ok && other != nil {
				c.sameRoute(x, r, op, other)
				continue
			}
			first[key] = op
			out.Operations = append(out.Operations, op)
		}
		if r.Forward != nil && ok {
			prefix := strings.TrimSuffix(path, "/{}")
			if other := passed[prefix]; other != nil {
				d := c.report(x, r.Path, diag.Error, "route-taken", fmt.Sprintf("requests below %s are passed on to %q already", r.Path.Value, other.Forward.Target.Value), "give one of the two another path")
				c.lose(name(x)+" "+r.Path.Value, "route", d)
				out.Forward = nil
			} else {
				passed[prefix] = r
			}
		}
		kept = append(kept, &out)
	}
	x.Routes = kept
}

func (c *checker) sameRoute(x *spec.Exposure, r *spec.Route, op, other *spec.RouteOperation) {
	at := op.Method
	if !at.Pos.IsValid() {
		at = spec.Str{Pos: op.Unit.Pos}
	}
	d := c.report(x, at, diag.Error, "route-taken",
		fmt.Sprintf("%s %s is the operation %q already: %q cannot be served", op.Method.Value, r.Path.Value, other.Unit.Short.Value, op.Unit.Short.Value),
		fmt.Sprintf("give %q another path or method; capstan run takes it by its name", op.Unit.Short.Value))
	c.Problems[len(c.Problems)-1].Related = []diag.Related{{Pos: other.Unit.Pos, Message: "the first one"}}
	c.lose(op.Unit.Name, "route", d)
}

// shape is a path without the names of its variables: two of one shape match the same
// requests. A path that is no template has none, and was reported.
func shape(path string) (string, bool) {
	var b strings.Builder
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		t, err := pathtemplate.Parse(segment, "")
		if err != nil {
			return "", false
		}
		b.WriteString("/" + strings.Join(t.Texts, "{}"))
	}
	return b.String(), true
}
