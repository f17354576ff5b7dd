package skill

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// group is the operations of one reference page.
type group struct {
	title, file string
	ops         []*operations.Operation
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
		for _, op := range g.ops {
			put(&parts, tagOf(op), op)
		}
		if len(g.ops) > longPage && len(parts) > 1 {
			out = append(out, parts...)
		} else {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b group) int { return strings.Compare(strings.ToLower(a.title), strings.ToLower(b.title)) })
	used := map[string]bool{"index": true}
	for i := range out {
		base := slug(out[i].title)
		if base == "" {
			base = "other"
		}
		out[i].file = base
		for n := 2; used[out[i].file]; n++ {
			out[i].file = fmt.Sprintf("%s-%d", base, n)
		}
		used[out[i].file] = true
	}
	return out
}

func put(groups *[]group, title string, op *operations.Operation) {
	for i := range *groups {
		if (*groups)[i].title == title {
			(*groups)[i].ops = append((*groups)[i].ops, op)
			return
		}
	}
	*groups = append(*groups, group{title: title, ops: []*operations.Operation{op}})
}

// tagOf is the resource that an operation is filed under: its first tag, else
// the first fixed part of its path.
func tagOf(op *operations.Operation) string {
	if len(op.Tags) > 0 && oneLine(op.Tags[0]) != "" {
		return oneLine(op.Tags[0])
	}
	for _, part := range strings.Split(op.Path, "/") {
		if part != "" && !strings.Contains(part, "{") {
			return part
		}
	}
	return "other"
}

// about is a taste of what a group does.
func (g group) about() string {
	var out []string
	for _, op := range g.ops {
		if s := oneLine(op.Summary); s != "" && !op.Deprecated {
			out = append(out, strings.TrimSuffix(s, "."))
		}
		if len(out) == 4 {
			break
		}
	}
	return strings.Join(out, "; ")
}

// groupPage is the reference page of a group.
func (p *apiPage) groupPage(g group) File {
	var page page
	page.para("# %s: %s", prose(p.title, 200), prose(g.title, 100))
	page.para("%s. Values in the examples are made up. `../SKILL.md` says how to call.", count(len(g.ops), "operation"))
	for _, op := range g.ops {
		page.operation(op)
		page.filters(op, p.things)
	}
	return reference(g.file, &page)
}
