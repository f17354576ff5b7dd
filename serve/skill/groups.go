package skill

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/operations"
)

// group is the operations of one reference page.
type group struct {
	Title, File string
	Ops         []*operations.Operation
	API         *apiPage
}

// longPage is how many operations a page of several resources may hold.
const longPage = 24

// groupsOf sorts operations into pages by their first tag: those of
// "users.keys" with those of "users", unless the page would get long.
func groupsOf(ops []*operations.Operation) []group {
	var roots []group
	for _, op := range ops {
		root, _, _ := strings.Cut(tagOf(op), ".")
		if slug(root) == "" {
			root = tagOf(op)
		}
		put(&roots, root, op)
	}
	var out []group
	for _, g := range roots {
		var parts []group
		for _, op := range g.Ops {
			put(&parts, tagOf(op), op)
		}
		if len(g.Ops) > longPage && len(parts) > 1 {
			out = append(out, parts...)
		} else {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b group) int { return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	used := map[string]bool{"index": true}
	for i := range out {
		base := slug(out[i].Title)
		if base == "" {
			base = "other"
		}
		out[i].File = base
		for n := 2; used[out[i].File]; n++ {
			out[i].File = fmt.Sprintf("%s-%d", base, n)
		}
		used[out[i].File] = true
	}
	return out
}

func put(groups *[]group, title string, op *operations.Operation) {
	for i := range *groups {
		if (*groups)[i].Title == title {
			(*groups)[i].Ops = append((*groups)[i].Ops, op)
			return
		}
	}
	*groups = append(*groups, group{Title: title, Ops: []*operations.Operation{op}})
}

// tagOf is the resource that an operation is filed under: its first tag, else
// the first fixed part of its path.
func tagOf(op *operations.Operation) string {
	if len(op.Tags) > 0 && columns.OneLine(op.Tags[0]) != "" {
		return columns.OneLine(op.Tags[0])
	}
	for _, part := range strings.Split(op.Path, "/") {
		if part != "" && !strings.Contains(part, "{") {
			return part
		}
	}
	return "other"
}

// About is a taste of the operations of a group.
func (g group) About() string {
	var out []string
	for _, op := range g.Ops {
		if s := columns.OneLine(op.Summary); s != "" && !op.Deprecated {
			out = append(out, strings.TrimSuffix(s, "."))
		}
		if len(out) == 4 {
			break
		}
	}
	return strings.Join(out, "; ")
}

// Reads counts the operations that only read.
func (g group) Reads() int {
	n := 0
	for _, op := range g.Ops {
		if op.Effect() == operations.Read {
			n++
		}
	}
	return n
}

// Writes counts the others.
func (g group) Writes() int { return len(g.Ops) - g.Reads() }

// Filters returns the optional filters of a list without which it shows everything.
func (g group) Filters(op *operations.Operation) []string { return tenantFilters(op, g.API.things) }
