package plan

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// The names that clients of models refuse are noted where they stand; an input that
// the file does not declare, at its tool. Nothing else is.
func TestNamesThatAreServedUnderOthers(t *testing.T) {
	long := strings.Repeat("x", 65)
	src := port(`
- name: list.ships
  description: d
  inputParameters: [{name: owner, type: string, description: o}, {name: 'page.size', type: string, description: s}]
  call: port.list-ships
- name: list_ships
  description: d
  call: port.list-ships
- name: ` + long + `
  description: d
  call: port.list-ships
`)
	var got []string
	for _, name := range []string{"desk.list.ships", "desk.list_ships", "desk." + long} {
		_, problems := built(t, src, name, spec.Options{})
		for _, d := range problems {
			if d.Code == "mcp-name" {
				got = append(got, d.String())
			}
			if d.Severity == diag.Error {
				t.Error(d)
			}
		}
	}
	want := []string{
		`c.yaml:12:13: info: tool "list.ships" is served over MCP as "list_ships_2" [mcp-name]; clients take names of at most 64 letters, digits, "_" and "-"`,
		`c.yaml:14:78: info: input "page.size" is served over MCP as "page_size" [mcp-name]; clients take names of at most 64 letters, digits, "_" and "-"`,
		`c.yaml:19:13: info: tool "` + long + `" is served over MCP as "` + long[:64] + `" [mcp-name]; clients take names of at most 64 letters, digits, "_" and "-"`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}
