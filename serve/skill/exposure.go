package skill

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/columns"
)

// Exposure writes the units of a namespace as one skill: a list of those that can run,
// and a page for each, as [Capability] writes it. Those that cannot are left out;
// engine.File.Refused has the reasons.
func Exposure(f *engine.File, namespace string, o Options) (*Folder, error) {
	name, err := skillName(o.Name, namespace)
	if err != nil {
		return nil, err
	}
	var a assets
	e := &exposurePage{Title: cmp.Or(f.Spec().Title.Value, namespace)}
	for _, x := range f.Spec().Exposures {
		if x.Namespace.Value == namespace {
			e.Text = cmp.Or(e.Text, x.Description.Value)
		}
	}
	var pages []File
	for _, p := range programs(f, namespace) {
		c, err := a.page(p, o)
		if err != nil {
			return nil, err
		}
		c.Part, c.Page = true, e.free(slug(p.Name()))
		page, err := reference(c.Page, "unit.md.tmpl", c)
		if err != nil {
			return nil, err
		}
		e.Pages, pages = append(e.Pages, c), append(pages, page)
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("nothing of %s can be run", namespace)
	}
	e.File, e.Values = a.file, a.values
	files, err := a.all()
	if err != nil {
		return nil, err
	}
	return folder(front{
		Name: name, Description: e.description(), License: o.License,
		Compatibility: compatibility(e.hosts()),
		Metadata:      map[string]string{"generator": generator, "capability": namespace},
		AllowedTools:  sendNothing,
	}, "exposure.md.tmpl", e, append(files, pages...))
}

// programs returns the programs of a namespace, in the file's order.
func programs(f *engine.File, namespace string) []*engine.Program {
	var out []*engine.Program
	for _, u := range f.Spec().Units {
		if p := f.Program(u); p != nil && u.Namespace.Value == namespace {
			out = append(out, p)
		}
	}
	return out
}

// exposurePage is the units of a namespace as SKILL.md lists them.
type exposurePage struct {
	Title, Text string
	File        string   // within the skill
	Values      []string // files with the values of binds, which are not in the skill
	Pages       []*capabilityPage
}

// free returns a name that no page has.
func (e *exposurePage) free(name string) string {
	for n, first := 2, name; slices.ContainsFunc(e.Pages, func(c *capabilityPage) bool { return c.Page == name }); n++ {
		name = fmt.Sprintf("%s-%d", first, n)
	}
	return name
}

// Env lists the variables of all units, each once.
func (e *exposurePage) Env() []document.Env {
	var out []document.Env
	for _, c := range e.Pages {
		for _, env := range c.Plan.Env {
			if !slices.ContainsFunc(out, func(x document.Env) bool { return x.Name == env.Name }) {
				out = append(out, env)
			}
		}
	}
	return out
}

func (e *exposurePage) hosts() []string {
	var out []string
	for _, c := range e.Pages {
		out = append(out, c.Plan.Hosts...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (e *exposurePage) description() string {
	var can []string
	for _, c := range e.Pages {
		can = append(can, strings.TrimSuffix(c.About(), "."))
	}
	what := sentence(cmp.Or(columns.OneLine(e.Text), e.Title))
	return clip(what, maxDescription/2) + " Use it for: " + strings.Join(can, "; ") + "."
}

// Polls reports whether a step of a unit waits for a condition.
func (e *exposurePage) Polls() bool { return slices.ContainsFunc(e.Pages, (*capabilityPage).Polls) }

// Listing is the command that lists the runs.
func (e *exposurePage) Listing() string { return command("capstan", "runs", "list", "--limit", "5") }

// Judging names the command that reports what is wrong with a unit.
func (e *exposurePage) Judging() string { return "the `plan` command of its page" }
