package skills_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/skills"
)

func TestCheck(t *testing.T) {
	dir := folder(t, map[string]string{"guide.md": "g", ".hidden": "h"})
	for _, c := range []struct {
		name, old, new string // a change of the capability
		want           string // "" is nothing
		missing        bool
	}{
		{"nothing is wrong", "", "", "", false},
		{"a path may begin with ./", "instruction: guide.md", "instruction: ./guide.md", "", false},
		{"an exposure that is not served", "sourceNamespace: order-rest", "sourceNamespace: order-mcp",
			`capability.yaml:33:37: tool "list-orders" of skill "orders" is "list-orders" of "order-mcp", which is not served`, false},
		{"an action that is not served", "action: list-orders", "action: list-order",
			`capability.yaml:33:37: tool "list-orders" of skill "orders" is "list-order" of "order-rest", which is not served`, false},
		{"an instruction that is not there", "instruction: guide.md", "instruction: guides.md",
			`capability.yaml:36:26: the instruction of tool "how-to" is no file in the folder of skill "orders": guides.md`, true},
		{"an instruction beside the folder", "instruction: guide.md", "instruction: ../guide.md",
			`capability.yaml:36:26: the instruction of tool "how-to" is no file in the folder of skill "orders": ../guide.md`, true},
		{"a hidden instruction", "instruction: guide.md", "instruction: .hidden",
			`capability.yaml:36:26: the instruction of tool "how-to" is no file in the folder of skill "orders": .hidden`, true},
		{"a folder that is not there", "file://@DIR@", "file://@DIR@/nothing",
			`capability.yaml:24:19: the location of skill "orders" is no folder that can be read: file://@DIR@/nothing`, true},
		{"a file as the folder", "file://@DIR@", "file://@DIR@/guide.md",
			`capability.yaml:24:19: the location of skill "orders" is no folder that can be read: file://@DIR@/guide.md`, true},
		{"a folder of another machine", "file://@DIR@", "file://elsewhere/x",
			`capability.yaml:24:19: the location of skill "orders" is none: "file://elsewhere/x" names a host; write file:///FOLDER`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(orders, c.old) {
				t.Fatalf("the capability does not hold %q", c.old)
			}
			x, o := exposure(t, strings.Replace(orders, c.old, c.new, 1), dir)
			var got []string
			missing := false
			for _, err := range skills.Check(x, o) {
				got = append(got, strings.ReplaceAll(err.Error(), dir, "@DIR@"))
				missing = errors.Is(err, fs.ErrNotExist)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" || missing != c.missing {
				t.Errorf("missing: %t\n%s", missing, diff)
			}
		})
	}
}

func TestFoldersAreOpenedByTheirLocation(t *testing.T) {
	dir := folder(t, map[string]string{"guide.md": "g"})
	x, o := exposure(t, orders, "/app/skill")
	o.Open = func(from, location string) (*os.Root, error) {
		if from != "capability.yaml" || location != "file:///app/skill" {
			t.Errorf("asked for %s of %s", location, from)
		}
		return os.OpenRoot(dir)
	}
	if faults := skills.Check(x, o); len(faults) > 0 {
		t.Error(faults)
	}
	if w := ask(skills.New(x, o), "GET", "/skills/orders/contents/guide.md"); w.Body.String() != "g" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
