package command

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/document"
)

// shipPlan has one of everything that a plan can show.
var shipPlan = &document.Plan{
	Capability: "berth-ship", Dialect: "composition",
	Overlays: []string{"berth-ship.overlay.yaml"},
	StoodBack: []document.StoodBack{
		{Overlay: "berth-ship.overlay.yaml", Target: "$.steps[?@.id == 'leave']", Reason: `until is the text "gone"`, File: "berth-ship.yaml", Line: 9, Column: 12},
		{Overlay: "berth-ship.overlay.yaml", Target: "$.outputs[?@.name == 'pilot']", Reason: "the file has nothing there"},
	},
	Hosts: []string{"https://fleet.example"},
	Env:   []document.Env{{Name: "FLEET_KEY", Aliases: []string{"FLEET_TOKEN"}, For: "fleet, bearer", Set: true}, {Name: "HARBOUR_KEY", For: "harbour, basic"}},
	Inputs: []document.Input{
		{Name: "imo", Type: "string", Required: true, UsedBy: []string{"get-ship"}},
		{Name: "tugs", Type: "integer", Default: 2, UsedBy: []string{"book-berth", "inspect"}},
		{Name: "notes", Type: "array of string"},
	},
	Steps: []document.Step{
		{ID: "get-ship", Kind: "operation", Description: "Look the ship up in the register,\nby its number.", Operation: "getShip", Method: "GET", Path: "/ships/{imo}", Effect: "read", Policy: "safe",
			Binds: []document.Bind{{Param: "imo", In: "path", From: "inputs.imo", Rule: "input name"}}},
		{ID: "book-berth", Kind: "operation", Operation: "bookBerth", Method: "POST", Path: "/berths", Effect: "write", Policy: "probed", Probe: "getBerthByKey", Needs: []string{"get-ship"},
			Binds: []document.Bind{
				{Param: "ship", In: "body", From: "get-ship.id", Rule: "step resource"},
				{Param: "kind", In: "body", From: `"deep"`, Rule: "step key"},
				{Param: "lines", In: "body", From: "inputs.tugs", Rule: "overlay", Expr: `map(1..inputs.tugs, {"number": #})`},
			}},
		{ID: "inspect", Kind: "external", Description: "Inspect the hull.", Needs: []string{"get-ship"},
			Binds: []document.Bind{{Param: "name", In: "with", From: "get-ship.name", Rule: "with"}}},
		{ID: "await-berth", Kind: "operation", Operation: "listBerths", Method: "GET", Path: "/berths", Effect: "read", Policy: "safe", Needs: []string{"get-ship"},
			Until: `any(data, .state == "free")`, Fail: `any(data, .state == "closed")`, Select: `find(data, .state == "free")`, Every: "5s", Timeout: "72h0m0s", All: true,
			When: "inputs.tugs > 0", Each: "inputs.notes", Sensitive: []string{"data[].code"},
			Guards: []document.Guard{{Param: "ship", Field: "ship"}, {Param: "port", Field: "port_id"}, {Param: "pilot"}},
			Binds:  []document.Bind{{Param: "ship", In: "query", From: "get-ship.id", Rule: "step resource"}}},
		{ID: "leave", Kind: "operation", Operation: "deleteBerth", Method: "DELETE", Path: "/berths/{id}", Effect: "delete", Policy: "keyed", Retry: 3, Needs: []string{"await-berth"},
			Binds: []document.Bind{{Param: "id", In: "path", From: "await-berth.match.id", Rule: "step resource"}}},
	},
	Outputs: []document.Output{
		{Name: "berth", Source: "await-berth.match.id", Type: "string"},
		{Name: "gate_code", Source: "await-berth.match.code", Type: "string", Sensitive: true},
	},
}

func TestPlanText(t *testing.T) {
	for name, width := range map[string]int{"plan.txt": 0, "plan-60.txt": 60} {
		t.Run(name, func(t *testing.T) {
			a, out, _ := newTestApp("")
			planText{app: a, plan: shipPlan, width: width}.write()
			golden(t, name, out.String())
			for _, line := range strings.Split(out.String(), "\n") {
				if n := utf8.RuneCountInString(line); width > 0 && n > width {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

// A word for which there is no room beside its label stands below it, not torn.
func TestPlanTextBelowItsLabel(t *testing.T) {
	a, out, _ := newTestApp("")
	planText{app: a, width: 40, plan: &document.Plan{
		Inputs:  []document.Input{{Name: "organization_name", Type: "string", Required: true, UsedBy: []string{"create-organization", "invite-everybody"}}},
		Steps:   []document.Step{{ID: "create-organization", Kind: "operation", Method: "POST", Path: "/organizations", Effect: "write"}},
		Outputs: []document.Output{{Name: "link", Type: "string", Source: "create-organization.portal_link", Sensitive: true}},
	}}.write()
	for _, want := range []string{
		"\n  organization_name  string, required\n    used by create-organization,\n    invite-everybody\n",
		"\n  1  create-organization  POST\n    /organizations  [writes]\n",
		"\n  link  string\n    <- create-organization.portal_link\n    [sensitive]\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the plan lacks %q:\n%s", want, out)
		}
	}
}

func TestPlanTextVerboseNamesEveryRule(t *testing.T) {
	a, out, _ := newTestApp("")
	a.flags.verbose = true
	planText{app: a, plan: shipPlan}.write()
	for _, want := range []string{"imo <- inputs.imo (input name)\n", "ship <- get-ship.id (step resource)\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
